"""Reads the use of keys from the request log: when, from where and how often."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from analytics.queries import queries

DAYS = 7


@dataclass(frozen=True, slots=True)
class Use:
    """One key's last call, and its calls of the last seven days (UTC), oldest day first."""

    last_at: datetime
    last_ip: str
    points: tuple[int, ...]

    @property
    def requests(self) -> int:
        return sum(self.points)


def of(keys: Sequence[int]) -> dict[int, Use]:
    """The use of these keys, without keys that were never used."""
    used = queries.last_use(keys)
    points = queries.usage(list(used), DAYS)
    return {key: Use(at, ip, points.get(key, (0,) * DAYS)) for key, (at, ip) in used.items()}


def unused(keys: Sequence[int]) -> list[int]:
    """The keys among these that were never used."""
    used = queries.last_use(keys)
    return [key for key in keys if key not in used]
