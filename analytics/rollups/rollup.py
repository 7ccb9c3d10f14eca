"""Converts records to rows and roll-ups, and stores both in one transaction."""

import time
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, select

from analytics.log import bulk
from analytics.rollups.grains import FULL, GRAINS, PAGES, RPC_ERROR, Grain, Kind, Shapes
from analytics.rollups.histogram import added, bucket_of
from analytics.store import state

MINUTE, QUARTER, HOUR, DAY = 1, 15, 60, 1440        # the levels, by their width in minutes
LEVELS = (MINUTE, QUARTER, HOUR, DAY)
KEEP_MINUTES = 7                                    # days
KEEP_QUARTERS = 400                                 # days, quarter-hours and hours alike
MINUTE_US = 60_000_000
METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "RPC"))

# A cell: count, timed, throttled, sum_us, max_us, request_bytes, response_bytes, latency buckets.
# Plain lists, because the drainer spends most of its time here.
Cell = list[Any]
Cells = dict[tuple[int, int], Cell]                 # (shape, bucket) to cell
NEXT_ID = "next_request_id"
MOST_OBJECTS = 8
NOT_INHERITED: dict[str, Any] = {"objects": None, "message": None, "fields": None}   # not inherited by a call


def minute_floor(now: float) -> int:
    """The first minute (since 1970) of the minute level: seven whole days back."""
    return (int(now) // 86_400 - KEEP_MINUTES) * DAY


class Batch:
    """Rows and cells of some thousand records that are not stored yet."""

    def __init__(self, shapes: Shapes, next_id: int, now: float | None = None):
        self.shapes = shapes
        self.next_id = next_id
        self.floor = minute_floor(time.time() if now is None else now)
        self.rows: list[tuple[Any, ...]] = []
        self.objects: list[tuple[str, int, int, int, int]] = []
        self.cells: Cells = {}
        self.keys: dict[int, tuple[int, str]] = {}
        self.damaged = 0

    def add(self, record: dict[str, Any]) -> None:
        """Add one record of the spool; an invalid one is counted as damaged, not stored."""
        try:
            number = self._request(record)
            for call in record.get("children") or ():
                self._call(record, call, number)
        except (KeyError, TypeError, ValueError, OverflowError):
            self.damaged += 1

    def _request(self, record: dict[str, Any]) -> int:
        page = record.get("source") == PAGES or record["contract"] == "admin"
        kind = Kind.PAGE if page else Kind.REQUEST
        number = self._row(record, record, kind, None)
        if record.get("key_id") is not None:
            at_us, key = record["at_us"], record["key_id"]
            if at_us >= self.keys.get(key, (0, ""))[0]:
                self.keys[key] = (at_us, record["ip"])
        return number

    def _call(self, record: dict[str, Any], call: dict[str, Any], parent: int) -> None:
        merged = {**record, **NOT_INHERITED, **call, "request_bytes": 0, "response_bytes": 0, "idempotent": False}
        self._row(merged, record, Kind.CALL, parent)

    def _row(self, record: dict[str, Any], whole: dict[str, Any], kind: Kind, parent: int | None) -> int:
        status = int(record["status"])
        shape = self._shape(record, kind, status)
        at_us, duration = int(record["at_us"]), record.get("duration_us")
        sent, received = int(record.get("request_bytes") or 0), int(record.get("response_bytes") or 0)
        if duration is not None:
            duration = max(0, int(duration))
        touched, texts = objects_of(record), (text_of(record, "message", 300), text_of(record, "fields", 500))
        number = self.next_id
        self.rows.append((
            number, at_us, duration, shape, sent, received, whole["ip"][:45], whole["user_agent"][:300],
            whole["request_id"][:64], whole["path"][:300], whole["query"][:500], record.get("user_id"),
            record.get("customer_id"), bool(record.get("idempotent")), parent, *texts,
        ))
        self.objects += [(noun, key, at_us, number, place) for place, (noun, key) in enumerate(touched)]
        self.next_id += 1
        self.count((shape, at_us // MINUTE_US), status, duration, sent, received)
        return number

    def _shape(self, record: dict[str, Any], kind: Kind, status: int) -> int:
        """The shape of a record, cached by its raw values, which saves most of the work."""
        get = record.get
        error = get("error_code")
        raw = (
            kind, get("source"), get("mode"), get("merchant_id"), get("key_id"), get("contract"), get("operation"),
            get("method"), get("endpoint"), status, error)
        shape = self.shapes.met.get(raw)
        if shape is None:
            shape = self.shapes.id_of(FULL.number, dims_of(record, kind, status, error))
            self.shapes.met[raw] = shape
        return shape

    def count(self, key: tuple[int, int], status: int, duration: int | None, sent: int, received: int) -> None:
        """Count one request into the cell of its shape and minute."""
        cell = self.cells.get(key)
        if cell is None:
            cell = self.cells[key] = [0, 0, 0, 0, 0, 0, 0, []]
        cell[0] += 1
        cell[5] += sent
        cell[6] += received
        if status == 429:
            cell[2] += 1
        if duration is not None:
            cell[1] += 1
            cell[3] += duration
            cell[4] = max(cell[4], duration)
            cell[7].append(bucket_of(duration))


def objects_of(record: dict[str, Any]) -> list[tuple[str, int]]:
    """The objects of a request, each once; none in records of earlier versions."""
    given = record.get("objects")
    return list(dict.fromkeys((str(noun)[:40], int(key)) for noun, key in given))[:MOST_OBJECTS] if given else []


def text_of(record: dict[str, Any], name: str, limit: int) -> str | None:
    """A text that only few records have."""
    found = record.get(name)
    return str(found)[:limit] if found else None


def dims_of(record: dict[str, Any], kind: Kind, status: int, error: str | None) -> tuple[Any, ...]:
    """The dimensions of a record in the order of grains.DIMS."""
    method = record["method"]
    status_class = RPC_ERROR if error is not None and status < 400 else min(5, max(1, status // 100))
    return (
        int(kind), record["source"][:80], record["mode"][:8], record.get("merchant_id"), record.get("key_id"),
        record["contract"][:16], (record.get("operation") or "")[:80], method if method in METHODS else "OTHER",
        record["endpoint"][:200], status_class, status, None if error is None else str(error)[:80],
    )


def fold(finer: Cells, width: int, shapes: Shapes | None = None, grain: Grain = FULL) -> Cells:
    """Merge cells into wider buckets (minutes), or, given shapes, into those of a coarser grain."""
    merged: Cells = {}
    for (shape, bucket), cell in finer.items():
        if shapes:
            if grain.errors_only and not shapes.is_error(shape):
                continue
            shape = shapes.coarser(shape, grain)  # noqa: PLW2901 - the finer one is done with
        key = (shape, bucket - bucket % width)
        into = merged.get(key)
        if into is None:
            merged[key] = [*cell[:7], cell[7].copy()]
            continue
        into[0] += cell[0]
        into[1] += cell[1]
        into[2] += cell[2]
        into[3] += cell[3]
        into[4] = max(into[4], cell[4])
        into[5] += cell[5]
        into[6] += cell[6]
        into[7].extend(cell[7])
    return merged


class Layer(NamedTuple):
    """The cells of one grain at one level."""

    grain: Grain
    level: int
    cells: Cells


def layers(minutes: Cells, shapes: Shapes, floor: int) -> list[Layer]:
    """Everything that a batch of minute cells of the finest grain adds to the roll-ups."""
    by_grain = {FULL.number: minutes}
    found = []
    for grain in GRAINS:
        if grain.parent is not None:
            by_grain[grain.number] = fold(by_grain[grain.parent], MINUTE, shapes, grain)
        finer = by_grain[grain.number]
        recent = finer if all(bucket >= floor for _, bucket in finer) else {
            key: cell for key, cell in finer.items() if key[1] >= floor}
        found.append(Layer(grain, MINUTE, recent))
        for level in LEVELS[1:]:
            finer = fold(finer, level)
            found.append(Layer(grain, level, finer))
    return found


def store_cells(connection: Connection, minutes: Cells, shapes: Shapes, floor: int) -> None:
    """Add minute cells of the finest grain to the roll-ups of every grain and level."""
    counts: list[tuple[int, ...]] = []
    timed: dict[tuple[int, int, int], list[int]] = {}
    for grain, level, found in layers(minutes, shapes, floor):
        counts.extend((shape, level, bucket, *cell[:7]) for (shape, bucket), cell in found.items())
        if grain.timed:
            timed.update(((shape, level, bucket), cell[7]) for (shape, bucket), cell in found.items() if cell[7])
    bulk.add_shapes(connection, shapes.fresh)
    shapes.fresh.clear()
    bulk.add_cells(connection, counts)
    known = bulk.existing_histograms(connection, list(timed))
    bulk.put_histograms(
        connection, [(*key, added(known.get(key), buckets)) for key, buckets in timed.items()])


def store(connection: Connection, batch: Batch) -> None:
    """Write a batch: rows, shapes, roll-ups, last uses. The caller commits."""
    store_cells(connection, batch.cells, batch.shapes, batch.floor)
    bulk.add_requests(connection, batch.rows)
    bulk.add_objects(connection, batch.objects)
    bulk.put_keys(connection, [(key, *use) for key, use in batch.keys.items()])
    bulk.put_state(connection, NEXT_ID, batch.next_id)


_known: dict[str, Shapes] = {}


def begin(connection: Connection, engine: Engine, now: float | None = None) -> Batch:
    """An empty batch with the database's ids and shapes, under the writer lock."""
    bulk.lock_writers(connection)
    shapes = _known.setdefault(str(engine.url), Shapes())
    if shapes.fresh:                                # left by a transaction that failed
        shapes = _known[str(engine.url)] = Shapes()
    shapes.refresh(connection)
    following = connection.scalar(select(state.c.value).where(state.c.name == NEXT_ID)) or 1
    return Batch(shapes, following, now)


def forget(engine: Engine) -> None:
    """Remove the shapes that a failed transaction added from the cache."""
    _known.pop(str(engine.url), None)
