"""Runs single statements of a transaction on SQLite's driver, where SQLAlchemy's execution costs several times more.

On other databases, and outside `transaction()`, they run on the session's connection.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from database import DRIVER, Driver


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
    return session.connection().exec_driver_sql(sql, tuple(values)) if driver is None else execute(driver, sql, values)


def execute(driver: Driver, sql: str, values: Sequence[Any]) -> sqlite3.Cursor:
    """Run a statement on SQLite's driver; raises SQLAlchemy's errors."""
    try:
        return driver.connection.execute(sql, values)
    except sqlite3.Error as problem:
        raise DBAPIError.instance(sql, tuple(values), problem, sqlite3.Error, dialect=driver.dialect) from problem
