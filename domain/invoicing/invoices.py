"""Manages invoices: drafts with their lines, until they are issued. What follows is in `issuing` and `crediting`.

For other modules: `LISTING` finds invoices as every listing does; `invoice_facts` gives what documents show.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field

from database import db
from domain import audit
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Mistakes
from domain.inputs import CurrencyCode, Day, Input, LongText, Maybe, Number, OrAbsent, RowId
from domain.integrations import events
from domain.invoicing import invoice_amounts
from domain.invoicing.books import issued_guard
from domain.invoicing.invoice_lines import COLUMNS, InvoiceItemInput
from domain.invoicing.invoice_listing import LISTING
from domain.lifecycle import Lifecycle
from domain.people import customers
from models.customer import Customer, CustomerStatus
from models.invoice import Invoice, InvoiceState
from models.merchant import Merchant

MAX_ITEMS = 1000
PLAIN = ("due_on", "notes", "period_start_on", "period_end_on")
assert issued_guard                  # importing it protects what is issued

ItemsInput = Annotated[list[InvoiceItemInput], Field(
    max_length=MAX_ITEMS, description="In a change all lines; one with the id that was read stays",
)]


class InvoiceInput(Input):
    """An invoice as callers may write it: a draft, whose lines may come later."""

    customer_id: RowId
    items: ItemsInput = []
    currency: OrAbsent[CurrencyCode] = None
    due_on: Maybe[Day] = None
    notes: Maybe[LongText] = None
    discount: Maybe[Annotated[Decimal, Number()]] = None
    period_start_on: Maybe[Day] = None
    period_end_on: Maybe[Day] = None


def create(actor: Actor, new: InvoiceInput) -> Invoice:
    """A draft for one of the actor's customers; Invalid names every wrong line."""
    mistakes = Mistakes()
    merchant = db.session.get_one(Merchant, actor.merchant_id)
    invoice = draft(actor, new.currency or merchant.currency)
    for name in PLAIN:
        setattr(invoice, name, getattr(new, name))
    with mistakes.collected():
        invoice.customer_id = customer(actor, new.customer_id).id
    with mistakes.collected():
        _check_period(invoice)
    with mistakes.collected():
        invoice_amounts.change(actor, invoice, {"items": new.items, "discount": new.discount})
    mistakes.refuse()
    LIFE.add(actor, invoice)
    return invoice


def draft(actor: Actor, currency: str, **values: Any) -> Invoice:
    """A new draft without lines, not stored yet."""
    return Invoice(
        **actor.ownership(), state=InvoiceState.DRAFT, currency=currency, header_discount_minor=0, header_tax_minor=0,
        paid_minor=0, credited_minor=0, refunded_minor=0, **values,
    )


def update(actor: Actor, invoice: Invoice, changes: Mapping[str, Any]) -> Invoice:
    """Change what was sent of a draft."""
    must_be_draft(invoice)
    with LIFE.changing(actor, invoice):
        mistakes = Mistakes()
        for name in PLAIN:
            if name in changes:
                setattr(invoice, name, changes[name])
        with mistakes.collected():
            _check_period(invoice)
        with mistakes.collected():
            if "customer_id" in changes and changes["customer_id"] != invoice.customer_id:
                invoice.customer_id = customer(actor, changes["customer_id"]).id
        with mistakes.collected():
            if changes.keys() & invoice_amounts.FIELDS:
                invoice_amounts.change(actor, invoice, changes)
        mistakes.refuse()
    return invoice


def preview(actor: Actor, invoice: Invoice | None, changes: Mapping[str, Any]) -> invoice_amounts.Amounts:
    """The amounts of a draft, or a new one, with these changes; nothing is written."""
    if invoice is None:
        merchant = db.session.get_one(Merchant, actor.merchant_id)
        invoice = draft(actor, changes.get("currency") or merchant.currency)
    return invoice_amounts.computed(actor, invoice, changes)


def delete(actor: Actor, invoice: Invoice) -> None:
    """Mark a draft as deleted; an issued invoice stays."""
    must_be_draft(invoice)
    LIFE.remove(actor, invoice)


def restore(actor: Actor, invoice: Invoice, was: Mapping[str, Any] | None = None) -> Invoice:
    """Undo of `delete`; Conflict when the draft has lost its customer meanwhile."""
    if invoice.customer.deleted_at is not None:
        raise Conflict("The customer of this invoice was deleted.")
    with LIFE.restoring(actor, invoice):
        return invoice


def must_be_draft(invoice: Invoice) -> None:
    """Raises Conflict (`invoice-is-issued`) for an issued invoice, and for a draft that was cancelled."""
    if invoice.state is InvoiceState.ISSUED:
        raise Conflict(f"The invoice is issued as {invoice.number} and never changes.", code="invoice-is-issued")
    if invoice.state is InvoiceState.CANCELLED:
        raise Conflict("The draft was cancelled.", code="invoice-is-cancelled")


def must_be_issued(invoice: Invoice) -> None:
    """Raises Conflict (`invoice-is-draft`) for an invoice without a number."""
    if invoice.state is not InvoiceState.ISSUED:
        raise Conflict("The invoice is not issued.", code="invoice-is-draft")


def customer(actor: Actor, key: int) -> Customer:
    """The customer; one who is archived gets no invoice."""
    found: Customer = customers.LISTING.refer(actor, "customer_id", key)
    if found.status is CustomerStatus.ARCHIVED:
        raise Invalid.field("customer_id", "is archived", "archived")
    return found


def _check_period(invoice: Invoice) -> None:
    start, end = invoice.period_start_on, invoice.period_end_on
    if start is not None and end is not None and end < start:
        raise Invalid.field("period_end_on", "must not be before the period's first day", "contradiction")


def _snapshot(invoice: Invoice) -> dict[str, Any]:
    """The invoice with its lines, for the audit trail."""
    lines = [{name: audit.plain(getattr(one, name)) for name in COLUMNS} for one in invoice.items]
    return audit.snapshot(invoice) | {"items": lines}


LIFE = Lifecycle(noun="invoice", emit_event=events.emit, snapshot=_snapshot)
__all__ = ["LIFE", "LISTING", "InvoiceInput", "create", "delete", "draft", "preview", "restore", "update"]
