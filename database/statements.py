"""Compiles SELECTs once, into text, order of the values and types of the columns, for the driver.

SQLAlchemy still writes the SQL and converts each type; reader.py runs the statements.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import Enum, Select, String, literal_column
from sqlalchemy import func as functions
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.sql import visitors
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Values = Mapping[str, Any]
Process = Callable[[Any], Any]


class StatementCache:
    """Caches statements by their shape: few, as one takes 250 kB and callers choose the shapes."""

    MOST = 64

    def __init__(self) -> None:
        self._kept: dict[Any, Prepared] = {}
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, shape: Any, build: Callable[[], "Prepared"]) -> "Prepared":
        """The statement of this shape, built when it is missing; a full cache drops the oldest."""
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

    @cached_property
    def wide(self) -> bool:
        """Whether a few rows may already be large: a text of any length is among the columns."""
        return any(
            isinstance(column.type, String) and column.type.length is None for column in self.select.selected_columns)

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
    """All rows as the members of one JSON list, in one text in one row, for SQLite; NULL without rows.

    Python's driver releases the interpreter lock at each row. Under load that is a thread switch
    for each of them, which costs more than the rest of the query.
    """
    # Without a limit SQLite may ignore the order of a subquery.
    rows = (select if select._limit_clause is not None else select.limit(literal_column("-1"))).subquery()
    # Not json_group_array: that one would not mind SQLite's limit before the whole text is made.
    all_rows = functions.group_concat(functions.json_array(*rows.c))
    if counted is None:
        return sqlalchemy.select(all_rows)
    return sqlalchemy.select(
        sqlalchemy.select(all_rows).scalar_subquery(), counted.order_by(None).scalar_subquery()
    )


MOST_TEXTS, LONGEST_KEPT = 32, 200         # of a statement with lists: texts that are kept, values in a list


class Expanded(NamedTuple):
    """The text for lists of some lengths, and its values: their names, their places in a list, their conversion."""

    sql: str
    places: tuple[tuple[str, int | None, Process | None], ...]


class Ready:
    """A compiled SELECT for the driver: text, order of the values, types of the columns."""

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
        self.lists = [name for name, bind in compiled.binds.items() if bind.expanding]
        self.texts: dict[tuple[int, ...], Expanded] = {}
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
        """`bound` for a statement with lists, whose text depends on how many values they have."""
        given = {**self.fixed, **values}
        lengths = tuple([len(given[name]) for name in self.lists])
        found = self.texts.get(lengths)
        if found is None and not self.compiled.literal_execute_params and max(lengths, default=0) <= LONGEST_KEPT:
            found = self._expansion(given)
            if len(self.texts) < MOST_TEXTS:
                self.texts[lengths] = found
        if found is None:
            return self._expanded_once(values)
        return found.sql, [
            one if process is None else process(one)
            for name, place, process in found.places
            for one in (given[name] if place is None else given[name][place],)
        ]

    def _expansion(self, given: Values) -> "Expanded":
        """The text for lists as long as these, and which value stands where in it."""
        state = self.compiled.construct_expanded_state(dict(given))
        processors: Mapping[str, Any] = state.processors
        parts = {
            name: (whole, place) for whole, names in state.parameter_expansion.items()
            for place, name in enumerate(names)
        }
        return Expanded(state.statement, tuple(
            (*parts.get(name, (name, None)), processors.get(name)) for name in state.positiontup or ()))

    def _expanded_once(self, values: Values) -> tuple[str, list[Any]]:
        known = {name: values[name] for name in self.compiled.binds if name in values}
        state = self.compiled.construct_expanded_state(known)
        processors: Mapping[str, Any] = state.processors
        return state.statement, [
            state.parameters[name] if (process := processors.get(name)) is None else process(state.parameters[name])
            for name in state.positiontup or ()
        ]


def _process(kind: TypeEngine[Any], dialect: Dialect) -> Process | None:
    """How a type converts the driver's value; enumerations are looked up in a dictionary."""
    if isinstance(kind, Enum) and kind.enum_class is not None:
        members: dict[Any, Any] = dict(zip(kind.enums, kind.enum_class, strict=True))
        return {**members, None: None}.__getitem__
    return kind.dialect_impl(dialect).result_processor(dialect, None)


def row_type(columns: Any) -> type[tuple[Any, ...]]:
    """A tuple with columns as attributes; a column is converted when it is read."""
    names: dict[str, Any] = {"__slots__": ()}
    for place, (name, process) in enumerate(columns):
        fetch = itemgetter(place)
        names[name] = property(fetch if process is None else _processed(fetch, process))
    return type("Row", (tuple,), names)


def _processed(fetch: Callable[[Any], Any], process: Process) -> Callable[[Any], Any]:
    return lambda row: process(fetch(row))
