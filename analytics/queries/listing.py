"""Reads single requests: pages, newest first, and one with all its details.

Paging is by (time, id), so page 1,000 costs as much as page 1. The question decides the index: an
address or a request id has its own; few shapes are read one by one along theirs and merged; a
question that most requests match scans back in time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, TextClause, bindparam, func, select, text, tuple_

from analytics.queries.filters import Filter, Scope, conditions, mentions, owned
from analytics.queries.queries import count
from analytics.queries.reading import connected
from analytics.rollups.grains import DIMS
from analytics.rollups.periods import EPOCH, micros
from analytics.store import objects, shapes
from analytics.store import requests as table
from database import ip_addresses

Object = tuple[str, int]        # noun and id
FEW_SHAPES = 400                # up to which each is read along its own index
EXPORT_PAGE = 1000
CLOSE = tuple(timedelta(seconds=seconds) for seconds in (600, 60, 10, 1, 0.1, 0.01))      # the longest first


@dataclass(frozen=True, slots=True)
class Row:
    """One request, or one call of a JSON-RPC batch."""

    id: int
    at: datetime
    duration_us: int | None
    request_bytes: int
    response_bytes: int
    ip: str
    user_agent: str
    request_id: str
    path: str
    query: str
    user_id: int | None
    customer_id: int | None
    idempotent: bool
    parent_id: int | None
    message: str | None             # the message of a refusal
    fields: str | None              # the names of the wrong fields
    kind: int
    source: str
    mode: str
    merchant_id: int | None
    key_id: int | None
    contract: str
    operation: str
    method: str
    endpoint: str
    status_class: int
    status: int
    error_code: str | None
    objects: tuple[Object, ...] = ()        # the rows that it named or created

    @property
    def failed(self) -> bool:
        return self.status >= 400 or self.error_code is not None


@dataclass(frozen=True, slots=True)
class Page:
    """Some requests; `following` is the cursor of the next page. The total is None where it would cost a scan."""

    rows: list[Row]
    following: str | None
    total: int | None


@dataclass(frozen=True, slots=True)
class Source:
    """An address that calls came from: how many of them, and when the last one."""

    ip: str
    calls: int
    last_at: datetime


PLAIN = (
    "id", "duration_us", "request_bytes", "response_bytes", "ip", "user_agent", "request_id", "path", "query",
    "user_id", "customer_id", "idempotent", "parent_id", "message", "fields",
)
COLUMNS = (table.c.at_us, *(table.c[name] for name in PLAIN), *(shapes.c[name] for name in DIMS))
JOINED = select(*COLUMNS).select_from(table).join(shapes, shapes.c.id == table.c.shape_id)


def _rows(connection: Connection, statement: Select[Any]) -> list[Row]:
    """Requests with their objects."""
    found = connection.execute(statement).all()
    numbers = [values[1] for values in found]
    touched: dict[int, list[Object]] = {}
    wanted = select(objects.c.id, objects.c.noun, objects.c.object_id).where(objects.c.id.in_(numbers))
    for number, noun, key in connection.execute(wanted.order_by(objects.c.place)) if numbers else ():
        touched.setdefault(number, []).append((noun, key))
    return [_row(values, tuple(touched.get(values[1], ()))) for values in found]


def _row(values: Any, touched: tuple[Object, ...]) -> Row:
    at_us, number, *rest = values
    columns: tuple[Any, ...] = (number, EPOCH + timedelta(microseconds=at_us), *rest, touched)
    return Row(*columns)


def requests(question: Filter, cursor: str | None = None, limit: int = 50) -> Page:
    """One page, newest first. Raises ValueError for an invalid cursor."""
    before = _parsed(cursor) if cursor else None
    with connected() as connection:
        found = _keys(connection, question, before, limit + 1)
        rows = _rows(connection, JOINED.where(
            table.c.id.in_([number for _, number in found[:limit]])).order_by(table.c.at_us.desc(), table.c.id.desc()))
    following = f"{found[limit - 1][0]}-{found[limit - 1][1]}" if len(found) > limit else None
    total = None if question.single else count(question)
    return Page(rows, following, total)


def addresses(question: Filter, most: int) -> tuple[list[Source], int]:
    """From which addresses the newest calls came, the most frequent first; and how many calls were looked at."""
    with connected() as connection:
        numbers = [number for _, number in _keys(connection, question, None, most)]
        count = func.count().label("calls")
        statement = select(table.c.ip, count, func.max(table.c.at_us)).where(table.c.id.in_(numbers)).group_by(
            table.c.ip).order_by(count.desc(), table.c.ip)
        rows = connection.execute(statement).all() if numbers else ()
    return [Source(ip, int(calls), EPOCH + timedelta(microseconds=at_us)) for ip, calls, at_us in rows], len(numbers)


def count_up_to(question: Filter, most: int) -> int:
    """The number of requests, but not more than `most`, for questions that no roll-up answers."""
    with connected() as connection:
        return len(_keys(connection, question, None, most))


def centred(question: Filter, row: Row, newer: int) -> str | None:
    """The cursor of the page that has some newer requests above this row; None where that is the first page."""
    for within in CLOSE:
        end = row.at + within
        if end >= question.end:
            continue
        found = requests(question.within(row.at, end), None, newer + 2).rows
        if len(found) <= newer + 1:
            return f"{micros(end)}-0"
    first = requests(question.within(row.at, question.end), None, newer + 2)
    return f"{micros(row.at)}-{row.id + 1}" if first.following else None


def _parsed(cursor: str) -> tuple[int, int]:
    at_us, _, number = cursor.partition("-")
    if not (at_us.isdigit() and number.isdigit() and len(cursor) < 40):
        raise ValueError("not a cursor")
    return int(at_us), int(number)


def _keys(
    connection: Connection, question: Filter, before: tuple[int, int] | None, limit: int,
) -> list[tuple[int, int]]:
    """Time and id of the requests on a page."""
    where = conditions(question)
    if question.search and not (question.ip or question.request_id):
        question, where = _searched(connection, question, where)
    if question.by_own_index:
        return _by_own_index(connection, question, where, before, limit)
    numbers = connection.scalars(select(shapes.c.id).where(*where).limit(FEW_SHAPES + 1)).all()
    if not numbers:
        return []
    bounds = {
        "start": micros(question.start), "end": micros(question.end),
        "at": before[0] if before else 1 << 62, "id": before[1] if before else 0, "limit": limit}
    statement = _merged_shapes(numbers) if len(numbers) <= FEW_SHAPES else _walk(where)
    return [(row[0], row[1]) for row in connection.execute(statement, bounds)]


def _searched(connection: Connection, question: Filter, where: list[Any]) -> tuple[Filter, list[Any]]:
    """The clauses of free text: an address, else a request id that exists, else part of an endpoint or error."""
    words = (question.search or "").strip()
    address = ip_addresses.parsed(words)
    if address is not None:
        return replace(question, ip=str(address)), where
    known = connection.scalar(select(func.count()).select_from(table).where(table.c.request_id == words))
    if known:
        question = replace(question, request_id=words)
        return question, conditions(question)
    return question, [*where, mentions(words)]


def _by_own_index(
    connection: Connection, question: Filter, where: list[Any], before: tuple[int, int] | None, limit: int,
) -> list[tuple[int, int]]:
    at_us, number = (objects.c.at_us, objects.c.id) if question.touched else (table.c.at_us, table.c.id)
    statement = select(at_us, number).select_from(table).join(shapes, shapes.c.id == table.c.shape_id).where(*where)
    if question.touched:
        noun, key = question.touched
        statement = statement.join(objects, objects.c.id == table.c.id).where(
            objects.c.noun == noun, objects.c.object_id == key)
    for name in ("ip", "request_id", "user_id", "customer_id"):
        if (value := getattr(question, name)) is not None:
            statement = statement.where(table.c[name] == value)
    if question.request_id is None:
        statement = statement.where(at_us >= micros(question.start), at_us < micros(question.end))
    if before:
        statement = statement.where(tuple_(at_us, number) < before)
    ordered = statement.order_by(at_us.desc(), number.desc()).limit(limit)
    return [(row[0], row[1]) for row in connection.execute(ordered)]


OLDER = "at_us >= :start AND at_us < :end AND at_us <= :at AND (at_us < :at OR id < :id)"
NEWEST = "ORDER BY at_us DESC, id DESC LIMIT :limit"


def _merged_shapes(numbers: Sequence[int]) -> TextClause:
    """The newest of each shape, along the index, merged. SQL as text: compiling 400 selects costs 30 ms."""
    one = "SELECT * FROM (SELECT at_us, id FROM requests WHERE shape_id = {0} AND " + OLDER + f" {NEWEST}) AS s{{0}}"
    parts = " UNION ALL ".join(one.format(int(number)) for number in numbers)
    return text(f"SELECT at_us, id FROM ({parts}) AS s {NEWEST}")


def _walk(where: list[Any]) -> Select[Any]:
    """Scan back in time for matching requests."""
    # "+ 0" keeps the planner from the index of shapes, with which it would fetch all rows and sort them.
    fits = (table.c.shape_id + 0).in_(select(shapes.c.id).where(*where))
    return select(table.c.at_us, table.c.id).where(text(OLDER), fits).order_by(
        table.c.at_us.desc(), table.c.id.desc()).limit(bindparam("limit"))


def request(scope: Scope, number: int) -> Row | None:
    """One request; None when there is none within the scope."""
    with connected() as connection:
        found = _rows(connection, JOINED.where(table.c.id == number, *owned(scope)))
    return found[0] if found else None


def children(scope: Scope, number: int) -> list[Row]:
    """The calls of a JSON-RPC batch, in their order."""
    if request(scope, number) is None:
        return []
    with connected() as connection:
        statement = JOINED.where(table.c.parent_id == number).order_by(table.c.id)
        return _rows(connection, statement)


def stream(question: Filter, limit: int | None = None) -> Iterator[Row]:
    """All requests of a question, newest first, a page at a time: for exports."""
    cursor, left = None, limit
    while True:
        page = requests(replace(question), cursor, EXPORT_PAGE if left is None else min(EXPORT_PAGE, left))
        yield from page.rows
        if left is not None:
            left -= len(page.rows)
        cursor = page.following
        if cursor is None or left == 0:
            return
