"""The commands `invoice pdf` and `invoice xml`: the document and the e-invoice of an invoice, as files."""

from collections.abc import Callable
from pathlib import Path

import click

from blueprints.cli._command import Needs, Result, operator_command
from database import end_reads
from domain.actor import Actor
from domain.errors import NotFound
from domain.invoicing import invoice_facts
from domain.invoicing.documents import invoice_document
from domain.invoicing.documents.document import Document
from domain.invoicing.e_invoice import embedding
from domain.invoicing.invoice_listing import LISTING
from models.invoice import Invoice
from operations.errors import OperationRefused

OPTIONS = (
    click.argument("invoice_id", metavar="ID", type=int),
    click.option("--output", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE"),
)


@click.group()
def invoice() -> None:
    """Invoices as files."""


@operator_command("pdf", *OPTIONS, needs=Needs.WRITING)
def pdf(invoice_id: int, output: Path) -> Result:
    """Write an invoice as PDF, with its e-invoice in it where nothing is missing for one."""
    return _write(invoice_id, output, embedding.pdf)


@operator_command("xml", *OPTIONS, needs=Needs.WRITING)
def xml(invoice_id: int, output: Path) -> Result:
    """Write the e-invoice of an issued invoice as XML."""
    return _write(invoice_id, output, embedding.xml)


def _write(invoice_id: int, output: Path, make: Callable[[Document], bytes]) -> Result:
    document = invoice_document.document(invoice_facts.of_invoice(_found(invoice_id)))
    end_reads()
    made = make(document)
    try:
        output.write_bytes(made)
    except OSError as problem:
        raise OperationRefused(f"{output} cannot be written: {problem.strerror}.") from None
    return Result({"file": str(output), "bytes": len(made)}, f"{output}: {len(made):,} bytes.")


def _found(invoice_id: int) -> Invoice:
    """The invoice, of either world."""
    operator = Actor.operator()
    try:
        row: Invoice = LISTING.get(operator, invoice_id)
    except NotFound:
        row = LISTING.get(operator.in_world(test=True), invoice_id)
    return row


for command in (pdf, xml):
    invoice.add_command(command)
