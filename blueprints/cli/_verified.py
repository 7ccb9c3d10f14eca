"""What the commands that follow a chain of hashes share: how far they are, and the row that does not fit."""

import sys
from collections.abc import Callable

import click

from operations.errors import OperationRefused


def progress(of_what: str) -> Callable[[int], None]:
    """A function that says on a terminal how many rows were looked at; elsewhere it says nothing."""

    def told(rows: int) -> None:
        click.echo(f"\r{rows:,} {of_what}", nl=False, err=True)

    return told if sys.stderr.isatty() else lambda rows: None


def misfit(
    message: str, *, merchant: int | None, kind: str, row_id: int | None, number: str | None, reason: str
) -> OperationRefused:
    """The error that names the first row that does not fit, the same fields for every chain."""
    return OperationRefused(message, merchant=merchant, kind=kind, id=row_id, number=number, reason=reason)
