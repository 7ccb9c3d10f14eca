"""Runs the prepared statements of frequent reads, directly on the driver for SQLite.

This skips SQLAlchemy's work around each execution, which costs several times more
than SQLite's answer. Every thread keeps one connection for such reads. Within a transaction of the
session its own connection is used, so that what was just written is seen. On other databases, or
when the driver refuses, the session runs the statement.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session

from database import DRIVER, answer_cache, db
from database.driver import Driver
from database.statements import Prepared, Ready, Values


@dataclass(slots=True)
class Held:
    """The connection that a thread keeps for its reads."""

    engine: Engine
    pid: int
    fairy: Any                          # the pool's record of it
    driver: sqlite3.Connection


MOST_ROWS = 20_000                  # of one result: children of a page, rows of a list
MOST_TEXT = 8 * 1024 * 1024         # characters of one result, as SQLite writes it
FEW = 100                           # rows of a page that need no counting
AT_A_TIME = 100                     # rows of a large result that PostgreSQL sends at once
TOO_LARGE = f"more than {MOST_TEXT:,} characters"
OF_A_ROW = 4096                     # characters that count as one row in the cache
LONGEST = 300                       # characters, or members of a list, of a value that is cached


def one_row(_: Any) -> int:
    return 1


def if_there(row: Any) -> int:
    return 0 if row is None else 1


class ResultTooLarge(Exception):
    """The result of a statement exceeds the memory limit."""


def within_bounds(rows: Sequence[Any], most: int = MOST_ROWS) -> Sequence[Any]:
    """The rows, if they are within the limits; raises ResultTooLarge."""
    if len(rows) > most:
        raise ResultTooLarge(f"more than {most:,} lines")
    return rows


class Reader:
    """Runs prepared statements; as a context, all of them see one state of the database."""

    __slots__ = ("began", "characters", "dialect", "driver", "memory", "several")

    def __init__(self, *, several: bool = False) -> None:
        """`several` says that the context runs more than one statement and needs one state for them."""
        self.memory: answer_cache.AnswerCache | None = None  # none within a transaction: that sees its own changes
        self.began = False
        self.several = several
        self.characters = 0                 # read so far, of results that may be large
        session = db.session() if db.session.registry.has() else None
        known: Driver | None = None if session is None else session.info.get(DRIVER)
        if known is not None:
            self.driver: sqlite3.Connection | None = known.connection
            self.dialect = known.dialect
            return
        engine = db.engine
        self.dialect = engine.dialect
        is_sqlite = self.dialect.name == "sqlite"
        self.driver = _of_session(session) if is_sqlite else None
        if is_sqlite and self.driver is None:
            self.driver, self.memory = _of_thread(engine), answer_cache.of(engine)

    def __enter__(self) -> "Reader":
        if self.several and self.driver is not None and not self.driver.in_transaction:
            self.driver.execute("BEGIN")
            self.began = True
        return self

    def __exit__(self, *_: object) -> None:
        if self.began and self.driver is not None:
            self.driver.rollback()

    def cached(
        self, statement: Prepared, values: Values, make: Callable[[], Any], rows: Callable[[Any], int] = one_row,
        form: Any = None,
    ) -> Any:
        """The cached result of `make`, which may depend only on the database, this statement and its values.

        It is kept until the next commit (answer_cache.py). `form` tells apart results that are made
        in several ways; `rows` gives the number of rows of a result.
        """
        if self.memory is None or statement.timed:
            return make()
        given = tuple([
            (name, tuple(value) if isinstance(value, list) else value)
            for name, value in values.items() if name != "now"
        ])
        if any(isinstance(value, (str, tuple)) and len(value) > LONGEST for _, value in given):
            return make()                               # a caller's, perhaps a megabyte
        return self.memory.get((statement, given, form), make, lambda answer: self._weight(rows(answer)))

    def _weight(self, rows: int) -> int:
        """The number of rows that a result counts in the cache; a large row counts as several."""
        return rows and max(rows, self.characters // OF_A_ROW)

    def cached_first(self, statement: Prepared, values: Values, *, absent: bool = True) -> Any:
        """The first row, or None, cached for this state of the database.

        `absent` says whether to cache that there is none.
        """
        return self.cached(statement, values, lambda: self.first(statement, values), one_row if absent else if_there)

    def rows(self, statement: Prepared, values: Values) -> Sequence[Any]:
        """All rows, as tuples with the columns' names as attributes."""
        if self.driver is not None:
            ready = statement.packed(self.dialect)
            found = self._run(ready, values)
            if found is not None:
                return list(map(ready.row, self._read(found[0])))
        return self._bounded(statement, values)

    def page(self, statement: Prepared, values: Values) -> tuple[Sequence[Any], int]:
        """The rows of a page, and how many there are in all."""
        assert statement.counted is not None
        if self.driver is not None:
            ready = statement.packed(self.dialect)
            found = self._run(ready, values)
            if found is not None:
                return list(map(ready.row, self._read(found[0]))), found[1]
        total = self._session().execute(statement.counted, dict(values)).scalar_one()
        return self._bounded(statement, values), total

    def _bounded(self, statement: Prepared, values: Values) -> Sequence[Any]:
        """All rows by the session: in parts and counted, where they may be large."""
        if not statement.wide or values.get("limit", MOST_ROWS) <= FEW:
            return self._session().execute(statement.select, dict(values)).all()
        found, room = [], MOST_TEXT
        parts = {"stream_results": True, "max_row_buffer": AT_A_TIME}
        with self._session().execute(statement.select, dict(values), execution_options=parts) as result:
            for row in result:
                room -= sum(len(value) for value in row if isinstance(value, str))
                if room < 0:
                    raise ResultTooLarge(TOO_LARGE)
                found.append(row)
        return found

    def first(self, statement: Prepared, values: Values) -> Any:
        """The first row, or None."""
        if self.driver is not None:
            ready = statement.plain(self.dialect)
            found = self._run(ready, values)
            if found is not None and statement.wide:
                self.characters += sum(len(value) for value in found if isinstance(value, str))
            if self.driver is not None:
                return None if found is None else ready.row(found)
        return self._session().execute(statement.select, dict(values)).first()

    def _run(self, ready: Ready, values: Values) -> Any:
        """The first row as the driver gives it; None when there is none, or when the session must run it."""
        assert self.driver is not None
        try:
            return self.driver.execute(*ready.bound(values)).fetchone()
        except sqlite3.Error as problem:
            if problem.sqlite_errorcode == sqlite3.SQLITE_TOOBIG:
                raise ResultTooLarge(TOO_LARGE) from None
            self._give_up()
            return None

    def _read(self, text: str | None) -> Any:
        """The rows that a packed statement wrote."""
        if text is None:
            return []
        if len(text) > MOST_TEXT:
            raise ResultTooLarge(TOO_LARGE)
        self.characters += len(text)
        return orjson.loads(f"[{text}]")

    @staticmethod
    def _session() -> Connection:
        return db.session.connection()

    def _give_up(self) -> None:
        """Fall back to the session, which raises SQLAlchemy's errors."""
        self.driver = None
        if (held := _held()) is not None:
            held.fairy.close()
            _threads.held = None


