"""Implements a moving window in memory: thread-safe, eight bytes per call, independent of clock changes.

The library's own memory storage keeps an object per call and copies whole lists from a timer a
hundred times a second; under a limit of a million calls an hour that costs more than the calls.
This storage plugs into the same strategy (`window://`).
"""

import threading
import time
from array import array
from bisect import bisect_right

from limits.storage import MemoryStorage

COMPACT = 1024              # expired entries before the list is cut
SWEEP = 10_000              # hits between searches for unused windows


class Window:
    """The times of the counted calls, oldest first."""

    __slots__ = ("expiry", "head", "lock", "removed", "times")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.times = array("d")
        self.head = 0
        self.expiry = 0
        self.removed = False            # then nothing may be counted here

    def __len__(self) -> int:
        return len(self.times) - self.head

    def forget(self, until: float) -> None:
        """Drop calls that left the window."""
        self.head = bisect_right(self.times, until, self.head)
        if self.head >= COMPACT and self.head * 2 >= len(self.times):
            del self.times[: self.head]
            self.head = 0


class WindowStorage(MemoryStorage):
    """The windows of one process by key."""

    STORAGE_SCHEME = ["window"]

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: str):
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self.windows: dict[str, Window] = {}
        self.guard = threading.Lock()
        self.hits = 0

    def spend(self, key: str, limit: int, expiry: int, amount: int) -> tuple[bool, float, int]:
        """Count `amount` calls if they fit into the last `expiry` seconds.

        Returns whether they fit, when the oldest counted call was (epoch seconds; now, if there is none), and how many
        count.
        """
        while True:
            window = self._window(key, expiry)
            with window.lock:
                if window.removed:       # removed between look-up and lock
                    continue
                now = time.monotonic()
                window.forget(now - expiry)
                fits = len(window) + amount <= limit
                if fits:
                    window.times.extend([now] * amount)
                age = now - window.times[window.head] if len(window) else 0.0
                return fits, time.time() - age, len(window)

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` calls if they fit into the last `expiry` seconds."""
        return self.spend(key, limit, expiry, amount)[0]

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest counted call was (epoch seconds; now, if there is none), and how many count."""
        return self.spend(key, limit, expiry, 0)[1:]

    def clear(self, key: str) -> None:
        with self.guard:
            self.windows.pop(key, None)
        super().clear(key)

    def reset(self) -> int | None:
        with self.guard:
            count = len(self.windows)
            self.windows.clear()
        return count + (super().reset() or 0)

    def _window(self, key: str, expiry: int) -> Window:
        self.hits += 1
        if self.hits % SWEEP == 0:
            self._sweep()
        window = self.windows.get(key)
        if window is None:
            with self.guard:
                window = self.windows.setdefault(key, Window())
        window.expiry = expiry
        return window

    def _sweep(self) -> None:
        """Remove empty windows."""
        now = time.monotonic()
        with self.guard:
            for key, window in list(self.windows.items()):
                if window.lock.acquire(blocking=False):
                    last = window.times[-1] if window.times else 0.0
                    if last < now - 2 * window.expiry:
                        window.removed = True
                        del self.windows[key]
                    window.lock.release()
