"""Declares invoices and credit notes in the Core API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.api import schemas
from blueprints.api.contract import Arguments, Outcome, Parameter
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.invoicing import taken
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS, words
from blueprints.api.decimals import Decimals
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Convert, Field, Formats
from blueprints.api.field_map import Amount, Day, Moment, Price, Sum
from blueprints.api.field_parts import Many
from blueprints.api.json_schema import Schema, nullable
from blueprints.api.verbs import body_of, changed, expose, locked, operation, shown
from domain import inputs
from domain.actor import Actor
from domain.invoicing import credit_notes, crediting, invoice_resource, issuing
from domain.invoicing.paying import credit_balances
from models.invoice import InvoiceStatus


@dataclass(frozen=True, kw_only=True)
class EInvoice(Field):
    """Whether the document has an e-invoice in it, and what it lacks otherwise; null for a draft."""

    def convert(self, formats: Formats) -> Convert | None:
        return lambda lacks, _: None if lacks is None else {"embedded": not lacks, "missing": lacks}

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return nullable({
            "title": "EInvoice", "type": "object", "required": ["embedded", "missing"], "properties": {
                "embedded": {"type": "boolean"}, "missing": {"type": "array", "items": {"type": "string"}},
            },
        })

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return {"embedded": True, "missing": []}


ITEM = {
    "id": ID,
    "products_id": Field(name="product_id", refers="product"),
    "services_id": Field(name="service_id", refers="order"),
    "description": Field(name="description"),
    "quantity": Decimals(name="quantity"),
    "unit_price": Price(name="unit_price"),
    "discount": Amount(name="discount"),
    "tax_rate": Decimals(name="tax_rate", column="tax_percent_ten_thousandths"),
    "tax_category": Field(name="tax_category"),
    "tax_reason": Field(name="tax_reason"),
    "tax": Amount(name="tax", writable=False),
    "total": Amount(name="total", writable=False),
}

PAID_BY = {"payments_id": Field(name="payment_id"), "amount": Amount(name="amount")}

INVOICES = expose(
    CONTRACT,
    invoice_resource.RESOURCE,
    "/invoices",
    {
        "id": ID,
        "companies_id": COMPANY,
        "clients_id": Field(name="customer_id", refers="customer"),
        "invoice_number": Field(name="number", writable=False),
        "status": Field(name="status", writable=False),
        "currency": Field(name="currency"),
        "subtotal": Amount(name="subtotal", writable=False),
        "discount": Sum(name="discount", part="header_discount_minor"),
        "tax": Amount(name="tax", writable=False),
        "total": Amount(name="total", writable=False),
        "amount_paid": Amount(name="paid", writable=False),
        "amount_credited": Amount(name="credited", writable=False),
        "balance": Amount(name="balance", writable=False),
        "issue_date": Day(name="issue_on", writable=False),
        "due_date": Day(name="due_on"),
        "period_start": Day(name="period_start_on"),
        "period_end": Day(name="period_end_on"),
        "paid_dt": Moment(name="paid_at", writable=False),
        "sent_dt": Moment(name="sent_at", writable=False),
        "reminded_dt": Moment(name="reminded_at", writable=False),
        "notes": Field(name="notes"),
        "payments": Many(name="payments", fields=PAID_BY, inherit="currency", writable=False),
        "einvoice": EInvoice(name="e_invoice_lacks", writable=False),
        "items": Many(name="items", fields=ITEM, inherit="currency"),
        **HISTORY,
    },
    verbs=("get", "list", "create", "update", "delete", "cancel", "send", "remind"),
    required=("merchant_id",),
    tenant="companies_id",
    parameters={
        **IDS, "clients_id": Parameter("customer_ids"), "status": Parameter("status", words(InvoiceStatus)),
        "invoice_number": Parameter("number"),
    },
    sorts={**SORTS, "total": "total", "issue_date": "issue_on", "due_date": "due_on", "u_dt": "updated_at"},
)

CREDITED = {
    "id": ID,
    "items_id": Field(name="invoice_item_id", writable=False),
    "description": Field(name="description", writable=False),
    "quantity": Decimals(name="quantity", writable=False),
    "amount": Amount(name="net", writable=False),
    "tax_rate": Decimals(name="tax_rate", column="tax_percent_ten_thousandths", writable=False),
    "tax": Amount(name="tax", writable=False),
    "total": Amount(name="total", writable=False),
}

CREDIT_NOTES = expose(
    CONTRACT,
    credit_notes.RESOURCE,
    "/credit-notes",
    {
        "id": ID,
        "companies_id": Field(name="merchant_id", writable=False),
        "clients_id": Field(name="customer_id", writable=False),
        "credit_note_number": Field(name="number", writable=False),
        "invoices_id": Field(name="invoice_id", writable=False),
        "invoice_number": Field(name="invoice_number", writable=False),
        "currency": Field(name="currency", writable=False),
        "subtotal": Amount(name="net", writable=False),
        "tax": Amount(name="tax", writable=False),
        "total": Amount(name="total", writable=False),
        "issue_date": Day(name="issue_on", writable=False),
        "reason": Field(name="reason", writable=False),
        "items": Many(name="items", fields=CREDITED, inherit="currency", writable=False),
        **HISTORY,
    },
    verbs=("get", "list"),
    parameters={
        **IDS, "clients_id": Parameter("customer_ids"), "invoices_id": Parameter("invoice_ids"),
        "credit_note_number": Parameter("number"),
    },
    sorts={**SORTS, "total": "total", "issue_date": "issue_on"},
)

TAKEN = {
    "items": Many(name="items", fields={
        "items_id": Field(name="item_id"), "quantity": Field(name="quantity"), "amount": Field(name="amount"),
    }),
    "reason": Field(name="reason"),
}
CREDIT = ExampleBody(
    {
        "title": "CreditInput", "type": "object", "additionalProperties": False,
        "properties": {
            "items": {
                "type": ["array", "null"], "items": {
                    "title": "CreditItemInput", "type": "object", "additionalProperties": False,
                    "required": ["items_id"], "properties": {
                        "items_id": {"type": "integer"},
                        "quantity": {"type": ["number", "null"], "exclusiveMinimum": 0},
                        "amount": {"type": ["number", "null"], "exclusiveMinimum": 0, "description": "Without tax"},
                    },
                },
            },
            "reason": {"type": ["string", "null"], "maxLength": crediting.REASON},
        },
    },
    {"reason": "Returned"},
)


def issue(actor: Actor, arguments: Arguments) -> Outcome:
    """Issue a draft; answers the invoice with its number."""
    own, invoice = locked(INVOICES, actor, arguments)
    issuing.issue(own, invoice)
    return Outcome(shown(INVOICES, own, invoice.id).payload)


def credit(actor: Actor, arguments: Arguments) -> Outcome:
    """Credit some lines of an invoice, or all that is left; answers the credit note."""
    own, invoice = locked(INVOICES, actor, arguments)
    body_of(arguments)                                   # one must be sent, and may be empty
    with taken.in_words_of(TAKEN):
        note = crediting.credit(own, invoice, taken.read(crediting.CreditInput, TAKEN, arguments))
    return Outcome(shown(CREDIT_NOTES, own, note.id).payload)


def use_credit(actor: Actor, arguments: Arguments) -> Outcome:
    """Pay an invoice with the customer's credit, wholly or in part; answers the invoice."""
    own, invoice = locked(INVOICES, actor, arguments)
    body = body_of(arguments) if arguments.body is not None else {}
    given = inputs.parse(credit_balances.CreditUse, {"amount": body["amount"]} if "amount" in body else {})
    credit_balances.use(own, invoice, given)
    changed(INVOICES, own, invoice.id)                   # flushes what is read with plain statements
    return Outcome(shown(INVOICES, own, invoice.id).payload)


CREDIT_USE = ExampleBody(
    {
        "title": "CreditUse", "type": "object", "additionalProperties": False,
        "properties": {"amount": {"type": ["number", "null"], "exclusiveMinimum": 0}},
    },
    {},
)
CONTRACT.operations += [
    operation(
        INVOICES, "issue", "POST", "/{key}/issue", issue, positional=("id",), summary="Issue an invoice", lasting=True,
        described=Description(answer=schemas.row(INVOICES)),
    ),
    operation(
        INVOICES, "credit", "POST", "/{key}/credit", credit, positional=("id", "items", "reason"), takes_body=True,
        summary="Credit an invoice, wholly or in part", lasting=True,
        described=Description(body=CREDIT, answer=schemas.row(CREDIT_NOTES)),
    ),
    operation(
        INVOICES, "use_credit", "POST", "/{key}/use_credit", use_credit, positional=("id", "amount"), takes_body=True,
        summary="Pay an invoice with the client's credit", lasting=True,
        described=Description(body=CREDIT_USE, answer=schemas.row(INVOICES)),
    ),
]
