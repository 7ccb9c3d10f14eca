"""Invoices as their customer reads them: issued ones, with their credit notes."""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, or_, select

from database import db
from domain.actor import Actor
from domain.invoicing import samples
from domain.invoicing.invoice_listing import BALANCE, OPEN
from domain.invoicing.invoice_listing import LISTING as ALL
from domain.list_parts import Children, Filter
from domain.resource import Resource
from models.credit_note import CreditNote
from models.invoice import Invoice, InvoiceItem, InvoiceState

CREDIT_NOTE = ("id", "number", "currency", "total_minor", "reason", "issue_on")
CREDIT_NOTES = Children(
    CreditNote.invoice_id, {name: getattr(CreditNote, name) for name in CREDIT_NOTE}, CreditNote.id)

LISTING = replace(
    ALL,
    children={**ALL.children, "credit_notes": CREDIT_NOTES},
    filters={
        **{name: ALL.filters[name] for name in ("id", "merchant_id", "status", "open", "number")},
        # What a service is billed by: invoices of its order, and lines that name it.
        "service_id": Filter(int, lambda bound: or_(
            Invoice.order_id == bound,
            Invoice.id.in_(select(InvoiceItem.invoice_id).where(InvoiceItem.service_id == bound)))),
    },
    search=(Invoice.search_text,),
    where=(Invoice.state == InvoiceState.ISSUED,),
)
ROWS = replace(LISTING, children={})            # for lists

@dataclass(frozen=True, slots=True)
class Owed:
    """What is open in one currency: how much, on how many invoices, and how many of them are late."""

    currency: str
    minor: int
    count: int
    late: int


def owed(actor: Actor, now: datetime) -> list[Owed]:
    """What the customer owes, by currency."""
    clauses, values = LISTING.owned(actor)
    late = func.count().filter(Invoice.overdue_at <= now)
    rows = db.session.execute(
        select(Invoice.currency, func.sum(BALANCE), func.count(), late).where(*clauses, OPEN)
        .group_by(Invoice.currency).order_by(Invoice.currency), values)
    return [Owed(currency, int(minor), count, overdue) for currency, minor, count, overdue in rows]


RESOURCE = Resource(
    name="invoices",
    noun="invoice",
    listing=LISTING,
    read_scope="READ_INVOICES",
    write_scope="WRITE_INVOICES",
    sample=replace(samples.INVOICE, read_only={
        **samples.INVOICE.read_only, "credit_notes": [],
    }),
)
