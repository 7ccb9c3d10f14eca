"""Counts calls against rate limits with the extension's storage and strategy, once the key is known.

The extension's own hooks do not run: they come before the key is known. When Redis does not answer,
each process counts for itself with half the limit until it does (shared_counters.py).
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from limits import RateLimitItemPerDay, RateLimitItemPerHour, RateLimitItemPerMinute

from blueprints.api.wire.shared_window import SharedWindows
from blueprints.api.wire.window import WindowStorage
from blueprints.shared_counters import counters
from database.ip_addresses import limited_as
from domain.errors import LimitExceeded

WRONG_TOKENS_PER_MINUTE = 100           # of one address, over all contracts
ITEMS = {"minute": RateLimitItemPerMinute, "hour": RateLimitItemPerHour, "day": RateLimitItemPerDay}
NAMES = {60: "minute", 3600: "hour", 86_400: "day"}         # of windows by their seconds


@dataclass(frozen=True, slots=True)
class Spent:
    """The state of a limit after a call."""

    limit: int
    remaining: int
    reset: int              # epoch seconds at which one more call becomes available
    window: int             # seconds
    windows: tuple["Spent", ...] = ()       # of all limits at once, the shortest first, where there are several

    def headers(self) -> tuple[tuple[str, str], ...]:
        own = (
            ("X-RateLimit-Limit", str(self.limit)),
            ("X-RateLimit-Remaining", str(self.remaining)),
            ("X-RateLimit-Reset", str(self.reset)),
            ("X-RateLimit-Window", str(self.window)),
        )
        return own if not self.windows else own + self._of_all()

    def _of_all(self) -> tuple[tuple[str, str], ...]:
        """The state of each window, as the IETF draft of httpapi-ratelimit-headers writes it."""
        now, named = time.time(), [(NAMES[one.window], one) for one in self.windows]
        left = (f'"{name}";r={one.remaining};t={max(0, math.ceil(one.reset - now))}' for name, one in named)
        policy = (f'"{name}";q={one.limit};w={one.window}' for name, one in named)
        return ("RateLimit", ", ".join(left)), ("RateLimit-Policy", ", ".join(policy))


class RateLimits:
    """Counts calls against a limit an hour or a minute."""

    def spend(self, limit: int, per: str, *who: str, cost: int = 1) -> Spent:
        """Count `cost` calls; raises LimitExceeded when they exceed the limit, and then counts none. 0 only looks."""
        now = time.time()
        return counters.run(
            lambda strategy, divisor: self._count(strategy, self._item(max(1, limit // divisor), per), who, cost, now)
        )

    def spend_several(self, limits: Sequence[tuple[int, str]], *who: str, cost: int = 1) -> tuple[Spent, ...]:
        """Count `cost` calls in several windows, the shortest first, or in none when they exceed one of the limits.

        Raises LimitExceeded of the one that has room the latest. Each limit is exact. Of calls at the same moment, one
        that is refused by a longer window may count in a shorter one.
        """
        now = time.time()
        return counters.run(lambda strategy, divisor: self._count_all(
            strategy, [self._item(max(1, limit // divisor), per) for limit, per in limits], who, cost, now))

    def _count_all(
        self, strategy: Any, items: Sequence[Any], who: tuple[str, ...], cost: int, now: float
    ) -> tuple[Spent, ...]:
        seen = tuple(self._count(strategy, item, who, 0, now) for item in items)
        if not cost:
            return seen
        full = [one for one in seen if one.remaining < cost]
        try:
            if full:
                last = max(full, key=lambda one: one.reset)             # before that a call would be refused again
                raise _refusal(last, max(1, math.ceil(last.reset - now)), cost)
            return tuple(self._count(strategy, item, who, cost, now) for item in items)
        except LimitExceeded as error:
            error.details["windows"] = seen
            raise

    def spend_by_address(self, limit: int, per: str, what: str, address: str) -> Spent:
        """Count a call of an address; IPv6 counts by site, because a host can choose its address there."""
        return self.spend(limit, per, what, limited_as(address))

    def spend_wrong_token(self, address: str) -> None:
        """Count a wrong token of an address; right ones from the same address are not counted."""
        self.spend_by_address(WRONG_TOKENS_PER_MINUTE, "minute", "bad-token", address)

    @staticmethod
    @lru_cache(1024)
    def _item(limit: int, per: str) -> Any:
        return ITEMS[per](limit)

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
        raise _refusal(spent, max(1, math.ceil(frees - now)), cost)

    @staticmethod
    def forget() -> None:
        """Reset the counters of this process."""
        counters.forget()


def _refusal(spent: Spent, wait: int, cost: int) -> LimitExceeded:
    """The error of calls that a limit has no room for; `wait` are the seconds until it has."""
    return LimitExceeded(
        f"Rate limit exceeded. Try again in {wait} seconds",
        details={"limit": spent.limit, "remaining": 0 if cost == 1 else spent.remaining, "reset": spent.reset,
                 "window": spent.window, "retry_after": wait},
    )


rate_limits = RateLimits()


def limit_headers(error: LimitExceeded) -> dict[str, str]:
    """Rate limit headers of a refusal."""
    facts = error.details
    if "retry_after" not in facts:
        return {}
    if "window" not in facts:                   # no limit of the caller's: too many calls at once
        return {"Retry-After": str(facts["retry_after"])}
    left = Spent(facts["limit"], facts["remaining"], facts["reset"], facts["window"], facts.get("windows", ()))
    return {"Retry-After": str(facts["retry_after"]), **dict(left.headers())}
