"""Writes new rows to SQLite on the driver: SQLAlchemy's unit of work costs many times what the INSERTs do.

`flush_new` is `session.flush()` for what a creation leaves: new rows, and the new rows that belong to them. With
anything else in the session, for tables with rules of their own, and on other databases, it is `session.flush()`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Column
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.orm import Mapper, Session
from sqlalchemy.orm.attributes import instance_state, set_committed_value
from sqlalchemy.orm.interfaces import MANYTOMANY, MANYTOONE
from sqlalchemy.orm.relationships import RelationshipProperty
from sqlalchemy.orm.state import InstanceState

from database.direct import driver_of
from database.driver import Driver

State = InstanceState[Any]
MOST = 20                                       # rows that one statement inserts
Pairs = tuple[tuple[str, str], ...]             # names of attributes: of this row, of the other one


class Parameters:
    """What the default of a column may read: the values of its row."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, Any]):
        self.values = values

    def get_current_parameters(self) -> Mapping[str, Any]:
        return self.values


class Place(NamedTuple):
    """A column: the attribute that has its value, its default, how the driver wants it."""

    name: str
    default: Callable[[Any], Any] | None
    fixed: Any                                  # a default that is the same for every row
    null_is_value: bool                         # None was meant: JSON's null, not SQL's
    process: Callable[[Any], Any] | None


@dataclass(frozen=True, slots=True)
class Insertion:
    """How the rows of a table are inserted."""

    sql: str                                    # up to the values
    marks: str                                  # of the values of one row
    key: str
    places: tuple[Place, ...]
    parents: tuple[tuple[str, Pairs], ...]      # relationships to the rows that it belongs to
    children: tuple[tuple[str, Pairs], ...]     # and to those that belong to it
    many: tuple[str, ...]                       # and those through a table of their own
    owned: bool                                 # they are deleted with the row that they belong to


def flush_new(session: Session) -> None:
    """Write what is new in the session; the rows have their ids afterwards. After an error the caller rolls back."""
    driver = driver_of(session)
    new: dict[State, Any] = session._new
    if driver is None or not new or session._deleted or session.identity_map._modified:
        session.flush()
        return
    session.dispatch.before_flush(session, None, None)
    order = _ordered(new, driver.dialect)
    if order is None:
        session.flush()
        return
    for group in _groups(order):
        for state, _, above in group:
            _take_keys(state.dict, above)
        _insert(driver, [state.dict for state, _, _ in group], group[0][1])
    session._register_persistent({state for state, _, _ in order})


def _groups(order: Sequence["Step"]) -> Iterator[list["Step"]]:
    """The rows in groups that one statement inserts: of one table, and none belongs to another of them."""
    group: list[Step] = []
    for step in order:
        parents = [parent for parent, _ in step[2]]
        if group and (step[1] is not group[0][1] or len(group) == MOST or any(one[0] in parents for one in group)):
            yield group
            group = []
        group.append(step)
    yield group


Above = list[tuple[State, Pairs]]               # rows that must be there before, whose keys a row takes
Step = tuple[State, Insertion, Above]


def _ordered(new: Mapping[State, Any], dialect: Dialect) -> list[Step] | None:
    """The rows, parents first; None where the unit of work must find out."""
    above: dict[State, Above] = {state: [] for state in new}
    ways: dict[State, Insertion] = {}
    for state in new:
        way = insertion_of(state.mapper, dialect)
        if way is None or state.dict.get(way.key) is not None or (way.owned and state.mapper._is_orphan(state)):
            return None
        if not _belongs(state, way, above):
            return None
        ways[state] = way
    done: dict[State, Step] = {}

    def place(state: State) -> None:
        if state not in done:
            for parent, _ in above[state]:
                if parent in ways:
                    place(parent)
            done[state] = state, ways[state], above[state]

    for state in new:
        place(state)
    return list(done.values())


def _belongs(state: State, way: Insertion, above: dict[State, Above]) -> bool:
    """Note to which rows this one belongs, and which belong to it; False where they are not new, or not stored."""
    values = state.dict
    for name, pairs in way.parents:
        if name in values:
            parent = values[name]
            if parent is None:
                return False
            found = parent._sa_instance_state
            if found.key is None and found not in above:
                return False
            above[state].append((found, pairs))
    for name, pairs in way.children:
        if values.get(name):
            for child in values[name] if isinstance(values[name], list) else [values[name]]:
                if child._sa_instance_state not in above:
                    return False
                above[child._sa_instance_state].append((state, pairs))
    return not any(values.get(name) for name in way.many)


def insert(session: Session, model: Any, values: dict[str, Any]) -> int:
    """Insert a row without an object for it, and give its id. Missing values are filled in with their defaults."""
    driver = driver_of(session)
    way = insertion_of(model.__mapper__, driver.dialect) if driver is not None else None
    if driver is None or way is None:
        return int(session.execute(model.__table__.insert(), values).inserted_primary_key[0])      # type: ignore[attr-defined]
    _insert(driver, [values], way)
    return int(values[way.key])


