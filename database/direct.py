"""Runs single statements of a transaction on SQLite's driver, where SQLAlchemy's execution costs several times more.

On other databases, and outside `transaction()`, they run on the session's connection.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from database import DRIVER
from database.driver import Driver


def driver_of(session: Session) -> Driver | None:
    """SQLite's connection, within `transaction()`."""
    driver: Driver | None = session.info.get(DRIVER)
    if driver is None or not driver.connection.in_transaction:
        return None
    if session.in_nested_transaction():
        session.connection()                    # begins the savepoint, which the session puts off until then
    return driver


def run(session: Session, sql: str, values: Sequence[Any] = ()) -> Any:
    """Run a statement in the driver's own words; the result has `fetchone`. Raises SQLAlchemy's errors."""
    driver = driver_of(session)
    return session.connection().exec_driver_sql(sql, tuple(values)) if driver is None else driver.send(sql, values)
