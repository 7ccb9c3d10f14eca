"""Implements moving windows in memory that several server processes share, exact over all of them.

The same windows as in window.py, in a file without a name (memfd) that processes inherit. A window is a chain of blocks
of times, found by a digest of its key. A lock on a file, which the kernel releases when its holder dies, orders the
processes. Each change is ordered so that a process may be killed between any two stores: the chain is valid after each
of them, and only the number of counted calls, which is marked before it changes, is counted anew by the next process.
"""

import ctypes
import os
import struct
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Iterator
from hashlib import blake2b
from mmap import mmap
from pathlib import Path

from limits.storage import MemoryStorage

from database.sqlite import lock_file, owner_only

SLOTS = 1 << 16                     # windows that may count at once
SLOT = 8                            # words of 8 bytes: digest (2), first call, last call, calls, when all are over
FIRST, LAST, CALLS, OVER = 2, 3, 4, 5
BLOCK = 64                          # words: the next block, then times
START = BLOCK + SLOTS * SLOT        # the first block; before it are a head and the slots
MARKED, UNUSED, FREE, SWEPT = range(4)      # words of the head: slot that changes, two lists of blocks, slot to look at
SIZE = 512 * 1024 * 1024            # bytes; memory is taken only for what is used
PROBES = 64                         # slots in which a window may be
PATIENCE = 1.0                      # seconds that a call waits for a process that holds the lock
PAUSE = 0.0005                      # seconds between two looks
DIGEST = struct.Struct("=QQ")
_LOCK_AT_ONCE, _UNLOCK = 2 | 4, 8   # of flock(2)

_flock = ctypes.PyDLL(None).flock   # keeps the interpreter lock: giving it up costs more than the call
_flock.argtypes, _flock.restype = (ctypes.c_int, ctypes.c_int), ctypes.c_int


class WindowsUnavailable(Exception):
    """There is no room for another window, or a process keeps the lock."""


