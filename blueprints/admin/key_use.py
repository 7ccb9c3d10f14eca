"""What the request log knows of keys: when, from where and how often each was used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Use:
    """One key's last call, and its calls of the last seven days, oldest day first."""

    last_at: datetime | None
    last_ip: str | None
    requests: int
    points: tuple[int, ...]


def of(keys: Sequence[int]) -> dict[int, Use]:
    """The use of these keys; a key that was never called is not among them."""
    return {}


def unused(keys: Sequence[int]) -> list[int]:
    """Which of these keys were never called; a list is never empty, because SQL's IN may not be."""
    used = of(keys)
    return [key for key in keys if key not in used] or [0]
