"""Flask-Migrate's `db upgrade` and `db downgrade`, with a result and --json like the other commands."""

import functools
import sys
from collections.abc import Callable
from typing import Any

import click
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import Migrate, downgrade, upgrade
from flask_migrate.cli import db

from blueprints.cli._command import Needs, Result, choosing, operator_command
from database import db as database
from operations import revisions
from operations.errors import OperationRefused


@operator_command("upgrade", click.argument("revision", default="head"), needs=Needs.TABLES)
def db_upgrade(revision: str) -> Result:
    """Upgrade both databases to the current schema."""
    before = revisions.current()
    for name, found in before.items():
        if not revisions.knows(found):
            raise OperationRefused(revisions.too_new(name, found))
    _must_exist(revision)
    try:
        upgrade(revision=revision)
    except SystemExit:                               # Flask-Migrate has logged the reason
        raise OperationRefused("The migrations could not be applied; see standard error.") from None
    after = revisions.current()
    at = ", ".join(sorted({each or "none" for each in after.values()}))
    words = f"Up to date: revision {at}." if after == before else f"Both databases are now at revision {at}."
    return Result({"changed": after != before, "before": before, "revisions": after}, words)


@operator_command(
    "downgrade",
    click.argument("revision"),
    click.option("--yes", is_flag=True, help="Do not ask for confirmation."),
    needs=Needs.TABLES,
)
def db_downgrade(revision: str, yes: bool) -> Result:
    """Downgrade the schema to an older revision. Data that only the newer one can store is lost."""
    if revision != "base":
        _must_exist(revision)
    if not yes and not sys.stdin.isatty():
        raise OperationRefused("This loses data that the older schema cannot store. Take a backup, then use --yes.")
    if not yes:
        click.confirm(f"Go back to revision {revision}? Data that it cannot store is lost.", abort=True, err=True)
    before = revisions.current()
    try:
        downgrade(revision=revision)
    except SystemExit:                               # Flask-Migrate has logged the reason
        raise OperationRefused("The schema could not be downgraded; see standard error.") from None
    data = {"before": before, "revisions": revisions.current()}
    return Result(data, f"Both databases are now at revision {revision}.")


def _must_exist(named: str) -> None:
    """Refuse what names no revision; 0012 and head do."""
    try:
        found = ScriptDirectory(str(revisions.FOLDER)).get_revisions(named)
    except CommandError:
        found = ()
    if not found:
        raise OperationRefused(f"There is no revision {named}.")


def _connected(run: Callable[..., None]) -> Callable[..., None]:
    """The group's own function, once the application has Flask-Migrate."""

    @functools.wraps(run)
    @with_appcontext
    def begin(**given: Any) -> None:
        if "migrate" not in current_app.extensions:
            Migrate(current_app, database, directory=str(revisions.FOLDER))
        run(**given)

    return begin


assert db.callback is not None
db.callback = choosing(_connected(db.callback), Needs.TABLES)
db.add_command(db_upgrade)             # replaces Flask-Migrate's
db.add_command(db_downgrade)
