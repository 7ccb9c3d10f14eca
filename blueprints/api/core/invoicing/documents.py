"""Gives invoices and credit notes as files in the Core API: the PDF, and the e-invoice alone."""

from collections.abc import Callable
from typing import Any

from blueprints.api.contract import Arguments, Exposure, Operation, Outcome
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.invoicing.invoices import CREDIT_NOTES, INVOICES
from blueprints.api.description import Description, ExampleBody
from blueprints.api.verbs import key_of, operation
from blueprints.api.wire.files import FileContent
from domain.actor import Actor
from domain.invoicing import invoice_facts
from domain.invoicing.documents import invoice_document
from domain.invoicing.documents.document import Document
from domain.invoicing.e_invoice import files
from domain.invoicing.e_invoice.files import DocumentFile
from domain.invoicing.invoice_facts import InvoiceFacts

Facts = Callable[[Any], InvoiceFacts]


def _file(
    exposure: Exposure, verb: str, facts: Facts, make: Callable[[Document], DocumentFile], *, media: str, summary: str,
) -> Operation:
    def run(actor: Actor, arguments: Arguments) -> Outcome:
        row = exposure.resource.listing.get(actor, key_of(exposure, arguments.key))
        made = make(invoice_document.document(facts(row)))
        return Outcome(FileContent(made.name, made.body, made.media))

    said = "The bytes of the file"
    answer = ExampleBody({"type": "string", "description": said}, said)
    return operation(
        exposure, verb, "GET", f"/{{key}}.{verb}", run, media=media, positional=("id",), summary=summary,
        described=Description(answer=answer, refused_with=("422",) if verb == "xml" else ()),
    )


CONTRACT.operations += [
    _file(INVOICES, "pdf", invoice_facts.of_invoice, files.pdf, media=files.PDF, summary="Download an invoice as PDF"),
    _file(INVOICES, "xml", invoice_facts.of_invoice, files.xml, media=files.XML,
          summary="Download the e-invoice of an invoice"),
    _file(CREDIT_NOTES, "pdf", invoice_facts.of_credit_note, files.pdf, media=files.PDF,
          summary="Download a credit note as PDF"),
    _file(CREDIT_NOTES, "xml", invoice_facts.of_credit_note, files.xml, media=files.XML,
          summary="Download the e-invoice of a credit note"),
]
