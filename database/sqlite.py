"""Configures SQLite: its settings, the lock that a writer takes before it reads, and the queue of writers.

Without the lock, read-compute-write loses updates in silence; without the queue, SQLite's own busy
handler is unfair under load.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError

LONGEST_VALUE = 32 * 1024 * 1024    # bytes; what would be longer, such as all rows of a statement, is not made
BUSY, NEARLY = 5000, 250            # milliseconds that SQLite waits for a lock; a difference that does not matter


class DatabaseBusy(Exception):
    """The write lock could not be taken in time; nothing was changed."""


def tune_sqlite(engine: Engine, synchronous: str) -> None:
    """Set WAL mode, foreign keys and locking before the first read; only the owner may read a new file."""
    path = engine.url.database
    if path and not path.startswith((":", "file:")):
        event.listen(engine, "do_connect", lambda *_: make_private(path))    # its journals get the file's mode

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None            # BEGIN is emitted below
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        for pragma in ("journal_mode=WAL", f"synchronous={synchronous}", "foreign_keys=ON", f"busy_timeout={BUSY}"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        deadline = connection.get_execution_options().get("write_deadline")
        driver: Any = connection.connection.driver_connection
        try:
            if deadline is None:
                driver.execute("BEGIN")
                return
            # The queue has waited already; a wait that is as long as the usual one, but for little, needs no statement.
            left = max(1, int((deadline - time.monotonic()) * 1000))
            wait = BUSY if left > BUSY - NEARLY else left
            known = connection.connection.info
            if known.get("busy_timeout", BUSY) != wait:
                driver.execute(f"PRAGMA busy_timeout={wait}")
                known["busy_timeout"] = wait
            driver.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as problem:
            raise DBAPIError.instance("BEGIN", (), problem, sqlite3.Error, dialect=connection.dialect) from problem


def owner_only(path: str, flags: int) -> int:
    """An `opener` for open(): a file that is made is readable by its owner only."""
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def make_private(path: str) -> None:
    """Make the file before SQLite does; one that is there stays as it is."""
    with suppress(OSError):                          # SQLite reports what is wrong
        os.close(owner_only(path, os.O_RDWR | os.O_CREAT | os.O_EXCL))


def lock_file(descriptor: int, deadline: float = 0.0, pause: float = 0.001) -> bool:
    """Lock an open file exclusively; False when it stays locked until the deadline (monotonic seconds)."""
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
        time.sleep(pause)


class WriterQueue:
    """Queues the writers of one SQLite file: a lock in the process, then one on a file."""

    def __init__(self, path: str | None):
        self.path = path
        self.threads = threading.Lock()

    @contextmanager
    def turn(self, deadline: float) -> Iterator[None]:
        if not self.threads.acquire(timeout=max(0.0, deadline - time.monotonic())):
            raise DatabaseBusy("The database is busy.")
        try:
            with self._file_lock(deadline):
                yield
        finally:
            self.threads.release()

    @contextmanager
    def _file_lock(self, deadline: float) -> Iterator[None]:
        if self.path is None:                        # in memory: there is no other process
            yield
            return
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if not lock_file(descriptor, deadline):
                raise DatabaseBusy("The database is busy.")
            yield
        finally:
            os.close(descriptor)                     # closing releases the lock


_queues: dict[str, WriterQueue] = {}
_queues_guard = threading.Lock()


def queue_of(engine: Engine) -> WriterQueue:
    """The one queue of an engine's file in this process."""
    name = engine.url.database or ""
    with _queues_guard:
        if name not in _queues:
            in_memory = name in ("", ":memory:") or "mode=memory" in str(engine.url)
            _queues[name] = WriterQueue(None if in_memory else name + ".lock")
        return _queues[name]
