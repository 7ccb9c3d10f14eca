"""Counts API calls for billing, from roll-ups, together with a digest by which the count can be proved later.

A period is covered by the fewest cells of the finest grain: UTC days, hours and quarter-hours at its ends. The digest
is the SHA-256 of one line for each cell, sorted: first minute, width in minutes, digest of its shape, count.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import ColumnElement, select

from analytics.log import drain
from analytics.queries.filters import Scope, owned
from analytics.queries.reading import fetched
from analytics.rollups.grains import FULL, Kind
from analytics.rollups.periods import Span, micros, minute_of, moment_of, spans
from analytics.rollups.rollup import DAY, HOUR, KEEP_QUARTERS, MINUTE_US, QUARTER
from analytics.store import cells, shapes

WIDTHS = (DAY, HOUR, QUARTER)
IMPORTED = "import:"
PATIENCE = 2.0                               # seconds to wait for another process that drains


class Question(Protocol):
    """Which calls of which period are counted; of lists the empty one means any, but for keys."""

    @property
    def merchant_id(self) -> int: ...
    @property
    def test(self) -> bool: ...
    @property
    def from_at(self) -> datetime: ...
    @property
    def until_at(self) -> datetime: ...
    @property
    def key_ids(self) -> Sequence[int]: ...
    @property
    def contracts(self) -> Sequence[str]: ...
    @property
    def endpoints(self) -> Sequence[str]: ...
    @property
    def methods(self) -> Sequence[str]: ...
    @property
    def status_classes(self) -> Sequence[int]: ...
    @property
    def sources(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Counted:
    """How many calls there were: in all, and of each UTC day that had any."""

    count: int
    digest: str
    days: dict[str, int]


@dataclass(frozen=True, slots=True)
class CallCounter:
    """Counts what the request log has, of which a part may still be in the spools."""

    spool: Path

    def is_complete(self) -> bool:
        """Whether every request that was answered until now can be counted; waits for it a moment."""
        return drain.catch_up(self.spool, PATIENCE)

    def count(self, question: Question) -> Counted | None:
        """The calls of a period; None where its ends are no longer kept as fine as they are."""
        return count(question)


def count(question: Question, now: float | None = None) -> Counted | None:
    """The calls of a period whose ends are at a quarter of an hour."""
    if micros(question.from_at) % (QUARTER * MINUTE_US) or micros(question.until_at) % (QUARTER * MINUTE_US):
        raise ValueError("a period that is counted begins and ends at a quarter of an hour")
    covering = spans(minute_of(question.from_at), minute_of(question.until_at), WIDTHS)
    if not is_kept(question, covering, time.time() if now is None else now):
        return None
    return _added([row for span in covering for row in _cells(question, span)])


def is_kept(question: Question, covering: Sequence[Span], now: float) -> bool:
    """Whether the log still has all these cells: those finer than a day are kept 400 days, imported ones for ever."""
    if question.sources and all(one.startswith(IMPORTED) for one in question.sources):
        return True
    floor = (int(now) // 86_400 - KEEP_QUARTERS) * DAY
    return all(width == DAY or first >= floor for width, first, _ in covering)


def _cells(question: Question, span: Span) -> list[Any]:
    width, first, last = span
    statement = (
        select(cells.c.bucket, cells.c.level, shapes.c.digest, cells.c.count)
        .select_from(shapes).join(cells, cells.c.shape_id == shapes.c.id)
        .where(*_conditions(question), cells.c.level == width, cells.c.bucket >= first, cells.c.bucket < last)
    )
    return list(fetched(statement))


def _conditions(question: Question) -> list[ColumnElement[bool]]:
    """The shapes of the calls: a call within a batch counts as one, as it does where the log shows endpoints."""
    found = [
        shapes.c.grain == FULL.number, shapes.c.kind.in_((int(Kind.REQUEST), int(Kind.CALL))),
        *owned(Scope(frozenset((question.merchant_id,)))),
        shapes.c.mode == ("test" if question.test else "live"), shapes.c.key_id.in_(question.key_ids),
    ]
    lists = {
        "contract": question.contracts, "endpoint": question.endpoints, "method": question.methods,
        "status_class": question.status_classes, "source": question.sources,
    }
    return found + [shapes.c[name].in_(values) for name, values in lists.items() if values]


def _added(rows: list[Any]) -> Counted:
    days: dict[str, int] = {}
    lines = []
    for bucket, level, digest, number in rows:
        day = moment_of(bucket).date().isoformat()
        days[day] = days.get(day, 0) + int(number)
        lines.append((int(bucket), int(level), str(digest), int(number)))
    text = "".join("{} {} {} {}\n".format(*line) for line in sorted(lines))
    return Counted(sum(days.values()), hashlib.sha256(text.encode()).hexdigest(), dict(sorted(days.items())))
