"""Declares a customer's invoices in the Client API: issued ones, with their lines, and as files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.api.client.contract import CONTRACT, LIMIT, PAGE, moment
from blueprints.api.client.lists import listed
from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.decimals import Decimals
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Convert, Field, Formats
from blueprints.api.field_map import Day, Moment
from blueprints.api.field_parts import Many
from blueprints.api.json_schema import Schema
from blueprints.api.money_text import Money, UnitPrice
from blueprints.api.verbs import expose, key_of, operation
from blueprints.api.wire.files import FileContent
from domain.actor import Actor
from domain.invoicing import invoice_facts, invoices_of_customer
from domain.invoicing.documents import invoice_document
from domain.invoicing.documents.document import Document
from domain.invoicing.e_invoice import files
from domain.invoicing.e_invoice.files import DocumentFile

DAY = len("2024-01-01")


def _shown(name: str, column: str = "") -> Field:
    return Field(name=name, column=column, writable=False)


def _money(name: str) -> Money:
    return Money(name=name, writable=False)


ROW: dict[str, Field] = {
    "id": _shown("id"),
    "invoice_number": _shown("number"),
    "status": _shown("status"),
    "currency": _shown("currency"),
    "subtotal": _money("subtotal"),
    "discount": _money("discount"),
    "tax": _money("tax"),
    "total": _money("total"),
    "amount_paid": _money("paid"),
    "balance": _money("balance"),
    "issue_date": Day(name="issue_on", writable=False),
    "due_date": Day(name="due_on", writable=False),
    "paid_at": Moment(name="paid_at", writable=False),
}
ITEM: dict[str, Field] = {
    "id": _shown("id"),
    "description": _shown("description"),
    "quantity": Decimals(name="quantity", writable=False),
    "unit_price": UnitPrice(name="unit_price", writable=False),
    "discount": _money("discount"),
    "tax_rate": Decimals(name="tax_rate", column="tax_percent_ten_thousandths", writable=False),
    "tax": _money("tax"),
    "total": _money("total"),
    "service_id": _shown("service_id"),
}
@dataclass(frozen=True, kw_only=True)
class DayOf(Moment):
    """The day of a point in time, in the installation's time zone."""

    def convert(self, formats: Formats) -> Convert | None:
        return lambda value, _: None if value is None else moment(value)[:DAY]

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return {"type": "string", "format": "date"}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return row[self.name].date().isoformat()


PAYMENT: dict[str, Field] = {
    "id": _shown("id"),
    "date": DayOf(name="executed_at", writable=False),
    "amount": _money("amount"),
    "method": _shown("gateway"),
    "transaction_id": _shown("reference"),
}
CREDIT_NOTE: dict[str, Field] = {
    "id": _shown("id"),
    "credit_note_number": _shown("number"),
    "total": _money("total"),
    "issue_date": Day(name="issue_on", writable=False),
    "reason": _shown("reason"),
}

INVOICES = expose(
    CONTRACT,
    invoices_of_customer.RESOURCE,
    "/invoices",
    {
        **ROW,
        "amount_credited": _money("credited"),
        "items": Many(name="items", fields=ITEM, inherit="currency", writable=False),
        "payments": Many(name="payments", fields=PAYMENT, writable=False),
        "credit_notes": Many(name="credit_notes", fields=CREDIT_NOTE, writable=False),
        "notes": _shown("notes"),
    },
    verbs=("get",),
)

def _file(verb: str, make: Callable[[Document], DocumentFile], media: str, summary: str) -> Operation:
    def run(actor: Actor, arguments: Arguments) -> Outcome:
        row: Any = invoices_of_customer.LISTING.get(actor, key_of(INVOICES, arguments.key))
        made = make(invoice_document.document(invoice_facts.of_invoice(row)))
        return Outcome(FileContent(made.name, made.body, made.media))

    said = "The bytes of the file"
    answer = ExampleBody({"type": "string", "description": said}, said)
    return operation(
        INVOICES, verb, "GET", f"/{{key}}.{verb}", run, media=media, summary=summary,
        described=Description(answer=answer, refused_with=("409",) if verb == "xml" else ()),
    )


CONTRACT.operations += [
    listed(INVOICES, invoices_of_customer.ROWS, tuple(ROW), summary="List invoices", parameters=(PAGE, LIMIT)),
    _file("pdf", files.pdf, files.PDF, "Download an invoice as PDF"),
    _file("xml", files.xml, files.XML, "Download the e-invoice of an invoice"),
]
