"""Migrations of both databases: bind `default` (business) and bind `log` (request log).

One history serves both: a version file defines `upgrade(bind_name)` and `downgrade(bind_name)` and
acts only for the binds that it concerns. Each bind keeps its own version table, so the two may live
in one database. All that one bind has to do happens in one transaction under the write lock: a
process killed at any statement leaves the old schema, and two that start at once take turns.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import click
import sqlalchemy as sa
from alembic import context
from flask import current_app

from database import UtcDateTime
from database.sqlite import queue_of
from database.word_index import SUFFIX
from database.word_triggers import mend

PATIENCE = 60.0                                  # seconds to wait for another writer to finish
ADVISORY_LOCK = 7_305_001                        # any number that nobody else in this database uses
VERSION_TABLES = {"default": "alembic_version", "log": "alembic_version_log"}
BIND_KEYS = {"default": None, "log": "log"}

db = current_app.extensions["migrate"].db


def metadata_of(bind_name: str) -> sa.MetaData:
    """The tables that one bind should have."""
    found: sa.MetaData = db.metadatas.get(BIND_KEYS[bind_name]) or sa.MetaData()
    dialect = db.engines[BIND_KEYS[bind_name]].dialect.name
    for table in found.tables.values():         # some indexes are for one database only
        table.indexes -= {index for index in table.indexes if index.info.get("dialect", dialect) != dialect}
    return found


def only_own(bind_name: str) -> Any:
    """A filter for autogenerate and check: what belongs to the other bind, or to SQLite's indexes, is not there."""
    others = set(VERSION_TABLES.values())
    for other in VERSION_TABLES:
        if other != bind_name:
            others |= set(metadata_of(other).tables)

    def include(name: str | None, kind: str, parents: Any) -> bool:
        return kind != "table" or not (name in others or SUFFIX in (name or ""))

    return include


def render_item(kind: str, item: Any, autogen_context: Any) -> str | bool:
    """A migration names plain column types: it must run when the code has moved on."""
    return "sa.DateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


def tell(bind_name: str) -> Any:
    def applied(*, step: Any, **_: Any) -> None:
        way = "applied" if step.is_upgrade else "took back"
        click.echo(f"{bind_name}: {way} {step.up_revision_id}", err=True)

    return applied


def skip_when_empty(_: Any, __: Any, directives: list[Any]) -> None:
    """`db migrate` without a difference writes no file."""
    wanted = getattr(context.config.cmd_opts, "autogenerate", False)
    if wanted and len(directives[0].upgrade_ops_list) == len(VERSION_TABLES) and all(
        part.is_empty() for part in directives[0].upgrade_ops_list
    ):
        directives[:] = []
        click.echo("The models and the migrations agree.", err=True)


@contextmanager
def locked(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection in a transaction that no other migration or write can overlap."""
    deadline = time.monotonic() + PATIENCE
    sqlite = engine.dialect.name == "sqlite"
    with queue_of(engine).turn(deadline) if sqlite else nullcontext(), engine.connect() as plain:
        if sqlite:
            # Batch mode drops and renames tables, which would cascade; SQLite takes this pragma only
            # outside a transaction. What is left is checked before the commit.
            pragma(plain, "foreign_keys=OFF")
        try:
            connection = plain.execution_options(write_deadline=deadline)
            with connection.begin():
                if not sqlite:
                    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ADVISORY_LOCK})
                yield connection
                if sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise RuntimeError(f"The migration leaves dangling references in {engine.url.database}.")
        finally:
            if sqlite:
                pragma(plain, "foreign_keys=ON")


def pragma(connection: sa.Connection, words: str) -> None:
    connection.connection.driver_connection.execute(f"PRAGMA {words}")  # type: ignore[union-attr]


def run(bind_name: str) -> None:
    with locked(db.engines[BIND_KEYS[bind_name]]) as connection:
        context.configure(
            connection=connection,
            target_metadata=metadata_of(bind_name),
            version_table=VERSION_TABLES[bind_name],
            include_name=only_own(bind_name),
            render_item=render_item,
            render_as_batch=True,
            transactional_ddl=True,
            upgrade_token=f"{bind_name}_upgrades",
            downgrade_token=f"{bind_name}_downgrades",
            process_revision_directives=skip_when_empty,
            on_version_apply=tell(bind_name),
        )
        context.run_migrations(bind_name=bind_name)
        mend(connection)


if context.is_offline_mode():
    raise RuntimeError("Migrations run against the databases, not as SQL scripts.")
for name in VERSION_TABLES:
    run(name)
