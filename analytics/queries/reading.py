"""Runs queries on the log database, those of one page on one connection and on one state of the data."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from sqlalchemy import Connection

from database import db

_shared: ContextVar[Connection | None] = ContextVar("connection of the log database", default=None)


@contextmanager
def reading() -> Iterator[None]:
    """Run all queries within on one connection: beginning twenty transactions costs as much as some queries."""
    with db.engines["log"].connect() as connection:
        token = _shared.set(connection)
        try:
            yield
        finally:
            _shared.reset(token)


@contextmanager
def connected() -> Iterator[Connection]:
    """The page's connection, or one of its own."""
    shared = _shared.get()
    if shared is not None:
        yield shared
        return
    with db.engines["log"].connect() as connection:
        yield connection


def fetched(statement: Any) -> Sequence[Any]:
    """The rows of a query."""
    with connected() as connection:
        return connection.execute(statement).all()
