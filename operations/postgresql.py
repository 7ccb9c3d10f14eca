"""Copies and restores a PostgreSQL database through pg_dump and psql."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psycopg
from sqlalchemy import URL

from operations.errors import OperationRefused
from operations.revisions import VERSION_TABLES

CLOSING_WAIT = 3.0           # seconds until the server no longer lists a closed connection
NOTE = "restore "
OF_DUMPS = (b"\\restrict ", b"\\unrestrict ")
TRIGRAMS = b"gin_trgm_ops"
INSTALL = "CREATE EXTENSION IF NOT EXISTS pg_trgm"
COMPLETE = b"-- PostgreSQL database dump complete"


def dump(url: URL, tables: list[str], target: Path) -> None:
    """Write a consistent copy of our tables as SQL, while others write."""
    chosen = [f"--table={name}" for name in tables]
    run(["pg_dump", "--no-owner", "--no-privileges", *chosen, f"--file={target}"], url)
    check(target)


def check(path: Path, name: str = "") -> None:
    """Raises OperationRefused unless the dump is complete and has no commands of psql."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        if COMPLETE not in file.read():
            raise OperationRefused(f"{name or path.name} is incomplete: its last line is missing.")
        file.seek(0)
        if any(line.startswith(b"\\") and not line.startswith(OF_DUMPS) for line in _outside_of_data(file)):
            raise OperationRefused(f"{name or path.name} was not written by pg_dump: it contains psql commands.")


def _outside_of_data(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a dump without the rows of its tables."""
    inside = False
    for line in lines:
        if inside:
            inside = line.rstrip() != b"\\."
        else:
            yield line
            inside = _begins_data(line)


def _begins_data(line: bytes) -> bool:
    return line.startswith(b"COPY ") and line.rstrip().endswith(b"FROM stdin;")


def replace(url: URL, tables: list[str], source: Path, *, note: tuple[str, str]) -> None:
    """Replace our tables by those of the dump, with a note on one of them, in one transaction."""
    source = searchable(url, source)
    names = ", ".join(f'"{name}"' for name in tables)
    drop = ["--command", f"DROP TABLE IF EXISTS {names} CASCADE"] if tables else []
    table, words = note
    run(
        ["psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--output=/dev/null",
         *drop, "--file", str(source), "--command", f"COMMENT ON TABLE public.{table} IS '{NOTE}{words}'"],
        url,
    )


def searchable(url: URL, source: Path) -> Path:
    """The dump as this server can read it: where pg_trgm may not be installed, without the indexes that need it."""
    with source.open("rb") as file:
        if not any(TRIGRAMS in line for line in _outside_of_data(file)):
            return source
    try:
        run(["psql", "--no-psqlrc", "--quiet", f"--command={INSTALL}"], url)
    except OperationRefused:
        return _without_trigrams(source)
    return source


def _without_trigrams(source: Path) -> Path:
    """A copy of the dump without the indexes of trigrams, each of which is one line."""
    target = source.with_name(f"{source.name}.plain")
    with source.open("rb") as file, target.open("wb") as copy:
        inside = False
        for line in file:
            if inside or TRIGRAMS not in line:
                copy.write(line)
            inside = line.rstrip() != b"\\." if inside else _begins_data(line)
    return target


def note(url: URL) -> str | None:
    """The note of the last `replace` in the database."""
    query = "SELECT obj_description(to_regclass(name)::oid, 'pg_class') FROM unnest(%s::text[]) AS name"
    with psycopg.connect(conninfo(url), connect_timeout=5, autocommit=True) as connection:
        found = connection.execute(query, [[f"public.{table}" for table in VERSION_TABLES.values()]]).fetchall()
    return next((row[0].removeprefix(NOTE) for row in found if row[0] and row[0].startswith(NOTE)), None)


def refuse_other_connections(url: URL) -> None:
    """Raises OperationRefused while others are connected."""
    deadline = time.monotonic() + CLOSING_WAIT
    with psycopg.connect(conninfo(url), connect_timeout=5, autocommit=True) as connection:
        while others := _others(connection):
            if time.monotonic() > deadline:
                raise OperationRefused(
                    f"There are {others} other connections to the database {url.database}. "
                    "Stop the server and the worker first, then restore again."
                )
            time.sleep(0.05)


def _others(connection: psycopg.Connection) -> int:
    row = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        " AND backend_type = 'client backend'"
    ).fetchone()
    return int(row[0]) if row else 0


def conninfo(url: URL) -> str:
    """The connection string for libpq."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def run(command: list[str], url: URL) -> None:
    """Run a PostgreSQL program against the database; its failure raises OperationRefused."""
    program = shutil.which(command[0])
    if not program:
        raise OperationRefused(f"{command[0]} is not installed (Debian: apt-get install postgresql-client).")
    # The password is passed in the environment: every user of the machine can see the command line.
    environment = os.environ | ({"PGPASSWORD": str(url.password)} if url.password else {})
    address = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    result = subprocess.run(  # noqa: S603  (a fixed program; names are our own tables)
        [program, f"--dbname={address.render_as_string()}", *command[1:]],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )
    if result.returncode:
        said = result.stderr.strip().splitlines() or [f"status {result.returncode}"]
        complaint = next((line for line in said if "ERROR" in line or "FATAL" in line), said[0])
        raise OperationRefused(f"{command[0]} failed: {complaint}")
