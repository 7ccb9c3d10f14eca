"""Makes databases for a measurement on a PostgreSQL server, and drops them."""

import contextlib
import secrets
from collections.abc import Iterator

import psycopg
from sqlalchemy import make_url


@contextlib.contextmanager
def fresh(server: str | None, template: str | None = None) -> Iterator[str | None]:
    """The address of a new database on the server of this address, empty or a copy; None for SQLite."""
    if server is None:
        yield None
        return
    name, url = f"countinghouse_bench_{secrets.token_hex(4)}", make_url(server)
    with psycopg.connect(plain(url.set(database="postgres").render_as_string(False)), autocommit=True) as admin:
        of = f' TEMPLATE "{make_url(template).database}"' if template else ""
        admin.execute(f'CREATE DATABASE "{name}"{of}')
        try:
            yield url.set(database=name).render_as_string(False)
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def plain(url: str) -> str:
    """The same address as the driver reads it."""
    return url.replace("+psycopg", "", 1)
