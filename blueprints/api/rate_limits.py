"""Counts calls against rate limits with the extension's storage and strategy, once the key is known.

The extension's own hooks do not run: they come before the key is known. When Redis does not answer,
each process counts for itself with half the limit until it does (shared_counters.py).
"""

import math
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from limits import RateLimitItemPerHour, RateLimitItemPerMinute

from blueprints.api.wire.shared_window import SharedWindows
from blueprints.api.wire.window import WindowStorage
from blueprints.shared_counters import counters
from database.ip_addresses import limited_as
from domain.errors import LimitExceeded

WRONG_TOKENS_PER_MINUTE = 100           # of one address, over all contracts


@dataclass(frozen=True, slots=True)
class Spent:
    """The state of a limit after a call."""

    limit: int
    remaining: int
    reset: int              # epoch seconds at which one more call becomes available
    window: int             # seconds

    def headers(self) -> tuple[tuple[str, str], ...]:
        return (
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(self.remaining)),
            ("X-RateLimit-Reset", str(self.reset)),
            ("X-RateLimit-Window", str(self.window)),
        )


class RateLimits:
    """Counts calls against a limit an hour or a minute."""

    def spend(self, limit: int, per: str, *who: str, cost: int = 1) -> Spent:
        """Count `cost` calls; raises LimitExceeded when they exceed the limit, and then counts none. 0 only looks."""
        now = time.time()
        return counters.run(
            lambda strategy, divisor: self._count(strategy, self._item(max(1, limit // divisor), per), who, cost, now)
        )

    def spend_by_address(self, limit: int, per: str, what: str, address: str) -> Spent:
        """Count a call of an address; IPv6 counts by site, because a host can choose its address there."""
        return self.spend(limit, per, what, limited_as(address))

    def spend_wrong_token(self, address: str) -> None:
        """Count a wrong token of an address; right ones from the same address are not counted."""
        self.spend_by_address(WRONG_TOKENS_PER_MINUTE, "minute", "bad-token", address)

    @staticmethod
    @lru_cache(1024)
    def _item(limit: int, per: str) -> Any:
        return (RateLimitItemPerHour if per == "hour" else RateLimitItemPerMinute)(limit)

    @staticmethod
    def _count(strategy: Any, item: Any, who: tuple[str, ...], cost: int, now: float) -> Spent:
        window, storage = item.get_expiry(), strategy.storage
        if isinstance(storage, WindowStorage | SharedWindows):      # both steps in one access to the window
            fits, oldest, counted = storage.spend(item.key_for(*who), item.amount, window, cost)
            frees, remaining = oldest + window, item.amount - counted
        else:
            fits = not cost or strategy.hit(item, *who, cost=cost)
            frees, remaining = strategy.get_window_stats(item, *who)
        reset = math.ceil(frees if remaining < item.amount else now + window)
        spent = Spent(item.amount, max(0, remaining), reset, window)
        if fits:
            return spent
        wait = max(1, math.ceil(frees - now))
        raise LimitExceeded(
            f"Rate limit exceeded. Try again in {wait} seconds",
            details={"limit": spent.limit, "remaining": 0 if cost == 1 else spent.remaining, "reset": reset,
                     "window": window, "retry_after": wait},
        )

    @staticmethod
    def forget() -> None:
        """Reset the counters of this process."""
        counters.forget()


rate_limits = RateLimits()


def limit_headers(error: LimitExceeded) -> dict[str, str]:
    """Rate limit headers of a refusal."""
    facts = error.details
    if "retry_after" not in facts:
        return {}
    if "window" not in facts:                   # no limit of the caller's: too many calls at once
        return {"Retry-After": str(facts["retry_after"])}
    left = Spent(facts["limit"], facts["remaining"], facts["reset"], facts["window"])
    return {"Retry-After": str(facts["retry_after"]), **dict(left.headers())}
