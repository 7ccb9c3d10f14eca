"""Counts for limits: in Redis if configured; else in memory, of this process or of all processes of a server.

When Redis fails (refused, closed, silent, slow, invalid), a request waits for it at most REDIS_WAIT in all. From then
on each process counts for itself, with stricter limits, and one request every RETRY seconds checks whether Redis
is back. Every request is counted, and none fails. The same holds while the memory of several processes has no room.
"""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from flask import has_request_context, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.strategies import MovingWindowRateLimiter

from blueprints.api.wire.shared_window import SharedWindows, WindowsUnavailable, new_memory
from blueprints.api.wire.window import WindowStorage
from domain.errors import LimitExceeded

REDIS_WAIT = 0.3              # seconds that a request waits for Redis, for all its commands together
RETRY = 5.0                 # seconds between checks whether Redis is back
LOCK = "limits.lock"
STRICTER = 2                # a process that counts for itself divides every limit by this
WAITED = "countinghouse.waited"                          # in the environment of the request
T = TypeVar("T")

log = logging.getLogger("countinghouse.limits")
limiter = Limiter(get_remote_address, strategy="moving-window", headers_enabled=False)
waiting = threading.local()                              # `until`: when this thread stops waiting for Redis


class SharedCounters:
    """Runs operations on the counters in Redis or, while that fails, in this process."""

    def __init__(self) -> None:
        self._own = MovingWindowRateLimiter(WindowStorage())
        self._guard = threading.Lock()
        self._away = False
        self._next_try = 0.0

    def run(self, operation: Callable[[Any, int], T]) -> T:
        """Run the operation; it is given a strategy and a divisor of its limits. May raise LimitExceeded."""
        strategy = limiter.limiter
        if isinstance(strategy.storage, WindowStorage):
            return operation(strategy, 1)
        if isinstance(strategy.storage, SharedWindows):
            return self._in_memory(operation, strategy)
        time_left = self._time_left()
        if time_left > 0 and self._may_try():
            began = time.monotonic()
            waiting.until = began + time_left
            try:
                found = operation(strategy, 1)
            except LimitExceeded:
                self._answered()
                raise
            except Exception as problem:        # of any kind: libraries raise different errors for invalid responses
                self._failed(problem)
            else:
                self._answered()
                return found
            finally:
                waiting.until = None
                if has_request_context():
                    request.environ[WAITED] = request.environ.get(WAITED, 0.0) + time.monotonic() - began
        return operation(self._own, STRICTER)

    def _in_memory(self, operation: Callable[[Any, int], T], strategy: Any) -> T:
        try:
            return operation(strategy, 1)
        except WindowsUnavailable as problem:
            if (now := time.monotonic()) >= self._next_try:         # not once for each request
                self._next_try = now + RETRY
                log.warning("limits are stricter for some calls: %s", problem)
            return operation(self._own, STRICTER)

    def forget(self) -> None:
        """Reset the counters of this process."""
        self._own.storage.reset()
        self._away, self._next_try = False, 0.0
        limiter.reset()

    @staticmethod
    def _time_left() -> float:
        spent: float = request.environ.get(WAITED, 0.0) if has_request_context() else 0.0
        return REDIS_WAIT - spent

    def _may_try(self) -> bool:
        """Whether this request checks if Redis is back; all others do without."""
        if not self._away:
            return True
        with self._guard:
            now = time.monotonic()
            if self._away and now < self._next_try:
                return False
            self._next_try = now + RETRY
            return True

    def _failed(self, problem: Exception) -> None:
        with self._guard:
            self._next_try = time.monotonic() + RETRY
            news, self._away = not self._away, True
        if news:
            log.warning("Redis does not answer (%s): each process counts for itself, with stricter limits", problem)

    def _answered(self) -> None:
        if self._away:
            with self._guard:
                news, self._away = self._away, False
            if news:
                log.warning("Redis answers again")


def share(folder: Path, memory: int | None = None) -> int:
    """Count in memory that all processes of a server have, whose lock is in the folder; the descriptor of the memory.

    The first process makes it; those that it starts as programs are given the descriptor.
    """
    memory = new_memory() if memory is None else memory
    limiter._limiter = MovingWindowRateLimiter(SharedWindows(memory, folder / LOCK))
    return memory


counters = SharedCounters()