def new_memory() -> int:
    """The descriptor of memory for windows, which child processes and programs inherit."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("limits", 0)
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    os.set_inheritable(descriptor, True)
    os.ftruncate(descriptor, SIZE)
    return descriptor


class SharedWindows(MemoryStorage):
    """The windows of all processes that have the same memory, by key; `lock` is the file that orders them."""

    STORAGE_SCHEME = ["shared-window"]

    def __init__(self, descriptor: int, lock: Path):
        super().__init__()
        view = memoryview(mmap(descriptor, SIZE))
        self._words, self._times = view.cast("Q"), view.cast("d")
        self._lock, self._threads = lock, threading.Lock()
        self._opened = 0, -1                # the process that opened the lock, and its descriptor

    def spend(self, key: str, limit: int, expiry: int, amount: int) -> tuple[bool, float, int]:
        """Count `amount` calls if they fit into the last `expiry` seconds; returns what WindowStorage.spend does."""
        one, two = DIGEST.unpack(blake2b(key.encode(), digest_size=16).digest())
        with self._threads:
            descriptor = self._begin()
            try:
                now = time.monotonic()
                self._sweep(now)
                slot = self._slot(one or 1, two, now)
                self._words[MARKED] = slot
                self._forget(slot, now - expiry)
                fits = self._words[slot + CALLS] + amount <= limit
                if fits and amount:
                    self._times[slot + OVER] = now + expiry
                    for _ in range(amount):
                        self._append(slot, now)
                self._words[MARKED] = 0
                first, calls = self._words[slot + FIRST], self._words[slot + CALLS]
                age = now - self._times[first] if first else 0.0
            finally:
                _flock(descriptor, _UNLOCK)
        return fits, time.time() - age, calls

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Count `amount` calls if they fit into the last `expiry` seconds."""
        return self.spend(key, limit, expiry, amount)[0]

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the oldest counted call was (epoch seconds; now, if there is none), and how many count."""
        return self.spend(key, limit, expiry, 0)[1:]

    def clear(self, key: str) -> None:
        self.spend(key, 0, -1, 0)           # all calls are older than in a second

    def reset(self) -> int | None:
        with self._threads:
            descriptor = self._begin()
            for slot in range(BLOCK, START, SLOT):
                if self._words[slot]:
                    self._empty(slot)
            _flock(descriptor, _UNLOCK)
        return None

    def _begin(self) -> int:
        """Take the lock between the processes, and mend what one left that was killed; the lock's descriptor."""
        opened, descriptor = self._opened
        if opened != os.getpid():
            descriptor = owner_only(str(self._lock), os.O_RDWR | os.O_CREAT)
            self._opened = os.getpid(), descriptor
        if _flock(descriptor, _LOCK_AT_ONCE) and not lock_file(descriptor, time.monotonic() + PATIENCE, PAUSE):
            raise WindowsUnavailable("another process keeps the lock")
        if self._words[MARKED]:
            self._recount(self._words[MARKED])
            self._words[MARKED] = 0
        return descriptor

    def _slot(self, one: int, two: int, now: float) -> int:
        """The slot of the window with this digest; a new one takes the first of its places that is not in use."""
        words, free = self._words, 0
        for place in range(one, one + PROBES):
            slot = BLOCK + place % SLOTS * SLOT
            known = words[slot]
            if known == one and words[slot + 1] == two:
                return slot
            if not free and (not known or self._times[slot + OVER] < now):
                free = slot
            if not known:
                break
        if not free:
            raise WindowsUnavailable("too many windows")
        words[MARKED] = free
        self._empty(free)
        words[free], words[free + 1] = one, two
        return free

    def _forget(self, slot: int, until: float) -> None:
        """Drop calls that left the window."""
        words, times = self._words, self._times
        while first := words[slot + FIRST]:
            block, last = first & -BLOCK, words[slot + LAST]
            end = last if last & -BLOCK == block else block + BLOCK - 1
            if times[end] > until:
                stays = bisect_right(times, until, first, end)
                words[slot + FIRST] = stays
                words[slot + CALLS] -= stays - first
                return
            if end == last:
                self._empty(slot)
                return
            words[slot + FIRST] = words[block] + 1
            words[slot + CALLS] -= end - first + 1
            self._give(block)

    def _append(self, slot: int, now: float) -> None:
        words, last = self._words, self._words[slot + LAST]
        if last and (last + 1) % BLOCK:
            self._times[last + 1] = now
            words[slot + LAST] = last + 1
        else:
            block = self._take()
            self._times[block + 1] = now
            words[last & -BLOCK if last else slot + FIRST] = block if last else block + 1
            words[slot + LAST] = block + 1
        words[slot + CALLS] += 1

    def _empty(self, slot: int) -> None:
        """Drop all calls of a window."""
        words = self._words
        first, last = words[slot + FIRST], words[slot + LAST]
        words[slot + LAST] = 0              # first: one of the two without the other means that there are none
        words[slot + FIRST] = words[slot + CALLS] = 0
        for block in self._chain(first, last):
            self._give(block)

    def _recount(self, slot: int) -> None:
        """Count the calls of a window that a process was changing when it was killed."""
        words = self._words
        first, last = words[slot + FIRST], words[slot + LAST]
        blocks = list(self._chain(first, last))
        if not blocks:
            words[slot + FIRST] = words[slot + LAST] = 0
        earlier = (len(blocks) - 1) * (BLOCK - 1)
        words[slot + CALLS] = earlier + last % BLOCK - first % BLOCK + 1 if blocks else 0

    def _chain(self, first: int, last: int) -> Iterator[int]:
        """The blocks of a window, from the one of its first call to that of its last."""
        if not first or not last:
            return
        block = first & -BLOCK
        while block != last & -BLOCK:
            following = self._words[block]
            yield block
            block = following
        yield block

    def _take(self) -> int:
        """An unused block. One that is taken when the process is killed stays unused."""
        words = self._words
        block = words[FREE]
        if block:
            words[FREE] = words[block]
            return block
        block = words[UNUSED] or START
        if block + BLOCK > len(words):
            raise WindowsUnavailable("no room for more calls")
        words[UNUSED] = block + BLOCK
        return block

    def _give(self, block: int) -> None:
        self._words[block] = self._words[FREE]
        self._words[FREE] = block

    def _sweep(self, now: float) -> None:
        """Look at one window, another one at each call, and drop what it has if all of that is over."""
        words = self._words
        slot = max(BLOCK, words[SWEPT])
        words[SWEPT] = slot + SLOT if slot + SLOT < START else BLOCK
        if words[slot + FIRST] and self._times[slot + OVER] < now:
            words[MARKED] = slot
            self._empty(slot)
            words[MARKED] = 0
