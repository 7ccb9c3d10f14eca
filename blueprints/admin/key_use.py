"""Reads the use of keys from the request log: when, from where and how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.queries import key_operations, listing, queries
from analytics.queries.figures import EndpointUse, Point, Totals
from analytics.queries.filters import Filter, Scope
from analytics.queries.listing import Source
from analytics.rollups import periods
from analytics.rollups.rollup import DAY

DAYS = 7
MONTH, QUARTER = 30, 90                 # days
Day = Point                             # for callers that import nothing of the log themselves
MOST_CALLS = 2000                       # of a key, whose addresses are looked at


@dataclass(frozen=True, slots=True)
class Use:
    """One key's last call, and its calls of the last seven days (UTC), oldest day first."""

    last_at: datetime
    last_ip: str
    points: tuple[int, ...]

    @property
    def requests(self) -> int:
        return sum(self.points)


@dataclass(frozen=True, slots=True)
class Month:
    """What one key did in the last thirty days of a zone: all in all, day by day, and what it called most."""

    totals: Totals
    days: tuple[Point, ...]
    endpoints: tuple[EndpointUse, ...]

    @property
    def most(self) -> int:
        """The calls of the busiest day."""
        return max((one.requests for one in self.days), default=0)


def days_of(merchant_id: int, key: int, now: datetime, zone: ZoneInfo) -> tuple[Day, ...]:
    """How much a merchant's key was used on each of the last ninety days of a zone."""
    return queries.series(*_days(merchant_id, key, now, zone, QUARTER))


def _days(merchant_id: int, key: int, now: datetime, zone: ZoneInfo, count: int) -> tuple[Filter, periods.Window]:
    midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    start, end = midnight - timedelta(days=count - 1), midnight + timedelta(days=1)
    window = periods.window(start, end, zone, step=DAY)
    return Filter(scope=Scope(frozenset((merchant_id,))), start=window.start, end=window.end, key_id=key), window


def month_of(merchant_id: int, key: int, now: datetime, zone: ZoneInfo) -> Month:
    """What a merchant's key did, up to the end of today."""
    question, window = _days(merchant_id, key, now, zone, MONTH)
    endpoints = queries.top_endpoints(question, window)
    return Month(queries.totals(question), queries.series(question, window), tuple(endpoints))


def of(keys: Sequence[int]) -> dict[int, Use]:
    """The use of these keys, without keys that were never used."""
    used = queries.last_use(keys)
    points = queries.usage(list(used), DAYS)
    return {key: Use(at, ip, points.get(key, (0,) * DAYS)) for key, (at, ip) in used.items()}


def unused(keys: Sequence[int]) -> list[int]:
    """The keys among these that were never used."""
    used = queries.last_use(keys)
    return [key for key in keys if key not in used]


def last_calls(keys: Sequence[int]) -> dict[int, tuple[datetime, str]]:
    """When and from which address these keys were last used; keys that never were are missing."""
    return queries.last_use(keys)


def operations(keys: Sequence[int]) -> dict[int, set[str]]:
    """The operations that each of these keys was let in to in the last thirty days."""
    return key_operations.operations(keys, MONTH)


def addresses(merchant_id: int, key: int, now: datetime) -> tuple[list[Source], int]:
    """From where the newest calls of a merchant's key came, of the last thirty days; and how many were looked at."""
    question = Filter(
        scope=Scope(frozenset((merchant_id,))), start=now - timedelta(days=MONTH), end=now + timedelta(minutes=1),
        key_id=key)
    return listing.addresses(question, MOST_CALLS)
