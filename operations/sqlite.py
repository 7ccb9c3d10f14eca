"""Copies a SQLite database in use, and checks files before a restore."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

from operations.errors import OperationRefused


def copy(source: Path, target: Path) -> None:
    """Write a consistent copy while others write; checked and on disk when this returns."""
    with closing(sqlite3.connect(source)) as origin, closing(sqlite3.connect(target)) as replica:
        # All pages in one step: a copy in several steps starts again at every write of another process.
        origin.backup(replica, pages=-1)
        replica.execute("PRAGMA journal_mode=DELETE")
    check(target)
    sync(target)


def check(path: Path, name: str = "") -> None:
    """Raises OperationRefused unless the file is an undamaged database with valid references."""
    try:
        with closing(sqlite3.connect(path)) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
            dangling = connection.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError as problem:
        found, dangling = [str(problem)], None
    if found != ["ok"] or dangling:
        reason = "; ".join(found) if found != ["ok"] else f"dangling references in {dangling[0]}"
        raise OperationRefused(f"{name or path.name} is damaged: {reason}.")


def version(path: Path, table: str) -> str | None:
    """The revision that a version table of this file names; None when there is no such table."""
    with closing(sqlite3.connect(path)) as connection:
        known = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        row = connection.execute(f"SELECT version_num FROM {table}").fetchone() if known else None
    return row[0] if row else None


def tables(path: Path) -> set[str]:
    """The tables of a file."""
    with closing(sqlite3.connect(path)) as connection:
        return {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def close_journal(path: Path) -> None:
    """Write the write-ahead log into the file; refuses while the database is in use."""
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(path, timeout=0)) as connection:
            connection.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.OperationalError:
        raise OperationRefused(
            f"{path} is in use. Stop the server and the worker first, then restore again."
        ) from None
    except sqlite3.DatabaseError:
        for suffix in ("-wal", "-shm", "-journal"):  # too damaged to open: its journals are useless
            Path(f"{path}{suffix}").unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Flush the file and its folder entry to disk."""
    for each in (path, path.parent):
        descriptor = os.open(each, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
