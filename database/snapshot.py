"""Runs long reads, such as exports, in one state of the database, whatever is committed meanwhile."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from database import db
from database.statements import Prepared, Values


class Snapshot:
    """Runs prepared statements on a connection that sees one state."""

    def __init__(self, connection: Connection):
        self.connection = connection

    def rows(self, statement: Prepared, values: Values) -> Sequence[Any]:
        """All rows of a statement."""
        return self.connection.execute(statement.select, dict(values)).all()

    def chunks(self, statement: Prepared, values: Values, size: int) -> Iterator[Sequence[Any]]:
        """The rows of a statement in chunks, in constant memory."""
        options = {"stream_results": True, "max_row_buffer": size}
        with self.connection.execute(statement.select, dict(values), execution_options=options) as result:
            yield from result.partitions(size)


@contextmanager
def snapshot() -> Iterator[Snapshot]:
    """One state from the first read to the end of the block.

    On SQLite any transaction reads one state, so the session's serves. PostgreSQL's default transactions
    see what others commit, so a connection of its own uses REPEATABLE READ.
    """
    if db.engine.dialect.name == "sqlite":
        yield Snapshot(db.session.connection())
        return
    with db.engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        yield Snapshot(connection)
