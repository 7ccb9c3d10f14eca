"""Compares the migrations of the code with those of the databases."""

import re
from functools import cache
from pathlib import Path

from sqlalchemy import Engine, inspect, text

from config import command_line
from database import db

FOLDER = Path(__file__).resolve().parent.parent / "migrations"
NAMED = re.compile(r'^(revision|down_revision)\b.*= "(\w+)"', re.M)
VERSION_TABLES = {"default": "alembic_version", "log": "alembic_version_log"}
BIND_KEYS = {"default": None, "log": "log"}


@cache
def _known() -> dict[str, str | None]:
    """Each revision and the one before it, as its file says. Alembic, which imports all files, takes 0.1 s for that."""
    found: dict[str, str | None] = {}
    for file in FOLDER.glob("versions/*.py"):
        said = dict(NAMED.findall(file.read_text()))
        found[said["revision"]] = said.get("down_revision")
    return found


@cache
def newest() -> str | None:
    """The revision that this code needs."""
    known = _known()
    return next(iter(known.keys() - set(known.values())), None)


def knows(revision: str | None) -> bool:
    """Whether this code can serve or migrate a database of that revision; None is an empty one."""
    return revision is None or revision in _known()


def of(engine: Engine, bind_name: str) -> str | None:
    """The revision of a database for one bind; None when it was never migrated."""
    table = VERSION_TABLES[bind_name]
    with engine.connect() as connection:
        if not inspect(connection).has_table(table):
            return None
        found: str | None = connection.scalar(text(f"SELECT version_num FROM {table}"))
        return found


def current() -> dict[str, str | None]:
    """The revision of each bind of the running application."""
    return {name: of(db.engines[key], name) for name, key in BIND_KEYS.items()}


def complaint() -> str | None:
    """The problem with the databases' revisions, and its remedy; None without one."""
    for name, revision in current().items():
        if revision == newest():
            continue
        if not knows(revision):
            return too_new(name, revision)
        return f"The {name} database needs its migrations: run {command_line('db upgrade')}"
    return None


def too_new(name: str, revision: str | None) -> str:
    """The message about a database that a newer program has migrated."""
    return f"The {name} database is at revision {revision}, newer than this program: upgrade the program."
