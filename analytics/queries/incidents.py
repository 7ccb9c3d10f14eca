"""Finds incidents: periods in which far more of a merchant's requests failed or were slow than usual.

What is usual is the merchant's own history of four weeks: a client that always fails is not an incident.
Everything comes from roll-ups, of at most MOST_MERCHANTS merchants, so the cost does not grow with the log.
Imported logs, requests from the reference and requests of no merchant do not count.

    found = incidents.last(Scope(frozenset({merchant_id})), "live", clock.now())
    if found is not None:
        found.start, found.failed, found.endpoint, found.keys
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import case, desc, func, select
from sqlalchemy import true as always

from analytics.queries import queries
from analytics.queries.figures import EndpointUse, KeyUse
from analytics.queries.filters import Filter, Scope, conditions
from analytics.queries.reading import fetched
from analytics.rollups.grains import FIRST_ERROR, MERCHANT, MERCHANT_PULSE
from analytics.rollups.histogram import Merger, middle_us
from analytics.rollups.periods import Window, micros, minute_of, moment_of
from analytics.rollups.rollup import DAY, MINUTE, QUARTER, minute_floor
from analytics.store import cells, histograms, shapes

ERRORS, LATENCY = "errors", "latency"
USUAL_DAYS = 28                     # before today, from which the usual figures come
MOST_MERCHANTS = 10                 # with the most failures, and as many with the most time spent
FEWEST = 5                          # requests that failed or were slow
MANY = 20                           # failures; fewer are an incident only where most requests failed
LEAST_SHARE = 0.1                   # of the requests, from which failures are looked at
TIMES = 3                           # as many as usual
SIGMAS = 5                          # above what chance explains
HEALTHY = 2                         # quarter-hours with usual figures end an incident
SILENT = 12                         # quarter-hours without a request do so too


class Load(NamedTuple):
    """The requests of one bucket. `timed` are those with a known duration."""

    bucket: int
    requests: int
    failed: int
    timed: int
    sum_us: int

    @property
    def share(self) -> float:
        return self.failed / self.requests

    @property
    def mean_us(self) -> float:
        return self.sum_us / self.timed if self.timed else 0.0


class Usual(NamedTuple):
    """A merchant's usual figures."""

    share: float                    # of failures, 0 to 1
    mean_us: float

    @property
    def raised(self) -> float:
        """The share of failures that is looked at."""
        return max(LEAST_SHARE, min(TIMES * self.share, (1 + self.share) / 2))


@dataclass(frozen=True, slots=True)
class Period:
    """An incident without its details. Whole minutes; `end` is the first minute after it."""

    kind: str                       # ERRORS or LATENCY
    merchant_id: int
    mode: str
    start: datetime
    end: datetime
    ongoing: bool
    usual_share: float              # of failures, 0 to 1

    def overlaps(self, other: "Period") -> bool:
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident with what it concerned."""

    period: Period
    requests: int
    failed: int
    p95_us: float | None
    endpoint: EndpointUse | None    # with the most failures, or the slowest
    keys: tuple[KeyUse, ...]        # whose requests failed (or were made, for latency), the most first

    @property
    def share(self) -> float:
        """The share of failures, 0 to 1."""
        return self.failed / self.requests if self.requests else 0.0


def last(scope: Scope, mode: str, now: datetime, days: int = 7) -> Incident | None:
    """The newest incident of the scope's merchants that began within the last days; None without one."""
    found = periods_of(scope, mode, now, days)
    return described(found[0]) if found else None


