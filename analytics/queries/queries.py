"""Queries figures about requests from roll-ups, at a cost that does not grow with the log.

Times in the results are microseconds (`_us`), sizes bytes. A Filter's period is covered by whole
cells, so it must have the edges of a Window.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, Subquery, case, desc, func, select, union_all

from analytics.queries.figures import EndpointUse, ErrorType, KeyUse, Latency, Point, Totals
from analytics.queries.filters import Filter, Scope, conditions, needed, only_errors, owned
from analytics.queries.reading import fetched
from analytics.rollups.grains import FIRST_ERROR, KEY, MERCHANT_PULSE, PAGES, PULSE, RPC_ERROR, Grain, Kind, coarsest
from analytics.rollups.histogram import Merger
from analytics.rollups.periods import EPOCH, Window, finest, micros, minute_of, moment_of, spans
from analytics.rollups.rollup import DAY
from analytics.store import cells, histograms, keys, shapes

PERCENTILES = (0.5, 0.95, 0.99)
LONG = 14 * DAY                     # minutes, from which the trend of an endpoint is shown by day
NO_ENDPOINTS = ("(unmatched)", "(other)")       # of unknown paths, and of the many names in an imported log
MEASURES = ("count", "timed", "throttled", "sum_us", "request_bytes", "response_bytes")


def _grain(question: Filter, *grouped: str, timed: bool = False) -> Grain:
    return coarsest(needed(question, *grouped), timed=timed, errors_only=only_errors(question))


def _edges(question: Filter) -> tuple[int, int]:
    """The period of a question in minutes, widened to the cells that there are."""
    start, end = minute_of(question.start), -(-micros(question.end) // 60_000_000)
    level = finest(start, imported=question.imported)
    return start // level * level, max(start // level + 1, -(-end // level)) * level


def _covering(
    table: Any, columns: Iterable[Any], question: Filter, grain: Grain, calls: bool, *, level: int | None = None,
) -> Subquery:
    """The cells of a question's shapes over its whole period: days in the middle and less at the edges, or all
    of one level."""
    columns, parts = list(columns), []
    edges = _edges(question)
    for width, first, last in spans(*edges) if level is None else [(level, *edges)]:
        part = select(*columns).select_from(shapes).join(table, table.c.shape_id == shapes.c.id)
        parts.append(part.where(
            *conditions(question, grain, calls=calls),
            table.c.level == width, table.c.bucket >= first, table.c.bucket < last))
    return union_all(*parts).subquery()


def _sum(column: Any) -> Any:
    return func.coalesce(func.sum(column), 0)


def _errors(status_class: Any, count: Any) -> Any:
    return _sum(case((status_class >= FIRST_ERROR, count), else_=0))


def totals(question: Filter) -> Totals:
    """The key figures of a period."""
    columns = [shapes.c.status_class, cells.c.max_us, *(cells.c[name] for name in MEASURES)]
    found = _covering(cells, columns, question, _grain(question, "status_class"), False)
    statement = select(
        found.c.status_class, func.max(found.c.max_us), *(_sum(found.c[name]) for name in MEASURES)
    ).group_by(found.c.status_class)
    rows = fetched(statement)
    by_class = {row[0]: int(row[2]) for row in rows}
    count, timed, throttled, sum_us, sent, received = (sum(int(row[at]) for row in rows) for at in range(2, 8))
    longest = max((row[1] for row in rows), default=0)
    p50, p95, p99 = _merged(question).quantiles(PERCENTILES, longest)
    return Totals(
        count, sum(each for name, each in by_class.items() if name >= FIRST_ERROR), by_class.get(3, 0),
        by_class.get(4, 0), by_class.get(5, 0), by_class.get(RPC_ERROR, 0), throttled, sent, received,
        sum_us / timed if timed else None, longest if timed else None, p50, p95, p99)


def count(question: Filter) -> int:
    """The number of requests."""
    found = _covering(cells, [cells.c.count], question, _grain(question), False)
    return int(fetched(select(_sum(found.c.count)))[0][0])


def _merged(question: Filter) -> Merger:
    merger = Merger()
    for (packed,) in fetched(select(
            _covering(histograms, [histograms.c.counts], question, _grain(question, timed=True), False))):
        merger.add(packed)
    return merger


def _in_window(table: Any, columns: Iterable[Any], question: Filter, window: Window, grain: Grain) -> Select[Any]:
    return select(*columns).select_from(shapes).join(table, table.c.shape_id == shapes.c.id).where(
        *conditions(question, grain), table.c.level == window.level,
        table.c.bucket >= window.edges[0], table.c.bucket < window.edges[-1])


def series(question: Filter, window: Window) -> tuple[Point, ...]:
    """Requests over time by status class; empty buckets are included, with zeros."""
    grain = _grain(question, "status_class")
    columns = [
        cells.c.bucket, shapes.c.status_class, _sum(cells.c.count), _sum(cells.c.throttled),
        _sum(cells.c.response_bytes)]
    statement = _in_window(cells, columns, question, window, grain).group_by(cells.c.bucket, shapes.c.status_class)
    buckets = window.buckets()
    classes: list[dict[int, int]] = [{} for _ in buckets]
    throttled, received = [0] * len(buckets), [0] * len(buckets)
    for bucket, status_class, count, refused, size in fetched(statement):
        at = window.index(bucket)
        classes[at][status_class] = classes[at].get(status_class, 0) + int(count)
        throttled[at] += int(refused)
        received[at] += int(size)
    return tuple(
        Point(*edges, counts, refused, size)
        for edges, counts, refused, size in zip(buckets, classes, throttled, received, strict=True))


def latency(question: Filter, window: Window) -> tuple[Latency, ...]:
    """Percentiles of the duration over time."""
    columns = [histograms.c.bucket, histograms.c.counts]
    mergers: dict[int, Merger] = {}
    for bucket, packed in fetched(
            _in_window(histograms, columns, question, window, _grain(question, timed=True))):
        mergers.setdefault(window.index(bucket), Merger()).add(packed)
    slowest: dict[int, int] = {}
    grain = _grain(question, timed=True)
    for bucket, longest in fetched(_in_window(cells, [cells.c.bucket, cells.c.max_us], question, window, grain)):
        at = window.index(bucket)
        slowest[at] = max(slowest.get(at, 0), longest)
    nothing = Merger()
    return tuple(
        Latency(start, end, *mergers.get(at, nothing).quantiles(PERCENTILES, slowest.get(at, 0)))
        for at, (start, end) in enumerate(window.buckets()))


def top_endpoints(question: Filter, window: Window, limit: int = 8, order: str = "requests") -> list[EndpointUse]:
    """The endpoints with the most requests (or errors), calls within batches counted by their method.

    Paths that are not endpoints are left out, unless the question is about them.
    """
    names = ("contract", "method", "endpoint")
    found = _endpoint_cells(question, names)
    group = [found.c[name] for name in names]
    count, errors = _sum(found.c.count).label("requests"), _errors(found.c.status_class, found.c.count).label("errors")
    ranked: list[Any] = [desc("errors"), desc("requests")] if order == "errors" else [desc("requests"), desc("errors")]
    statement = select(*group, count, errors, func.max(found.c.max_us)).group_by(*group)
    if question.endpoint is None:
        statement = statement.where(found.c.endpoint.not_in(NO_ENDPOINTS))
    rows = fetched(statement.order_by(*ranked, *group).limit(limit))
    wanted = [row[2] for row in rows]
    if not rows:
        return []
    window = window.by_day() if window.edges[-1] - window.edges[0] >= LONG else window
    slowness, trends = _slowness(question, wanted), _trends(question, window, wanted)
    nothing = Merger()
    return [
        EndpointUse(
            contract, method, endpoint, int(requests), int(failed),
            slowness.get((contract, method, endpoint), nothing).quantiles((0.95,), longest)[0],
            tuple(trends.get((contract, method, endpoint), [0] * (len(window.edges) - 1))))
        for contract, method, endpoint, requests, failed, longest in rows]


def _endpoint_cells(question: Filter, names: tuple[str, ...]) -> Subquery:
    columns = [*(shapes.c[name] for name in names), shapes.c.status_class, cells.c.count, cells.c.max_us]
    return _covering(cells, columns, question, _grain(question, *names, "status_class"), True)


def unknown_paths(question: Filter) -> tuple[int, int]:
    """The requests of paths that are not endpoints, such as scans, and how many of them failed."""
    found = _endpoint_cells(question, ("endpoint",))
    count, errors = _sum(found.c.count), _errors(found.c.status_class, found.c.count)
    row = fetched(select(count, errors).where(found.c.endpoint.in_(NO_ENDPOINTS)))[0]
    return int(row[0]), int(row[1])


def _slowness(question: Filter, endpoints: list[str]) -> dict[tuple[str, ...], Merger]:
    """The histograms of some endpoints."""
    grain = _grain(question, "contract", "method", "endpoint", timed=True)
    columns = [shapes.c.contract, shapes.c.method, shapes.c.endpoint, histograms.c.counts]
    found = _covering(histograms, columns, question, grain, True)
    merged: dict[tuple[str, ...], Merger] = {}
    for *name, packed in fetched(select(found).where(found.c.endpoint.in_(endpoints))):
        merged.setdefault(tuple(name), Merger()).add(packed)
    return merged


def _trends(question: Filter, window: Window, endpoints: list[str]) -> dict[tuple[str, ...], list[int]]:
    """Requests over time of some endpoints, in the buckets of the window."""
    grain = _grain(question, "contract", "method", "endpoint")
    columns = [shapes.c.contract, shapes.c.method, shapes.c.endpoint, cells.c.bucket, cells.c.count]
    # By day the widest cells suffice; a finer window needs all its cells of one width.
    level = None if window.step >= DAY and window.zone == "UTC" else window.level
    found = _covering(cells, columns, question, grain, True, level=level)
    group = [found.c[name] for name in ("contract", "method", "endpoint", "bucket")]
    lines: dict[tuple[str, ...], list[int]] = {}
    for *name, bucket, count in fetched(
            select(*group, _sum(found.c.count)).where(found.c.endpoint.in_(endpoints)).group_by(*group)):
        line = lines.setdefault(tuple(name), [0] * (len(window.edges) - 1))
        line[window.index(bucket)] += int(count)
    return lines


def errors_by_type(question: Filter, limit: int = 10) -> list[ErrorType]:
    """Failures by status and error code, the most frequent first."""
    failures = replace(question, failed=True)
    columns = [shapes.c.status, shapes.c.error_code, cells.c.count]
    found = _covering(cells, columns, failures, _grain(failures, "status", "error_code"), False)
    statement = select(found.c.status, found.c.error_code, _sum(found.c.count).label("requests")).group_by(
        found.c.status, found.c.error_code).order_by(desc("requests"), found.c.status).limit(limit)
    return [ErrorType(status, code, int(count)) for status, code, count in fetched(statement)]


def by_key(question: Filter, limit: int = 10) -> list[KeyUse]:
    """Requests and errors by key, the most used first."""
    columns = [shapes.c.key_id, shapes.c.merchant_id, shapes.c.status_class, cells.c.count]
    found = _covering(cells, columns, question, _grain(question, "merchant_id", "key_id", "status_class"), False)
    count, errors = _sum(found.c.count).label("requests"), _errors(found.c.status_class, found.c.count)
    statement = select(found.c.key_id, found.c.merchant_id, count, errors).group_by(
        found.c.key_id, found.c.merchant_id).order_by(desc("requests"), found.c.key_id).limit(limit)
    rows = fetched(statement)
    used = last_use([row[0] for row in rows if row[0] is not None])
    return [KeyUse(row[0], row[1], int(row[2]), int(row[3]), used.get(row[0], (None,))[0]) for row in rows]


def last_use(key_ids: Iterable[int]) -> dict[int, tuple[datetime, str]]:
    """When and from which address keys were last used; keys never used are missing."""
    wanted = list(key_ids)
    return {
        key: (EPOCH + timedelta(microseconds=at_us), ip)
        for key, at_us, ip in fetched(select(keys).where(keys.c.key_id.in_(wanted)))} if wanted else {}


def usage(key_ids: Iterable[int], days: int = 7, now: datetime | None = None) -> dict[int, tuple[int, ...]]:
    """Requests of keys per UTC day, the last of them today; zeros where there were none."""
    wanted = list(key_ids)
    today = minute_of(now or datetime.now(UTC)) // DAY
    found = {key: [0] * days for key in wanted}
    statement = select(shapes.c.key_id, cells.c.bucket, _sum(cells.c.count)).select_from(shapes).join(
        cells, cells.c.shape_id == shapes.c.id).where(
        shapes.c.grain == KEY.number, shapes.c.kind == 0, shapes.c.key_id.in_(wanted), cells.c.level == DAY,
        cells.c.bucket > (today - days) * DAY, cells.c.bucket <= today * DAY,
    ).group_by(shapes.c.key_id, cells.c.bucket)
    for key, bucket, count in fetched(statement) if wanted else ():
        found[key][bucket // DAY - today + days - 1] += int(count)
    return {key: tuple(line) for key, line in found.items()}


def sources(scope: Scope) -> list[str]:
    """The sources that a scope has requests of: api, try-it, pages, import:NAME."""
    grain = PULSE if scope.merchant_ids is None else MERCHANT_PULSE
    statement = select(shapes.c.source).distinct().where(*_visible(scope, grain))
    pages = select(shapes.c.id).where(shapes.c.grain == grain.number, shapes.c.kind == Kind.PAGE, *owned(scope))
    return sorted({row[0] for row in fetched(statement)} | ({PAGES} if fetched(pages.limit(1)) else set()))


def endpoints(scope: Scope, limit: int = 300) -> list[str]:
    """The names of endpoints, for a select field."""
    question = Filter(scope=scope, start=EPOCH, end=EPOCH)
    grain = _grain(question, "endpoint")
    statement = select(shapes.c.endpoint).distinct().where(
        *conditions(question, grain, calls=True)).order_by(shapes.c.endpoint).limit(limit)
    return [row[0] for row in fetched(statement)]


def _visible(scope: Scope, grain: Grain) -> list[Any]:
    return conditions(Filter(scope=scope, start=EPOCH, end=EPOCH), grain)


def extent(scope: Scope, source: str | None = None) -> tuple[datetime, datetime] | None:
    """The first and the last day (UTC) that a scope has requests on; None when it has none."""
    question = Filter(scope=scope, start=EPOCH, end=EPOCH, source=source)
    statement = select(func.min(cells.c.bucket), func.max(cells.c.bucket)).select_from(shapes).join(
        cells, cells.c.shape_id == shapes.c.id).where(*conditions(question, _grain(question)), cells.c.level == DAY)
    first, last = fetched(statement)[0]
    return None if first is None else (moment_of(first), moment_of(last + DAY))
