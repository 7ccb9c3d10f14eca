"""Caches results of queries on a SQLite file until the next commit to that file.

In WAL mode every commit changes the header of the wal-index, which all connections of all processes
map into their memory, before the commit becomes visible; SQLite itself keeps its cache of
pages for as long as that header stays as it is (https://www.sqlite.org/walformat.html, section 2.1).
The cache compares the same bytes: as long as they are equal, a SELECT would give the same rows. So
a cached result is never older than what an SQLite connection would read, whichever process wrote,
and a check costs a copy of 96 bytes, no system call and no release of the interpreter lock.

Where there is no such header (another database, a database in memory, a rollback journal),
nothing is cached.
"""

import ctypes
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field
from mmap import MAP_SHARED, PROT_READ
from struct import Struct
from typing import Any

from sqlalchemy import Engine, event

HALF = 48                           # bytes of the header, of which there are two equal copies
HEADER = 2 * HALF
VERSION = 3007000                   # of the header's format; no other is read
FIRST = Struct("=IIIBB")            # version, unused, change counter, is initialised, byte order
READY = 12                          # where the header says that it is initialised
MOST = 1000                         # rows kept of one state
AGAIN = 5.0                         # seconds until a file that could not be looked at is tried again
NOTHING = object()

# The mapped start of each wal-index, by its device and inode. Never closed: POSIX drops all locks that a process
# holds on a file when it closes any descriptor of it, and some of those locks are SQLite's. For the same
# reason not by the module mmap, which closes a copy of the descriptor when it fails.
_mapped: dict[tuple[int, int], Any] = {}
_libc = ctypes.PyDLL(None, use_errno=True)
_libc.mmap.restype = ctypes.c_void_p
_libc.mmap.argtypes = (
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long,
)
_FAILED = ctypes.c_void_p(-1).value


@dataclass(slots=True)
class State:
    """The results cached for one state of a file, which the bytes of its header identify."""

    header: bytes
    answers: dict[Any, Any] = field(default_factory=dict)
    rows: int = 0


class AnswerCache:
    """The cached results of an engine's file in its present state. Safe across threads."""

    def __init__(self, engine: Engine) -> None:
        self.pid = os.getpid()
        self._anchor: sqlite3.Connection | None = None
        self._header: Any = None                    # 96 bytes that SQLite changes
        self._state = State(b"")
        self._again: float | None = None            # monotonic time of the next try to map the header
        self._open(engine)

    @property
    def is_current(self) -> bool:
        """Whether it belongs to this process and needs no new try to map the header."""
        return self.pid == os.getpid() and (self._again is None or time.monotonic() < self._again)

    def get(self, key: Any, make: Callable[[], Any], rows: Callable[[Any], int] = lambda _: 1) -> Any:
        """The cached result for this key in this state of the file, else what `make` returns.

        The state is read first: what `make` finds may be newer, never older, and a newer state empties
        the cache. `rows` gives a result's number of rows; 0 is not kept.
        """
        mapped = self._header
        if mapped is None:
            return make()
        header, state = mapped.raw, self._state
        if state.header == header:
            found = state.answers.get(key, NOTHING)
            if found is not NOTHING:
                return found
        else:
            if header[:HALF] != header[HALF:] or not header[READY]:     # a commit is under way
                return make()
            self._state = state = State(header)
        answer = make()
        weight = rows(answer)
        if 0 < weight <= MOST:
            if state.rows + weight > MOST:
                self._state = state = State(header)
            state.rows += weight
            state.answers[key] = answer
        return answer

    def end(self) -> None:
        """Close the connection when the engine is disposed: the file may be removed or replaced."""
        self._header = None
        self._state = State(b"")
        if self._anchor is not None:
            self._anchor.close()
            self._anchor = None

    def _open(self, engine: Engine) -> None:
        """Map the header. A connection of its own keeps SQLite from removing the file meanwhile."""
        path = engine.url.database
        if not path or path == ":memory:" or engine.url.query:
            return
        anchor = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            anchor.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
            _, _, name = anchor.execute("PRAGMA database_list").fetchone()      # with links resolved
            if anchor.execute("PRAGMA journal_mode").fetchone() == ("wal",):
                self._header = _map(name + "-shm")
        except (OSError, sqlite3.Error):
            self._again = time.monotonic() + AGAIN
        if self._header is None:
            anchor.close()
        else:
            self._anchor = anchor


def _map(path: str) -> Any:
    """Map the header of a wal-index; None when its format is unknown."""
    found = os.stat(path)
    key = (found.st_dev, found.st_ino)
    if key not in _mapped:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        address = _libc.mmap(None, HEADER, PROT_READ, MAP_SHARED, descriptor, 0)
        if address == _FAILED:
            raise OSError(ctypes.get_errno(), f"{path} cannot be mapped")
        _mapped[key] = (ctypes.c_char * HEADER).from_address(address)
    version, _, _, ready, _ = FIRST.unpack_from(_mapped[key].raw)
    return _mapped[key] if version == VERSION and ready else None


_caches: weakref.WeakKeyDictionary[Engine, AnswerCache] = weakref.WeakKeyDictionary()
_hooked: weakref.WeakSet[Engine] = weakref.WeakSet()
_inherited: list[AnswerCache] = []       # from before a fork: the parent's connections, not to be closed here
_guard = threading.Lock()


def of(engine: Engine) -> AnswerCache:
    """The cache of an engine in this process."""
    found = _caches.get(engine)
    if found is not None and found.is_current:
        return found
    with _guard:
        found = _caches.get(engine)
        if found is not None and found.is_current:
            return found
        if found is not None and found.pid != os.getpid():
            _inherited.append(found)
        if engine not in _hooked:
            _hooked.add(engine)
            event.listen(engine, "engine_disposed", _forget)
        _caches[engine] = fresh = AnswerCache(engine)
    return fresh


def _forget(engine: Engine) -> None:
    """Drop the engine's cache after its connections were closed, for example before a fork."""
    with _guard:
        found = _caches.pop(engine, None)
        if found is None:
            return
        if found.pid == os.getpid():
            found.end()
        else:
            _inherited.append(found)


def _after_fork() -> None:
    """Replace the lock, which another thread of the parent may have held."""
    global _guard
    _guard = threading.Lock()


os.register_at_fork(after_in_child=_after_fork)