def periods_of(scope: Scope, mode: str, now: datetime, days: int = 7) -> list[Period]:
    """The incidents of the scope's merchants within the last days, the newest first; at most 7 days by the minute."""
    today = minute_of(now) // DAY * DAY
    first = max(today - (days - 1) * DAY, minute_floor(now.timestamp()))
    question = Filter(scope=scope, start=moment_of(first), end=now, source="api", mode=mode)
    chosen = question.within(moment_of(today - USUAL_DAYS * DAY), now)
    chosen = replace(chosen, scope=Scope(frozenset(_busiest(question))))
    if not chosen.scope.merchant_ids:
        return []
    history, quarters = _loads(chosen, DAY), _loads(replace(chosen, start=question.start), QUARTER)
    found = []
    for merchant_id, loads in quarters.items():
        usual = usual_of(history.get(merchant_id, []))
        asked = replace(question, scope=Scope(frozenset((merchant_id,))))
        failed = [_period(asked, ERRORS, run, usual) for run in runs_of_errors(loads, usual)]
        slow = [_period(asked, LATENCY, run, usual) for run in _slow_runs(asked, loads, usual, today)]
        # What fails is often slow too: that is one incident.
        found += failed + [one for one in slow if not any(one.overlaps(other) for other in failed)]
    return sorted(found, key=lambda period: period.start, reverse=True)


def described(period: Period) -> Incident:
    """The figures, the endpoint and the keys of an incident."""
    question = Filter(
        scope=Scope(frozenset((period.merchant_id,))), start=period.start, end=period.end, source="api",
        mode=period.mode)
    window = Window((minute_of(period.start), minute_of(period.end)), MINUTE, MINUTE, "UTC")
    totals = queries.totals(question)
    if period.kind == ERRORS:
        endpoint = next(iter(queries.top_endpoints(question, window, 1, "errors")), None)
        keys = queries.by_key(replace(question, failed=True))
    else:
        endpoints = queries.top_endpoints(question, window)
        endpoint = max(endpoints, key=lambda use: (use.p95_us or 0) * use.requests, default=None)
        keys = queries.by_key(question)
    return Incident(period, totals.requests, totals.errors, totals.p95_us, endpoint,
                    tuple(use for use in keys if use.key_id is not None))


def _of(question: Filter, level: int, *columns: Any, where: Any = None) -> Any:
    """A query over the cells of a question's merchants at one level."""
    first, end = minute_of(question.start) // level * level, -(-micros(question.end) // 60_000_000)
    return select(*columns).select_from(shapes).join(cells, cells.c.shape_id == shapes.c.id).where(
        *conditions(question, MERCHANT), shapes.c.merchant_id.is_not(None), cells.c.level == level,
        cells.c.bucket >= first, cells.c.bucket < end, always() if where is None else where)


def _busiest(question: Filter) -> set[int]:
    """The merchants with the most failures, and those whose requests took the most time, by day cells."""
    found: set[int] = set()
    failing = shapes.c.status_class >= FIRST_ERROR
    for amount, where in ((func.sum(cells.c.count), failing), (func.sum(cells.c.sum_us), None)):
        statement = _of(question, DAY, shapes.c.merchant_id, where=where).group_by(shapes.c.merchant_id)
        found.update(row[0] for row in fetched(statement.order_by(desc(amount)).limit(MOST_MERCHANTS)))
    return found


def _loads(question: Filter, level: int) -> dict[int, list[Load]]:
    """Buckets with requests by merchant, in the order of time."""
    failed = case((shapes.c.status_class >= FIRST_ERROR, cells.c.count), else_=0)
    sums = (func.sum(each) for each in (cells.c.count, failed, cells.c.timed, cells.c.sum_us))
    statement = _of(question, level, shapes.c.merchant_id, cells.c.bucket, *sums)
    found: dict[int, list[Load]] = defaultdict(list)
    group = (shapes.c.merchant_id, cells.c.bucket)
    for merchant_id, *values in fetched(statement.group_by(*group).order_by(*group)):
        found[merchant_id].append(Load(*(int(value) for value in values)))
    return found


def usual_of(days: list[Load]) -> Usual:
    """The lower median of the days' figures, so that days of trouble do not count; busy days if there are any."""
    busy = [day for day in days if day.requests >= 20] or days
    if not busy:
        return Usual(0.0, 0.0)
    place = (len(busy) - 1) // 2
    return Usual(*(sorted(values)[place] for values in (
        [day.share for day in busy], [day.mean_us for day in busy])))


