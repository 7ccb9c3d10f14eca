"""Flask-Migrate's `db upgrade` and `db downgrade`, with a result and --json like the other commands."""

import sys

import click
from flask_migrate import downgrade, upgrade
from flask_migrate.cli import db

from blueprints.cli._command import Needs, Result, operator_command
from operations import revisions
from operations.errors import OperationRefused


@operator_command("upgrade", click.argument("revision", default="head"), needs=Needs.APPLICATION)
def db_upgrade(revision: str) -> Result:
    """Upgrade both databases to the current schema."""
    before = revisions.current()
    for name, found in before.items():
        if not revisions.knows(found):
            raise OperationRefused(revisions.too_new(name, found))
    if not revisions.knows(revision):
        raise OperationRefused(f"There is no revision {revision}.")
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
    needs=Needs.APPLICATION,
)
def db_downgrade(revision: str, yes: bool) -> Result:
    """Downgrade the schema to an older revision. Data that only the newer one can store is lost."""
    if not revisions.knows(None if revision == "base" else revision):
        raise OperationRefused(f"There is no revision {revision}.")
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


db.add_command(db_upgrade)             # replaces Flask-Migrate's
db.add_command(db_downgrade)
