"""Deletes old requests and roll-ups, and recounts roll-ups.

Requests are deleted after the time that the operator sets, imported ones only on request; their figures
stay. Deletion ends at a midnight in UTC, so that a recount knows which days are still complete.
"""

import time
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, Select, bindparam, delete, false, func, or_, select

from analytics.log import bulk
from analytics.rollups import rollup
from analytics.rollups.grains import DIMS
from analytics.rollups.periods import micros
from analytics.rollups.rollup import DAY, HOUR, KEEP_QUARTERS, MINUTE, MINUTE_US, QUARTER, minute_floor
from analytics.store import cells, histograms, objects, requests, shapes, state
from database import db, transaction

DAY_US = DAY * MINUTE_US
STATUS = DIMS.index("status")
CHUNK = 20_000                      # rows deleted in one transaction
IMPORTED = shapes.c.source.startswith("import:", autoescape=True)
FLOORS = {False: "live_from_us", True: "imported_from_us"}      # requests before it are deleted


def prune(before: datetime, *, imported: bool = False) -> int:
    """Delete requests of the days (UTC) before a moment; imported ones only if asked. Returns how many."""
    cut = micros(before) // DAY_US * DAY_US
    with transaction("log") as session:
        for name in (FLOORS.values() if imported else [FLOORS[False]]):
            known = session.scalar(select(state.c.value).where(state.c.name == name)) or 0
            bulk.put_state(session.connection(), name, max(cut, known))
    doomed = select(requests.c.id).join(shapes, shapes.c.id == requests.c.shape_id).where(requests.c.at_us < cut)
    if not imported:
        doomed = doomed.where(~IMPORTED)
    gone = 0
    while True:
        with transaction("log") as session:
            numbers = list(session.scalars(doomed.limit(CHUNK)))
            for table in (objects, requests):
                session.connection().execute(delete(table).where(table.c.id.in_(numbers)))
        gone += len(numbers)
        if len(numbers) < CHUNK:
            return gone


def prune_rollups(now: float | None = None) -> None:
    """Delete minutes after 7 days, and quarter-hours and hours (but for imported logs) after 400."""
    now = time.time() if now is None else now
    old = (int(now) // 86_400 - KEEP_QUARTERS) * DAY
    live = select(shapes.c.id).where(~IMPORTED)
    cuts = (
        (MINUTE, minute_floor(now), select(shapes.c.id)), (QUARTER, old, live), (HOUR, old, live))
    for level, cut, which in cuts:
        for table in (cells, histograms):
            with transaction("log") as session:
                session.execute(delete(table).where(
                    table.c.shape_id.in_(which), table.c.level == level, table.c.bucket < cut))


def rebuild(progress: Callable[[int, int], None] | None = None) -> int:
    """Recount the roll-ups of every day whose requests are kept. Returns how many were counted.

    Each day is one transaction: readers see the old figures or the new ones, never a mixture.
    """
    days, counted = _days(), 0
    for at, day in enumerate(days, 1):
        counted += _recount(day)
        if progress:
            progress(at, len(days))
    return counted


def _days() -> list[int]:
    """The days (first minute) with figures or requests."""
    with db.engines["log"].connect() as connection:
        known = set(connection.scalars(select(cells.c.bucket).where(cells.c.level == DAY).distinct()))
        # Step from day to day by the index: an installation with an old import has decades of empty days.
        following = select(func.min(requests.c.at_us)).where(requests.c.at_us >= bindparam("from_us"))
        found = connection.scalar(select(func.min(requests.c.at_us)))
        while found is not None:
            known.add(found // DAY_US * DAY)
            found = connection.scalar(following, {"from_us": (found // DAY_US + 1) * DAY_US})
    return sorted(known)


def _recount(day: int) -> int:
    engine = db.engines["log"]
    try:
        with transaction("log") as session:
            connection = session.connection()
            batch = rollup.begin(connection, engine)
            which = _complete(connection, day)
            for table in (cells, histograms):
                session.execute(delete(table).where(
                    table.c.shape_id.in_(which), table.c.bucket >= day, table.c.bucket < day + DAY))
            count = _count_day(connection, batch, which, day)
            rollup.store_cells(connection, batch.cells, batch.shapes, batch.floor)
    except BaseException:
        rollup.forget(engine)
        raise
    return count


def _complete(connection: Connection, day: int) -> Select[tuple[int]]:
    """The shapes whose requests of that day have not been deleted."""
    known = select(state.c.name, state.c.value).where(state.c.name.in_(FLOORS.values()))
    floors = dict(connection.execute(known).all())
    kept = [
        IMPORTED if imported else ~IMPORTED
        for imported, name in FLOORS.items() if day * MINUTE_US >= floors.get(name, 0)]
    return select(shapes.c.id).where(or_(false(), *kept))


def _count_day(connection: Connection, batch: rollup.Batch, which: Select[tuple[int]], day: int) -> int:
    """Count the requests of a day into the batch's cells."""
    columns = (requests.c[name] for name in ("at_us", "duration_us", "shape_id", "request_bytes", "response_bytes"))
    statement = select(*columns).where(
        requests.c.at_us >= day * MINUTE_US, requests.c.at_us < (day + DAY) * MINUTE_US,
        requests.c.shape_id.in_(which))
    count = 0
    for at_us, duration, shape, sent, received in connection.execution_options(yield_per=CHUNK).execute(statement):
        status = batch.shapes.dims[shape][STATUS]
        batch.count((shape, at_us // MINUTE_US), status, duration, sent, received)
        count += 1
    return count