def runs_of(loads: list[Load], raised: Callable[[Load], bool]) -> list[list[Load]]:
    """Quarter-hours between the first and the last raised one of each period, healthy ones in between included."""
    runs: list[list[Load]] = []
    healthy: list[Load] = []
    for load in loads:
        if not raised(load):
            healthy.append(load)
            continue
        silent = runs and load.bucket - runs[-1][-1].bucket > SILENT * QUARTER
        if not runs or silent or len(healthy) >= HEALTHY:
            runs.append([])
            healthy = []
        runs[-1] += [*healthy, load]
        healthy = []
    return runs


def runs_of_errors(loads: list[Load], usual: Usual) -> list[list[Load]]:
    """The periods in which so many requests failed that chance does not explain it."""
    found = []
    for run in runs_of(loads, lambda load: load.share >= usual.raised):
        failed, requests = sum(load.failed for load in run), sum(load.requests for load in run)
        expected = usual.share * requests
        beyond = failed >= max(FEWEST, expected + SIGMAS * expected ** 0.5)
        enough = failed >= MANY or failed >= requests / 2
        if beyond and enough and failed >= usual.raised * requests:
            found.append(run)
    return found


def _slow_runs(question: Filter, loads: list[Load], usual: Usual, today: int) -> list[list[Load]]:
    """The periods in which many requests were slower than nearly all usually are."""
    runs = runs_of(loads, lambda load: load.timed > 0 and load.mean_us > TIMES * usual.mean_us)
    if not runs or not usual.mean_us:
        return []
    month = question.within(moment_of(today - USUAL_DAYS * DAY), moment_of(today + DAY))
    by_day = sorted(day.quantiles((0.95,), 1 << 62)[0] or 0.0 for day in _durations(month, DAY).values())
    typical = by_day[(len(by_day) - 1) // 4] if by_day else 0.0
    found = []
    for run in runs:
        within = question.within(moment_of(run[0].bucket), moment_of(run[-1].bucket + QUARTER))
        counts = Counter[int]()
        for durations in _durations(within, QUARTER).values():
            counts.update(dict(durations.counts()))
        slow = sum(count for bucket, count in counts.items() if middle_us(bucket) > TIMES * typical)
        if slow >= max(FEWEST, LEAST_SHARE * counts.total()):
            found.append(run)
    return found


def _durations(question: Filter, level: int) -> dict[int, Merger]:
    """The durations of a merchant's requests by bucket."""
    found: dict[int, Merger] = defaultdict(Merger)
    for bucket, packed in fetched(select(histograms.c.bucket, histograms.c.counts).select_from(shapes).join(
            histograms, histograms.c.shape_id == shapes.c.id).where(
            *conditions(question, MERCHANT_PULSE), histograms.c.level == level,
            histograms.c.bucket >= minute_of(question.start), histograms.c.bucket < minute_of(question.end))):
        found[bucket].add(packed)
    return found


def _period(question: Filter, kind: str, run: list[Load], usual: Usual) -> Period:
    """The minutes of a run: from the first to the last with failures (or slow requests)."""
    (merchant_id,) = question.scope.merchant_ids or (0,)
    first, end = run[0].bucket, run[-1].bucket + QUARTER
    minutes: Iterable[Load] = _loads(question.within(moment_of(first), moment_of(end)), MINUTE).get(merchant_id, ())
    wrong = [
        load.bucket for load in minutes
        if (load.failed if kind == ERRORS else load.mean_us > TIMES * usual.mean_us)]
    start, stop = (min(wrong), max(wrong) + 1) if wrong else (first, end)
    ongoing = minute_of(question.end) < end + QUARTER
    return Period(
        kind, merchant_id, question.mode or "", moment_of(start).astimezone(UTC), moment_of(stop), ongoing,
        usual.share)
