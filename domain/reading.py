"""Reads of the hot path: SELECTs that are compiled once and, on SQLite, run on the driver itself.

SQLAlchemy still says what the SQL is and how each type is read and bound; what is left out is its
machinery around a single execution, which costs several times more than SQLite's answer. Every
thread keeps one connection for such reads. Within a transaction of the session its own connection
is used, so that what was just written is seen. On other databases, or when the driver refuses, the
session runs the statement.
"""

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

import orjson
import sqlalchemy
from sqlalchemy import Connection, Engine, Enum, Select, event, literal_column
from sqlalchemy import func as functions
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from database import db
from domain import recall

Values = Mapping[str, Any]
Process = Callable[[Any], Any]


class Shelf:
    """Statements by their shape. One costs a quarter of a megabyte, and callers choose the shapes, so few are kept."""

    MOST = 64

    def __init__(self) -> None:
        self._kept: dict[Any, Prepared] = {}
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, shape: Any, build: Callable[[], "Prepared"]) -> "Prepared":
        """The statement of this shape, built when it is not there; the oldest one makes room."""
        found = self._kept.get(shape)
        if found is None:
            found = build()
            with self._guard:
                if len(self._kept) >= self.MOST:
                    del self._kept[next(iter(self._kept))]
                self._kept[shape] = found
        return found


class Prepared:
    """A SELECT, compiled once for each dialect; with `counted`, a page of rows and the number of all."""

    def __init__(self, select: Select[Any], counted: Select[Any] | None = None):
        self.select = select
        self.counted = counted
        self._plain: dict[str, Ready] = {}
        self._packed: dict[str, Ready] = {}
        self.timed = any(getattr(part, "key", None) == "now" for part in visitors.iterate(select))

    def plain(self, dialect: Dialect) -> "Ready":
        """For a statement that gives one row."""
        return self._plain.get(dialect.name) or self._plain.setdefault(
            dialect.name, Ready(self.select, self.select, dialect)
        )

    def packed(self, dialect: Dialect) -> "Ready":
        """For a statement that gives many."""
        return self._packed.get(dialect.name) or self._packed.setdefault(
            dialect.name, Ready(pack(self.select, self.counted), self.select, dialect)
        )


def pack(select: Select[Any], counted: Select[Any] | None) -> Select[Any]:
    """All rows as one JSON text in one row, for SQLite.

    Python's driver lets the other threads run at each row. Under load that is a change of threads
    for each of them, which costs more than all the rest of the query.
    """
    # Without a limit SQLite takes the liberty to leave the order of a subquery out.
    rows = (select if select._limit_clause is not None else select.limit(literal_column("-1"))).subquery()
    all_rows = functions.json_group_array(functions.json_array(*rows.c))
    if counted is None:
        return sqlalchemy.select(all_rows)
    return sqlalchemy.select(
        sqlalchemy.select(all_rows).scalar_subquery(), counted.order_by(None).scalar_subquery()
    )


