"""Filters the request log by a question and by tenant.

`owned` is the only tenant filter: every query reads requests and roll-ups through the shapes that it
selects.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, false, or_

from analytics.rollups.grains import ALWAYS, FIRST_ERROR, FULL, PAGES, Grain, Kind
from analytics.store import shapes


@dataclass(frozen=True, slots=True)
class Scope:
    """The merchants whose requests are read; None for all requests, with those of no merchant."""

    merchant_ids: frozenset[int] | None

    def narrowed(self, merchant_id: int) -> "Scope":
        """The scope of one merchant, if it is within this one."""
        if self.merchant_ids is None or merchant_id in self.merchant_ids:
            return Scope(frozenset((merchant_id,)))
        return Scope(frozenset())


EVERYTHING = Scope(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """A question. The fields after `mode` concern single requests: roll-ups do not keep them.

    A request id is searched without a period. `touched` is a noun and an id.
    """

    scope: Scope
    start: datetime
    end: datetime
    key_id: int | None = None
    contract: str | None = None
    endpoint: str | None = None
    method: str | None = None
    status_class: int | None = None     # 1 to 5; 6 = RPC errors answered with 2xx
    status: int | None = None
    error_code: str | None = None
    failed: bool = False                # every class that counts as an error
    source: str | None = None
    mode: str | None = None
    ip: str | None = None
    request_id: str | None = None
    search: str | None = None
    user_id: int | None = None
    customer_id: int | None = None
    touched: tuple[str, int] | None = None

    @property
    def imported(self) -> bool:
        """Whether it asks for one imported log alone."""
        return bool(self.source and self.source.startswith("import:"))

    @property
    def single(self) -> bool:
        """Whether it needs the requests themselves, because no roll-up has the data."""
        return bool(self.search or self.by_own_index)

    @property
    def by_own_index(self) -> bool:
        """Whether it filters by a rare value that has an index of its own."""
        return bool(self.ip or self.request_id or self.user_id or self.customer_id or self.touched)

    def within(self, start: datetime, end: datetime) -> "Filter":
        return replace(self, start=start, end=end)


EXACT = ("key_id", "contract", "endpoint", "method", "status_class", "status", "error_code")


def needed(question: Filter, *grouped: str) -> frozenset[str]:
    """The dimensions that a roll-up needs to answer it."""
    names = {name for name in EXACT if getattr(question, name) is not None}
    if question.scope.merchant_ids is not None:
        names.add("merchant_id")
    if question.failed:
        names.add("status_class")
    return frozenset({*names, *grouped} - set(ALWAYS))


def only_errors(question: Filter) -> bool:
    """Whether only failures match."""
    return question.failed or (question.status_class or 0) >= FIRST_ERROR or (question.status or 0) >= 400


def owned(scope: Scope) -> list[ColumnElement[bool]]:
    """The shapes of the merchants of a scope: the only tenant filter of the request log."""
    if scope.merchant_ids is None:
        return []
    return [shapes.c.merchant_id.in_(sorted(scope.merchant_ids)) if scope.merchant_ids else false()]


def conditions(question: Filter, grain: Grain = FULL, *, calls: bool = False) -> list[ColumnElement[bool]]:
    """The shapes of one grain that answer the question; `calls` adds those of JSON-RPC batches.

    Pages count only when the filter names them; calls of a batch only where results are by method or
    object, because a batch is one request.
    """
    found: list[ColumnElement[bool]] = [shapes.c.grain == grain.number, shapes.c.kind.in_(_kinds(question, calls))]
    found += owned(question.scope)
    for name in (*EXACT, "source", "mode"):
        value = getattr(question, name)
        if value is not None and (name, value) != ("source", PAGES):        # older records have another source
            found.append(shapes.c[name] == value)
    if question.failed:
        found.append(shapes.c.status_class >= FIRST_ERROR)
    return found


def _kinds(question: Filter, calls: bool) -> list[int]:
    if question.request_id is not None:
        return [int(Kind.REQUEST), int(Kind.PAGE)]
    if question.source == PAGES or question.contract == "admin":
        return [int(Kind.PAGE)]
    if calls or question.endpoint is not None or question.customer_id or question.touched:
        return [int(Kind.REQUEST), int(Kind.CALL)]
    return [int(Kind.REQUEST)]


def mentions(words: str) -> ColumnElement[bool]:
    """Shapes whose endpoint, operation or error contains the words, literally."""
    columns: list[Any] = [shapes.c.endpoint, shapes.c.operation, shapes.c.error_code]
    return or_(*(column.icontains(words, autoescape=True) for column in columns))
