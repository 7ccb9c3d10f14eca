"""SQLite's own connection of a session, for statements that need nothing of SQLAlchemy."""

import sqlite3
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError


class Driver(NamedTuple):
    """A connection, and how SQLAlchemy speaks to its database."""

    connection: sqlite3.Connection
    dialect: Dialect

    def send(self, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
        """Run a statement; raises SQLAlchemy's errors."""
        try:
            return self.connection.execute(sql, values)
        except sqlite3.Error as problem:
            raise DBAPIError.instance(sql, tuple(values), problem, sqlite3.Error, dialect=self.dialect) from problem
