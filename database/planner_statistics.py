"""Keeps SQLite's statistics about tables that have grown, by which it chooses between indexes.

PostgreSQL gathers its own. SQLite does so only when it is told to, and a connection that is open reads what was
gathered by another only when the schema changes (tried with 3.40).
"""

import sqlalchemy as sa

from database import db, transaction

LEAST = 5_000                           # rows: any plan is quick in a table of fewer
SEEN = 1_000                            # entries of each index that are looked at: some 10 ms for a table of any size
GROWN = 2                               # times the rows of the last look

TABLES = sa.text(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
    " AND sql NOT LIKE '%WITHOUT ROWID%' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name"
)


class PlannerStatistics:
    """Which tables this process has looked at, and how long each was then."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}

    def refresh(self) -> list[str]:
        """Look at each table that has doubled since the last look; returns their names. One short transaction each."""
        if db.engine.dialect.name != "sqlite":
            return []
        with db.engine.connect() as connection:
            names = connection.scalars(TABLES).all()
            rows = {name: connection.scalar(sa.text(f'SELECT max(rowid) FROM "{name}"')) or 0 for name in names}
        grown = [name for name in names if rows[name] >= max(LEAST, GROWN * self.rows.get(name, 0))]
        for name in grown:
            with transaction():
                db.session.execute(sa.text(f"PRAGMA analysis_limit = {SEEN}"))
                db.session.execute(sa.text(f'ANALYZE "{name}"'))
            self.rows[name] = rows[name]
        if grown:
            _tell_other_connections()
        return grown


def _tell_other_connections() -> None:
    """Change the schema and change it back, so that each connection reads it, and the statistics, again."""
    with transaction():
        db.session.execute(sa.text("CREATE VIEW statistics_were_gathered AS SELECT 1"))
        db.session.execute(sa.text("DROP VIEW statistics_were_gathered"))
