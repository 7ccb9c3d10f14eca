"""Makes the databases of a worker empty between two tests, and puts back rows that were made once for many tests."""

from contextlib import contextmanager

import sqlalchemy as sa

from database import db


class SQLite:
    """Databases in memory: bytes that are put back in 0.02 ms."""

    def __init__(self, engines):
        self.engines = engines
        self.blank = self.copy()

    def wipe(self):
        self.put(self.blank)

    def is_blank(self):
        return self.copy() == self.blank

    def copy(self):
        return {name: raw(engine).serialize() for name, engine in self.engines.items()}

    def put(self, copy):
        for name, engine in self.engines.items():
            connection = raw(engine)
            connection.deserialize(copy[name])
            # FTS5 remembers places of the bytes of before, and would say "abort due to ROLLBACK" at its next write.
            connection.execute("PRAGMA writable_schema = RESET")


def raw(engine):
    """The driver's own connection of an in-memory database."""
    fairy = engine.raw_connection()
    try:
        return fairy.driver_connection
    finally:
        fairy.close()


class PostgreSQL:
    """One database: every table is emptied and every sequence begins again, save what migrations brought.

    One call of a function whose plans its connection keeps: the same statements one by one take ten times as long.
    Not by TRUNCATE and ALTER SEQUENCE, which make new files.
    """

    KEPT = ("currencies", "alembic_version", "alembic_version_log")

    def __init__(self, connection, tables):
        self.connection, self.driver = connection, connection.connection.driver_connection
        self.tables = [name for name in tables if name not in self.KEPT]            # those that refer to others last
        steps = [f"IF EXISTS (SELECT FROM {name}) THEN DELETE FROM {name}; END IF;" for name in reversed(self.tables)]
        steps += [f"IF (SELECT is_called FROM {name}) THEN PERFORM setval('{name}', 1, false); END IF;"
                  for name in connection.scalars(sa.text("SELECT sequencename FROM pg_sequences"))]
        body = f"BEGIN {' '.join(steps)} END"
        connection.exec_driver_sql(f"CREATE FUNCTION pg_temp.wipe() RETURNS void LANGUAGE plpgsql AS $${body}$$")
        connection.exec_driver_sql("SET lock_timeout = '20s'")      # a test has left a transaction open: say so

    def wipe(self):
        self.connection.exec_driver_sql("SELECT pg_temp.wipe()")

    def is_blank(self):
        return self.copy()[0] == {}

    def copy(self):
        """Each table that has rows, as bytes, and each sequence that was used."""
        tables = {name: self._read(name) for name in self.tables
                  if self.connection.scalar(sa.text(f"SELECT EXISTS (SELECT FROM {name})"))}
        used = self.connection.execute(sa.text(
            "SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL"))
        return tables, [tuple(row) for row in used]

    def _read(self, name):
        with self.driver.cursor() as cursor, cursor.copy(f"COPY {name} TO STDOUT (FORMAT BINARY)") as lines:
            return b"".join(map(bytes, lines))

    def put(self, copy):
        self.wipe()
        tables, used = copy
        with self.driver.cursor() as cursor:
            for name, lines in tables.items():
                with cursor.copy(f"COPY {name} FROM STDIN (FORMAT BINARY)") as into:
                    into.write(lines)
            for name, last in used:
                cursor.execute("SELECT setval(%s, %s)", (name, last))


@contextmanager
def wiping(engines, on_postgresql):
    """The worker's databases, of which the migrations made the tables."""
    if not on_postgresql:
        yield SQLite(engines)
        return
    ordered = [name for name, _ in sa.inspect(engines[None]).get_sorted_table_and_fkc_names() if name is not None]
    own = sa.create_engine(engines[None].url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with own.connect() as connection:
        yield PostgreSQL(connection, ordered)


class MadeOnce:
    """Calls a function once a worker, and puts back the rows that it made whenever a later test asks for them.

    `made_once(make)` is what `make()` returned: ids and callers, no rows of the session. Other rows of the test would
    be lost, so it comes before everything that makes some.
    """

    def __init__(self, databases, forget):
        self.databases, self.forget, self.made = databases, forget, {}

    def __call__(self, make, *given):
        db.session.remove()
        if (make, given) not in self.made:
            assert self.databases.is_blank(), f"{make.__name__} is not the first that makes rows: they would be lost"
            value = make(*given)
            db.session.remove()
            self.made[make, given] = value, self.databases.copy()
        else:
            self.databases.put(self.made[make, given][1])
        self.forget()
        return self.made[make, given][0]
