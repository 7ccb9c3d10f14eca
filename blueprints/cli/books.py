"""The command `books verify`: follows the chain of the books and names the first row that does not fit."""

import click

from blueprints.cli._command import Result, operator_command
from blueprints.cli._merchant import for_merchant
from blueprints.cli._verified import misfit, progress
from database import db
from domain.invoicing.books import verifying


@click.group()
def books() -> None:
    """The books: invoices, credit notes, payments and refunds, chained by hashes."""


@operator_command(
    "verify", click.option("--merchant", "merchant_id", type=int, metavar="ID", help="Only those of one merchant.")
)
def verify(merchant_id: int | None) -> Result:
    """Verify the books of one merchant, or of all; fails at the first row that does not fit."""
    if merchant_id is not None:
        for_merchant(merchant_id)                    # raises for one that does not exist
    db.session.rollback()
    done = verifying.verify(merchant_id, progress("rows"))
    if done.misfit is not None:
        wrong = done.misfit
        name = f"{wrong.kind.replace('_', ' ')} {wrong.number or wrong.id}"
        raise misfit(
            f"The books of merchant {wrong.merchant_id} do not fit at {name}: {wrong.reason}.",
            merchant=wrong.merchant_id, kind=wrong.kind, row_id=wrong.id, number=wrong.number, reason=wrong.reason,
        )
    return Result({"ok": True, "rows": done.rows}, f"The books are in order: {done.rows:,} rows.")


books.add_command(verify)
