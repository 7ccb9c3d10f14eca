"""Computes which roll-up cells cover a period, and the buckets of a chart.

Times are whole minutes since 1970 in UTC. Minute cells are kept 7 days, quarter-hours and hours 400
days (imported logs: without limit), UTC days without limit; a period is widened to the cells there are.
"""

import time
from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from analytics.rollups.rollup import DAY, KEEP_QUARTERS, LEVELS, MINUTE, QUARTER, minute_floor

RANGES = {"1h": 60, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY, "90d": 90 * DAY}
STEPS = (1, 5, 15, 30, 60, 180, 360, DAY, 7 * DAY, 28 * DAY)     # minutes
MOST_BUCKETS = 120
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Span = tuple[int, int, int]                                     # level, first minute, minute after the last


def minute_of(moment: datetime) -> int:
    """The minute of a moment."""
    return int((moment - EPOCH).total_seconds() // 60)


def moment_of(minute: int) -> datetime:
    return EPOCH + timedelta(minutes=minute)


def micros(moment: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def finest(start: int, *, imported: bool, now: float | None = None) -> int:
    """The finest level that still has the minute `start`."""
    now = time.time() if now is None else now
    if start >= minute_floor(now):
        return MINUTE
    if imported or start >= (int(now) // 86_400 - KEEP_QUARTERS) * DAY:
        return QUARTER
    return DAY


def spans(start: int, end: int, levels: tuple[int, ...] = tuple(reversed(LEVELS))) -> list[Span]:
    """The fewest cells that cover the minutes from start to end exactly: days, smaller ones at the edges."""
    if start >= end or not levels:
        return []
    level, finer = levels[0], levels[1:]
    first, last = -(-start // level) * level, end // level * level
    if first >= last:
        return spans(start, end, finer)
    return [*spans(start, first, finer), (level, first, last), *spans(last, end, finer)]


@dataclass(frozen=True, slots=True)
class Window:
    """A period, widened to the cells there are, and cut into the buckets of a chart."""

    edges: tuple[int, ...]          # minutes; one more than there are buckets
    step: int                       # minutes; the usual width of a bucket
    finest: int                     # the level of its edges
    zone: str                       # in which days begin

    @property
    def start(self) -> datetime:
        return moment_of(self.edges[0])

    @property
    def end(self) -> datetime:
        return moment_of(self.edges[-1])

    @property
    def level(self) -> int:
        """The widest cells that fit into the buckets."""
        return next(level for level in reversed(LEVELS) if not any(edge % level for edge in self.edges))

    def index(self, minute: int) -> int:
        """The bucket of a minute."""
        return bisect_right(self.edges, minute) - 1

    def buckets(self) -> list[tuple[datetime, datetime]]:
        return [(moment_of(first), moment_of(last)) for first, last in pairwise(self.edges)]

    def by_day(self) -> "Window":
        """The same period in buckets of UTC days, for trends where the zone does not matter."""
        first, last = self.edges[0], self.edges[-1]
        inner = range(first // DAY * DAY + DAY, last, DAY)
        return Window((first, *inner, last), DAY, self.finest, "UTC")

    def previous(self, *, imported: bool = False, now: float | None = None) -> "Window":
        """The previous period of the same length, as far as its cells are still kept."""
        length = self.edges[-1] - self.edges[0]
        level = max(self.finest, finest(self.edges[0] - length, imported=imported, now=now))
        edges = tuple((edge - length) // level * level for edge in self.edges)
        return Window(edges, self.step, level, self.zone)


def window(
    start: datetime, end: datetime, zone: ZoneInfo, *, imported: bool = False, step: int | None = None,
    now: float | None = None, align: bool = False,
) -> Window:
    """Buckets from start to end in the viewer's zone. `align` moves the start to the beginning of a bucket."""
    first, last = minute_of(start), max(minute_of(start) + 1, -(-micros(end) // 60_000_000))
    level = finest(first, imported=imported, now=now)
    if level == DAY:
        zone = ZoneInfo("UTC")
    step = max(level, step or step_for(last - first))
    first, last = first // level * level, -(-last // level) * level
    inner = [edge for edge in _grid(first, last, step, zone) if edge % level == 0]
    if align:
        first = max([edge for edge in inner if edge <= first], default=first)
        last = min([edge for edge in inner if edge >= last], default=last)
    edges = (first, *(edge for edge in inner if first < edge < last), last)
    return Window(edges, step, level, zone.key)


def recent(name: str, zone: ZoneInfo, *, imported: bool = False, now: float | None = None) -> Window:
    """The period that ends now: 1h, 24h, 7d, 30d or 90d, in whole buckets, the last one incomplete."""
    now = time.time() if now is None else now
    minute = moment_of(int(now) // 60)
    length = RANGES[name]
    step = step_for(length)
    start, end = minute - timedelta(minutes=length - step), minute + timedelta(minutes=1)
    return window(start, end, zone, imported=imported, step=step, now=now, align=True)


def days(first: date, last: date, zone: ZoneInfo, *, imported: bool = False, now: float | None = None) -> Window:
    """Whole days of the zone, both included."""
    return window(
        midnight(first, zone), midnight(last + timedelta(days=1), zone), zone, imported=imported, now=now)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The beginning of a day in the zone."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def step_for(length: int) -> int:
    """The width of buckets (minutes) that gives a readable number of bars."""
    return next((step for step in STEPS if length <= step * MOST_BUCKETS), STEPS[-1])


def _grid(first: int, last: int, step: int, zone: ZoneInfo) -> list[int]:
    """The beginnings of buckets, from the one before `first` to the one after `last`.

    They start at each midnight of the zone, so that a day on which clocks change has one shorter
    or longer bucket, and no other moves. Weeks start on Mondays.
    """
    day = moment_of(first).astimezone(zone).date() - timedelta(days=1)
    if step > DAY:
        day -= timedelta(days=day.weekday() + step // DAY)
    stride = timedelta(days=max(1, step // DAY))
    edges: list[int] = []
    while True:
        begin, following = (minute_of(midnight(each, zone)) for each in (day, day + stride))
        if begin >= last:
            return [*edges, begin]
        edges += range(begin, following, step) if step < DAY else [begin]
        day += stride


