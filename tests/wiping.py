"""Makes a PostgreSQL database empty between two tests."""

from contextlib import contextmanager

import sqlalchemy as sa


@contextmanager
def wiping(engine):
    """A function that makes every table empty and every sequence begin again, save what migrations brought.

    One call of a function whose plans its connection keeps: the same statements one by one take ten times as long.
    Not by TRUNCATE and ALTER SEQUENCE, which make new files.
    """
    kept = {"currencies", "alembic_version", "alembic_version_log"}
    ordered = [name for name, _ in sa.inspect(engine).get_sorted_table_and_fkc_names() if name is not None]
    steps = [f"IF EXISTS (SELECT FROM {name}) THEN DELETE FROM {name}; END IF;"
             for name in reversed(ordered) if name not in kept]                       # those that refer to others first
    own = sa.create_engine(engine.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with own.connect() as connection:
        steps += [f"IF (SELECT is_called FROM {name}) THEN PERFORM setval('{name}', 1, false); END IF;"
                  for name in connection.scalars(sa.text("SELECT sequencename FROM pg_sequences"))]
        body = f"BEGIN {' '.join(steps)} END"
        connection.exec_driver_sql(f"CREATE FUNCTION pg_temp.wipe() RETURNS void LANGUAGE plpgsql AS $${body}$$")
        connection.exec_driver_sql("SET lock_timeout = '20s'")      # a test has left a transaction open: say so
        yield lambda: connection.exec_driver_sql("SELECT pg_temp.wipe()")
