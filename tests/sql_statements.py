"""Records the statements that a database is asked meanwhile, and asks SQLite how it would answer them."""

from contextlib import contextmanager, nullcontext

from sqlalchemy import event

from database import db


@contextmanager
def recorded(engine=None):
    """A list of the statements that are sent until the end of the block, each with its values."""
    asked, engine = [], engine or db.engine

    def hear(connection, cursor, statement, values, context, many):
        asked.append((statement, values))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def plan_of(statement, values, engine=None):
    """The steps of SQLite's plan for a statement."""
    with engine.connect() if engine else nullcontext(db.session.connection()) as connection:
        return [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + statement, values)]


def plans_of(run):
    """The steps of SQLite's plans for what `run` reads."""
    with recorded() as asked:
        run()
    return [step for statement, values in asked if statement.startswith(("SELECT", "WITH"))
            for step in plan_of(statement, values)]