class Ready:
    """What the driver needs to run a SELECT: text, order of the values, types of the columns."""

    def __init__(self, select: Select[Any], typed: Select[Any], dialect: Dialect):
        compiled = select.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self.compiled, self.dialect = compiled, dialect
        self.sql = compiled.string
        self.expands = bool(compiled.post_compile_params)
        self.fixed = {name: bind.effective_value for name, bind in compiled.binds.items() if not bind.required}
        self.processors = {
            name: process
            for name, bind in compiled.binds.items()
            if (process := bind.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        }
        self.names: Sequence[str] = compiled.positiontup or ()
        self.row = row_type((column.key or "", _process(column.type, dialect)) for column in typed.selected_columns)

    def bound(self, values: Values) -> tuple[str, list[Any]]:
        """The text and the values in its order."""
        if self.expands:
            return self._expanded(values)
        given, processors = {**self.fixed, **values}, self.processors
        return self.sql, [
            given[name] if (process := processors.get(name)) is None else process(given[name]) for name in self.names
        ]

    def _expanded(self, values: Values) -> tuple[str, list[Any]]:
        """The same for a statement with lists, whose text depends on how many values they have."""
        known = {name: values[name] for name in self.compiled.binds if name in values}
        state = self.compiled.construct_expanded_state(known)
        processors: Mapping[str, Any] = state.processors
        return state.statement, [
            state.parameters[name] if (process := processors.get(name)) is None else process(state.parameters[name])
            for name in state.positiontup or ()
        ]


def _process(kind: TypeEngine[Any], dialect: Dialect) -> Process | None:
    """How a type makes its value of what the driver gives; enumerations are one look into a table."""
    if isinstance(kind, Enum) and kind.enum_class is not None:
        members: dict[Any, Any] = dict(zip(kind.enums, kind.enum_class, strict=True))
        return {**members, None: None}.__getitem__
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def row_type(columns: Any) -> type[tuple[Any, ...]]:
    """A tuple whose columns are attributes; what a type makes of a column is made when it is asked for."""
    names: dict[str, Any] = {"__slots__": ()}
    for place, (name, process) in enumerate(columns):
        fetch = itemgetter(place)
        names[name] = property(fetch if process is None else _processed(fetch, process))
    return type("Row", (tuple,), names)


def _processed(fetch: Callable[[Any], Any], process: Process) -> Callable[[Any], Any]:
    return lambda row: process(fetch(row))


@dataclass(slots=True)
class Held:
    """The connection that a thread keeps for its reads."""

    engine: Engine
    pid: int
    fairy: Any                          # the pool's hold on it
    driver: sqlite3.Connection


def one_row(_: Any) -> int:
    return 1


class Reader:
    """Runs prepared statements; as a context, all of them see one state of the database."""

    __slots__ = ("began", "dialect", "driver", "memory", "several")

    def __init__(self, *, several: bool = False) -> None:
        """`several` statements are going to be run in the context; a single one is consistent by itself."""
        engine = db.engine
        self.dialect = engine.dialect
        is_sqlite = self.dialect.name == "sqlite"
        self.driver = _of_session() if is_sqlite else None
        self.memory: recall.Recall | None = None        # none within a transaction: that sees its own changes
        if is_sqlite and self.driver is None:
            self.driver, self.memory = _of_thread(engine), recall.of(engine)
        self.began = False
        self.several = several

    def __enter__(self) -> "Reader":
        if self.several and self.driver is not None and not self.driver.in_transaction:
            self.driver.execute("BEGIN")
            self.began = True
        return self

    def __exit__(self, *_: object) -> None:
        if self.began and self.driver is not None:
            self.driver.rollback()

    def recall(
        self, statement: Prepared, values: Values, make: Callable[[], Any], rows: Callable[[Any], int] = one_row,
        form: Any = None,
    ) -> Any:
        """What `make` gives, which depends on nothing but the database, this statement and its values.

        It is not asked again until something is committed (recall.py). `form` tells apart what is made
        in several ways; `rows` says how many rows an answer has.
        """
        if self.memory is None or statement.timed:
            return make()
        given = tuple([
            (name, tuple(value) if isinstance(value, list) else value)
            for name, value in values.items() if name != "now"
        ])
        return self.memory.get((statement, given, form), make, rows)

    def recall_first(self, statement: Prepared, values: Values) -> Any:
        """The first row, or None, as it was found in this state of the database."""
        return self.recall(statement, values, lambda: self.first(statement, values))

    def rows(self, statement: Prepared, values: Values) -> Sequence[Any]:
        """All rows, as tuples with the columns' names as attributes."""
        if self.driver is not None:
            ready = statement.packed(self.dialect)
            found = self._run(ready, values)
            if found is not None:
                return list(map(ready.row, orjson.loads(found[0])))
        return self._session().execute(statement.select, dict(values)).all()

    def page(self, statement: Prepared, values: Values) -> tuple[Sequence[Any], int]:
        """The rows of a page, and how many there are in all."""
        assert statement.counted is not None
        if self.driver is not None:
            ready = statement.packed(self.dialect)
            found = self._run(ready, values)
            if found is not None:
                return list(map(ready.row, orjson.loads(found[0]))), found[1]
        total = self._session().execute(statement.counted, dict(values)).scalar_one()
        return self._session().execute(statement.select, dict(values)).all(), total

    def first(self, statement: Prepared, values: Values) -> Any:
        """The first row, or None."""
        if self.driver is not None:
            ready = statement.plain(self.dialect)
            found = self._run(ready, values)
            if self.driver is not None:
                return None if found is None else ready.row(found)
        return self._session().execute(statement.select, dict(values)).first()

    def _run(self, ready: Ready, values: Values) -> Any:
        """The first row as it comes; None when there is none, or when the driver was given up."""
        assert self.driver is not None
        try:
            return self.driver.execute(*ready.bound(values)).fetchone()
        except sqlite3.Error:
            self._give_up()
            return None

    @staticmethod
    def _session() -> Connection:
        return db.session.connection()

    def _give_up(self) -> None:
        """The session shall say what is wrong, in the words that everybody expects."""
        self.driver = None
        if (held := _held()) is not None:
            held.fairy.close()
            _threads.held = None


_threads = threading.local()
_told: weakref.WeakSet[Engine] = weakref.WeakSet()
_abandoned: list[Held] = []


def _held() -> Held | None:
    return getattr(_threads, "held", None)


def _of_session() -> sqlite3.Connection | None:
    """The session's own connection, within a transaction."""
    if db.session.registry.has() and (session := db.session()).in_transaction():
        driver: sqlite3.Connection = session.connection().connection.driver_connection  # type: ignore[assignment]
        return driver
    return None


def _of_thread(engine: Engine) -> sqlite3.Connection:
    """The connection that this thread keeps for reads."""
    held = _held()
    if held is not None and held.engine is engine and held.pid == os.getpid():
        return held.driver
    return _hold(engine).driver


def _hold(engine: Engine) -> Held:
    """Take a connection of the pool for good; one of before a fork is the parent's and stays as it is."""
    before = _held()
    if before is not None and before.pid != os.getpid():
        _abandoned.append(before)
    if engine not in _told:
        _told.add(engine)
        event.listen(engine, "engine_disposed", _let_go)
    fairy = engine.raw_connection()
    driver = fairy.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    _threads.held = Held(engine, os.getpid(), fairy, driver)
    return _threads.held  # type: ignore[no-any-return]


def _let_go(engine: Engine) -> None:
    """Give this thread's connection back when its engine is done."""
    held = _held()
    if held is not None and held.engine is engine:
        _threads.held = None
        if held.pid == os.getpid():
            held.fairy.invalidate()
