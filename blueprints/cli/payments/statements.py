"""The command `statement import`: reads a bank statement and books what is sure."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from blueprints.cli._command import Needs, Result, operator_command
from blueprints.cli._merchant import for_merchant
from database import transaction
from domain.invoicing.bank import bank_import
from domain.invoicing.bank.bank_import import Imported
from domain.payments.bank.formats.bank_csv import CsvForm
from domain.payments.bank.formats.bank_statements import MOST_BYTES

option = click.option


def form_of(columns: Sequence[str], dates: str | None, decimal_mark: str | None, currency: str) -> CsvForm:
    """What the options say about a CSV file."""
    return CsvForm(
        columns=dict(one.partition("=")[::2] for one in columns), decimal_mark=decimal_mark or "",
        day_first=None if dates is None else dates == "day-first", currency=currency.upper(),
    )


@click.group()
def statement() -> None:
    """Bank statements."""


@operator_command(
    "import",
    click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False)),
    option("--merchant", "merchant_id", type=int, required=True, metavar="ID"),
    option("--test", is_flag=True, help="In the test world."),
    option("--column", "columns", multiple=True, metavar="PART=HEAD", help="Of a CSV file: booked_on=Datum, …"),
    option("--dates", type=click.Choice(("day-first", "month-first")), help="Of a CSV file with dates like 03/04."),
    option("--decimal-mark", type=click.Choice((",", ".")), help="Of a CSV file that could be read with both."),
    option("--currency", default="", metavar="CODE", help="Of a CSV file that names none; else the merchant's."),
    needs=Needs.APPLICATION,
)
def statement_import(file: Path, merchant_id: int, test: bool, **said: Any) -> Result:
    """Import a bank statement, CAMT.053 or CSV; movements that are known already are left alone."""
    with file.open("rb") as opened:
        raw = opened.read(MOST_BYTES + 1)
    actor, done = for_merchant(merchant_id).in_world(test=test), Imported()
    read = bank_import.read(actor, raw, file.name, form_of(**said))
    for rows in read.portions():
        with transaction():
            done += bank_import.store(actor, read, rows)
    return Result(asdict(done), f"{done.words}; {done.pending} pending were left out.")


statement.add_command(statement_import)
