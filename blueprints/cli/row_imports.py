"""The commands `catalog import` and `customers import`: read a CSV file of products or customers."""

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from blueprints.cli import _rejected
from blueprints.cli._command import Needs, Result, operator_command
from blueprints.cli._merchant import for_merchant
from blueprints.cli.logs import progress
from database import transaction
from domain import table_import
from domain.catalog import product_import
from domain.people import customer_import
from domain.table_import import PORTION, Imported, Line, Refused, Table


@click.group()
def catalog() -> None:
    """The catalogue of a merchant."""


@click.group()
def customers() -> None:
    """The customers of a merchant."""


def _command(nouns: str, table: Table, explanation: str) -> click.Command:
    def run(file: Path, merchant_id: int, test: bool) -> Result:
        return _imported(table, nouns, file, merchant_id, test=test)

    run.__doc__ = explanation
    return operator_command(
        "import",
        click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False)),
        click.option("--merchant", "merchant_id", type=int, required=True, metavar="ID"),
        click.option("--test", is_flag=True, help="In the test world."),
        needs=Needs.EVENTS,
    )(run)


def _imported(table: Table, nouns: str, file: Path, merchant_id: int, *, test: bool) -> Result:
    actor, done = for_merchant(merchant_id).in_world(test=test), Imported()
    with file.open("rb") as opened:
        read = table_import.read(table, opened.read(table_import.MOST_BYTES + 1))
    with progress("Importing", "lines") as (bar, task):
        for portion in _portions(read.lines()):
            with transaction():
                table_import.store(actor, table, portion, done)
            bar.update(task, advance=len(portion), lines=f"{done.created + done.updated} {nouns}")
    kept = _rejected.keep(file, ((one.line, one.reason) for one in done.refused)) if done.refused else None
    words = f"{done.created} {nouns} created, {done.updated} updated ({done.unchanged} of them were the same already)."
    if read.ignored:
        words += f"\nColumns that were left alone: {', '.join(read.ignored)}."
    if kept:
        words += f"\n{len(done.refused)} lines were rejected; the reasons are in {kept}."
    return Result({
        "created": done.created, "updated": done.updated, "unchanged": done.unchanged, "rejected": len(done.refused),
        "ignored_columns": list(read.ignored), "rejected_file": str(kept) if kept else None,
    }, words)


def _portions(lines: Iterator[Line | Refused]) -> Iterator[list[Line | Refused]]:
    while portion := list(islice(lines, PORTION)):
        yield portion


catalog.add_command(_command("products", product_import.TABLE, """Import products from a CSV file.

    The first line names the columns, such as name, price, currency, sku, category, unit, description, status. A line
    with a known sku changes that product; empty cells change nothing.
    """))
customers.add_command(_command("customers", customer_import.TABLE, """Import customers from a CSV file.

    The first line names the columns, such as name, first_name, last_name, email, phone, organisation, tax_number,
    currency, street, city, state, postal_code, country. A line with a known e-mail or customer_id changes that
    customer; empty cells change nothing.
    """))
