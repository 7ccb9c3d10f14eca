"""Makes PostgreSQL databases for tests, on the server of COUNTINGHOUSE_TEST_DATABASE_URL, and drops them again."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

SERVER = os.environ.get("COUNTINGHOUSE_TEST_DATABASE_URL", "")
ON_POSTGRESQL = SERVER.startswith("postgresql")


@contextmanager
def new_database(template: str = "template1") -> Iterator[str]:
    """The URL of a new database, dropped at the end; a copy of `template`, which nobody may be connected to."""
    name = f"countinghouse_test_{secrets.token_hex(6)}"
    with psycopg.connect(SERVER.replace("+psycopg", "", 1), autocommit=True, connect_timeout=10) as server:
        server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        # What is tested here is what is committed, not what a power cut leaves of it.
        server.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
        try:
            yield url_of(name)
        finally:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def url_of(name: str) -> str:
    """The test server's URL with another database."""
    before, slash, after = SERVER.rpartition("/")
    _, mark, query = after.partition("?")
    return before + slash + name + mark + query


def name_of(url: str) -> str:
    """The database that a URL names."""
    return url.rpartition("/")[2].partition("?")[0]