_threads = threading.local()
_hooked: weakref.WeakSet[Engine] = weakref.WeakSet()
_abandoned: list[Held] = []


def _held() -> Held | None:
    return getattr(_threads, "held", None)


def _of_session(session: Session | None) -> sqlite3.Connection | None:
    """The session's own connection, within a transaction."""
    if session is None or not session.in_transaction():
        return None
    driver: sqlite3.Connection = session.connection().connection.driver_connection  # type: ignore[assignment]
    return driver


def _of_thread(engine: Engine) -> sqlite3.Connection:
    """The connection that this thread keeps for reads."""
    held = _held()
    if held is not None and held.engine is engine and held.pid == os.getpid():
        return held.driver
    return _hold(engine).driver


def _hold(engine: Engine) -> Held:
    """Take a connection from the pool for this thread; one from before a fork is the parent's and stays open."""
    before = _held()
    if before is not None and before.pid != os.getpid():
        _abandoned.append(before)
    if engine not in _hooked:
        _hooked.add(engine)
        event.listen(engine, "engine_disposed", _return_connection)
    fairy = engine.raw_connection()
    driver = fairy.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    _threads.held = Held(engine, os.getpid(), fairy, driver)
    return _threads.held  # type: ignore[no-any-return]


def _return_connection(engine: Engine) -> None:
    """Return this thread's connection when its engine is disposed."""
    held = _held()
    if held is not None and held.engine is engine:
        _threads.held = None
        if held.pid == os.getpid():
            held.fairy.invalidate()
