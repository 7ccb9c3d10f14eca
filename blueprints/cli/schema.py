"""`db upgrade`: Flask-Migrate's, which says what it did and speaks JSON like the other commands."""

import click
from flask_migrate import upgrade
from flask_migrate.cli import db

from blueprints.cli._command import Done, Needs, operator_command
from operations import revisions
from operations.errors import OperationRefused


@operator_command("upgrade", click.argument("revision", default="head"), needs=Needs.APPLICATION)
def db_upgrade(revision: str) -> Done:
    """Bring both databases to the present schema."""
    before = revisions.current()
    for name, found in before.items():
        if not revisions.knows(found):
            raise OperationRefused(revisions.too_new(name, found))
    if not revisions.knows(revision):
        raise OperationRefused(f"There is no revision {revision}.")
    try:
        upgrade(revision=revision)
    except SystemExit:                               # Flask-Migrate has logged why
        raise OperationRefused("The migrations could not be applied; standard error says why.") from None
    after = revisions.current()
    at = ", ".join(sorted({each or "none" for each in after.values()}))
    words = f"Up to date: revision {at}." if after == before else f"Both databases are at revision {at} now."
    return Done({"changed": after != before, "before": before, "revisions": after}, words)


db.add_command(db_upgrade)             # ours in the place of Flask-Migrate's
