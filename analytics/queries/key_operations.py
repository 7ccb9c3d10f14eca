"""Finds which operations keys used, from the roll-ups alone."""

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import select

from analytics.queries.reading import fetched
from analytics.rollups.grains import FULL, Kind
from analytics.rollups.periods import minute_of
from analytics.rollups.rollup import DAY
from analytics.store import cells, shapes

REFUSED_ENTRY = (401, 403)


def operations(key_ids: Iterable[int], days: int = 30, now: datetime | None = None) -> dict[int, set[str]]:
    """The operations that keys called in the last UTC days, today included, and were let in to.

    It asks of each shape whether it has any call in that time: the cost does not grow with the log.
    """
    wanted = list(key_ids)
    today = minute_of(now or datetime.now(UTC)) // DAY
    was_called = select(cells.c.count).where(
        cells.c.shape_id == shapes.c.id, cells.c.level == DAY, cells.c.bucket > (today - days) * DAY,
        cells.c.bucket <= today * DAY).exists()
    statement = select(shapes.c.key_id, shapes.c.operation).distinct().where(
        shapes.c.grain == FULL.number, shapes.c.kind.in_((int(Kind.REQUEST), int(Kind.CALL))),
        shapes.c.key_id.in_(wanted), shapes.c.status.not_in(REFUSED_ENTRY), was_called)
    found: dict[int, set[str]] = {key: set() for key in wanted}
    for key, operation in fetched(statement) if wanted else ():
        found[key].add(operation or "")
    return found