def complete(session: Session, row: Any, **values: Any) -> None:
    """Set columns of a row that was just inserted, such as those that contain its id."""
    driver, state = driver_of(session), instance_state(row)
    way = insertion_of(state.mapper, driver.dialect) if driver is not None and not state.modified else None
    if driver is None or way is None or state.key is None:
        for name, value in values.items():
            setattr(row, name, value)
        return
    places = [place for place in way.places if place.name in values]
    bound = [values[place.name] if place.process is None else place.process(values[place.name]) for place in places]
    quote = driver.dialect.identifier_preparer.quote
    words = ", ".join(f"{quote(place.name)} = ?" for place in places)
    table = driver.dialect.identifier_preparer.format_table(state.mapper.local_table)
    driver.send(f"UPDATE {table} SET {words} WHERE {quote(way.key)} = ?", [*bound, state.dict[way.key]])
    for name, value in values.items():
        set_committed_value(row, name, value)


def _take_keys(values: dict[str, Any], above: Above) -> None:
    """Take the keys of the rows that this one belongs to."""
    for parent, pairs in above:
        known = parent.dict
        for own, other in pairs:
            values[own] = known[other] if other in known else getattr(parent.obj(), other)


def _insert(driver: Driver, rows: Sequence[dict[str, Any]], way: Insertion) -> None:
    """Insert rows and note their ids: in one statement, before which the table is locked, they follow each other."""
    bound: list[Any] = []
    for values in rows:
        for name, default, fixed, null_is_value, process in way.places:
            value = values.get(name)
            if value is None and not (null_is_value and name in values):
                value = values[name] = fixed if default is None else default(Parameters(values))
                if value is None:
                    bound.append(None)
                    continue
            bound.append(value if process is None else process(value))
    last = driver.send(way.sql + ", ".join([way.marks] * len(rows)), bound).lastrowid
    assert last is not None      # an INSERT gives it
    for place, values in enumerate(rows, last - len(rows) + 1):
        values[way.key] = place


@cache
def insertion_of(mapper: Mapper[Any], dialect: Dialect) -> Insertion | None:
    """How to insert rows of a model; None for one that has more than a table, a counted key and simple defaults."""
    table: Any = mapper.local_table
    keys = mapper.primary_key
    listens = mapper.dispatch.before_insert or mapper.dispatch.after_insert
    if mapper.inherits is not None or mapper.polymorphic_on is not None or mapper.version_id_col is not None or listens:
        return None
    if len(mapper.tables) != 1 or len(keys) != 1 or keys[0] is not table.autoincrement_column:
        return None
    names = {column: prop.key for prop in mapper.column_attrs for column in prop.columns}
    columns = [column for column in table.columns if column is not keys[0]]
    if not all(column in names and column.key == names[column] and _is_simple(column) for column in columns):
        return None
    quote = dialect.identifier_preparer
    listed = ", ".join(quote.format_column(column) for column in columns)
    marks = ", ".join("?" * len(columns))
    related = [one for one in mapper.relationships if not one.viewonly]
    return Insertion(
        f"INSERT INTO {quote.format_table(table)} ({listed}) VALUES ", f"({marks})",
        names[keys[0]],
        tuple(_place(column, dialect) for column in columns),
        tuple((one.key, _pairs(one)) for one in related if one.direction is MANYTOONE),
        tuple((one.key, _pairs(one)) for one in related if one.direction not in (MANYTOONE, MANYTOMANY)),
        tuple(one.key for one in related if one.direction is MANYTOMANY),
        bool(mapper._delete_orphans),
    )


def _is_simple(column: Column[Any]) -> bool:
    default: Any = column.default
    return column.server_default is None and (default is None or default.is_scalar or default.is_callable)


def _place(column: Column[Any], dialect: Dialect) -> Place:
    default: Any = column.default
    return Place(
        column.key,
        default.arg if default is not None and default.is_callable else None,
        default.arg if default is not None and default.is_scalar else None,
        column.type.should_evaluate_none,
        column.type.dialect_impl(dialect).bind_processor(dialect),
    )


def _pairs(relation: RelationshipProperty[Any]) -> Pairs:
    """The attributes of the row that belongs to the other, and those of the other that they repeat."""
    if relation.direction is MANYTOONE:
        mine, theirs = relation.parent, relation.mapper
        return tuple(
            (mine.get_property_by_column(one).key, theirs.get_property_by_column(other).key)
            for one, other in relation.local_remote_pairs or ())
    mine, theirs = relation.mapper, relation.parent
    return tuple(
        (mine.get_property_by_column(other).key, theirs.get_property_by_column(one).key)
        for one, other in relation.local_remote_pairs or ())
