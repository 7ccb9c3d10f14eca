"""Writes many rows at once, by the fastest way of each database, inside the caller's transaction.

SQLite: the driver's executemany. PostgreSQL: COPY for the requests, arrays for merged rows.
SQLAlchemy's compiled statements would cost more per row than all other work on it.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, LargeBinary, String, Table, text

from analytics.store import CELL_KEY, cells, histograms, imported_lines, keys, objects, offsets, requests, shapes, state

WRITER_LOCK = 7_305_002             # of PostgreSQL's advisory lock; any number that nothing else in this database uses
Rows = Sequence[Sequence[Any]]


def lock_writers(connection: Connection) -> None:
    """Lock the log for one writer at a time. SQLite's transaction already does that."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITER_LOCK})


def insert(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, with values in the order of the table's columns."""
    if not rows:
        return
    names = ", ".join(column.name for column in table.columns)
    driver = connection.connection.driver_connection
    assert driver is not None
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.columns))
        driver.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)
        return
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _merge(connection: Connection, table: Table, key: Sequence[str], changes: dict[str, str], rows: Rows) -> None:
    """Insert, or change the row with that key. `{old}` and `{new}` in a change name the two values."""
    if not rows:
        return
    names = [column.name for column in table.columns]
    setting = ", ".join(
        f"{name} = " + how.format(old=f"{table.name}.{name}", new=f"excluded.{name}") for name, how in changes.items())
    sqlite = connection.dialect.name == "sqlite"
    values = f"VALUES ({', '.join('?' * len(names))})" if sqlite else f"SELECT * FROM {_arrays(table)}"
    words = (
        f"INSERT INTO {table.name} ({', '.join(names)}) {values} "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {setting}"
    )
    driver = connection.connection.driver_connection
    assert driver is not None
    if sqlite:
        driver.executemany(words, rows)
    else:
        driver.execute(words, [list(column) for column in zip(*rows, strict=True)])


def _arrays(table: Table, names: Iterable[str] = ()) -> str:
    columns = [table.c[name] for name in names] or list(table.columns)
    return "unnest(" + ", ".join(f"%s::{_array_type(column.type)}[]" for column in columns) + ")"


def _array_type(kind: Any) -> str:
    if isinstance(kind, String):
        return "text"
    return "bytea" if isinstance(kind, LargeBinary) else "bigint"


ADD, REPLACE = "{old} + {new}", "{new}"


def largest(connection: Connection) -> str:
    return "max({old}, {new})" if connection.dialect.name == "sqlite" else "greatest({old}, {new})"


def add_cells(connection: Connection, rows: Rows) -> None:
    """Add counts to the roll-ups."""
    changes = {column.name: ADD for column in cells.columns if column.name not in CELL_KEY}
    _merge(connection, cells, CELL_KEY, {**changes, "max_us": largest(connection)}, rows)


def put_histograms(connection: Connection, rows: Rows) -> None:
    """Write histograms and replace existing ones."""
    _merge(connection, histograms, CELL_KEY, {"counts": REPLACE}, rows)


def existing_histograms(connection: Connection, wanted: Rows) -> dict[tuple[int, int, int], bytes]:
    """The stored packed histograms, by (shape, level, bucket)."""
    if not wanted:
        return {}
    driver = connection.connection.driver_connection
    assert driver is not None
    if connection.dialect.name == "sqlite":
        words = "SELECT counts FROM request_histograms WHERE shape_id = ? AND level = ? AND bucket = ?"
        cursor = driver.cursor()
        found = ((tuple(key), cursor.execute(words, key).fetchone()) for key in wanted)
        return {key: row[0] for key, row in found if row}
    words = (
        f"SELECT h.* FROM {_arrays(histograms, CELL_KEY)} AS wanted (shape_id, level, bucket) "
        "JOIN request_histograms h USING (shape_id, level, bucket)"
    )
    rows = driver.execute(words, [list(column) for column in zip(*wanted, strict=True)])
    return {(row[0], row[1], row[2]): row[3] for row in rows}


def add_shapes(connection: Connection, rows: Rows) -> None:
    insert(connection, shapes, rows)


def add_requests(connection: Connection, rows: Rows) -> None:
    insert(connection, requests, rows)


def add_objects(connection: Connection, rows: Rows) -> None:
    insert(connection, objects, rows)


def put_keys(connection: Connection, rows: Rows) -> None:
    """Store the last use of keys, unless a later one is stored."""
    newer = "CASE WHEN excluded.last_at_us >= request_keys.last_at_us THEN {new} ELSE {old} END"
    _merge(connection, keys, ("key_id",), {"last_ip": newer, "last_at_us": newer}, rows)


def put_state(connection: Connection, name: str, value: int) -> None:
    _merge(connection, state, ("name",), {"value": REPLACE}, [(name, value)])


def put_offsets(connection: Connection, rows: Rows) -> None:
    _merge(connection, offsets, ("name",), {"position": REPLACE}, rows)


def put_imported_lines(connection: Connection, rows: Rows) -> None:
    _merge(connection, imported_lines, ("source", "digest"), {"copies": REPLACE}, rows)
