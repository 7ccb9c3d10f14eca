"""Invoices as their customer reads them: issued ones, with their credit notes."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from sqlalchemy import and_, func, or_, select

from database import db
from domain.actor import Actor
from domain.invoicing import samples
from domain.invoicing.invoice_listing import BALANCE, OPEN
from domain.invoicing.invoice_listing import LISTING as ALL
from domain.list_parts import Children, Filter, among
from domain.pages import Query
from domain.resource import Resource
from models.allocation import Allocation
from models.credit_note import CreditNote
from models.invoice import Invoice, InvoiceItem, InvoiceState
from models.payment import Payment

CREDIT_NOTE = ("id", "number", "currency", "total_minor", "reason", "issue_on")
CREDIT_NOTE_SAMPLE = {
    "id": 1, "number": "CN-000001", "total": 142.8, "issue_on": date(2035, 12, 20), "reason": "One hour less"}
PAYMENT_SAMPLE = {
    "id": 1, "executed_at": datetime(2035, 12, 20, 12, tzinfo=UTC), "amount": 100, "gateway": "manual",
    "reference": "2035-12-20/7"}
CREDIT_NOTES = Children(
    CreditNote.invoice_id, {name: getattr(CreditNote, name) for name in CREDIT_NOTE}, CreditNote.id)

# What was paid of it and not paid back; a payment may pay several.
PAYMENTS = Children(
    Allocation.invoice_id,
    {
        "id": Payment.id, "executed_at": Payment.executed_at, "gateway": Payment.gateway,
        "reference": Payment.reference, "currency": Payment.currency,
        "amount_minor": Allocation.amount_minor - Allocation.returned_minor,
    },
    Allocation.id,
    and_(Payment.id == Allocation.payment_id, Allocation.amount_minor > Allocation.returned_minor),
)

LISTING = replace(
    ALL,
    children={"items": ALL.children["items"], "payments": PAYMENTS, "credit_notes": CREDIT_NOTES},
    filters={
        **{name: ALL.filters[name] for name in ("id", "merchant_id", "status", "open", "number", "currency")},
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
    late = func.count().filter(Invoice.late_at <= now)
    rows = db.session.execute(
        select(Invoice.currency, func.sum(BALANCE), func.count(), late).where(*clauses, OPEN)
        .group_by(Invoice.currency).order_by(Invoice.currency), values)
    return [Owed(currency, int(minor), count, overdue) for currency, minor, count, overdue in rows]


def several(actor: Actor, keys: Collection[int]) -> list[Invoice]:
    """These invoices of the customer, in the order of their numbers; raises NotFound unless all are."""
    clauses, values = LISTING.owned(actor)
    found = db.session.scalars(
        select(Invoice).where(among(Invoice.id, keys), *clauses).order_by(Invoice.series_number), values).all()
    missing = set(keys) - {one.id for one in found}
    if missing:
        raise LISTING.absent(actor, min(missing))
    return list(found)


def open_ones(actor: Actor, currency: str, limit: int) -> list[int]:
    """The ids of open invoices in one currency, those that are due first in front."""
    query = Query(filters={"open": True, "currency": currency}, sort="due_on", descending=False, limit=limit)
    return [one.id for one in ROWS.page(actor, query).records]


RESOURCE = Resource(
    name="invoices",
    noun="invoice",
    listing=LISTING,
    read_scope="READ_INVOICES",
    write_scope="WRITE_INVOICES",
    sample=replace(samples.INVOICE, read_only={
        **samples.INVOICE.read_only, "credit_notes": [CREDIT_NOTE_SAMPLE], "payments": [PAYMENT_SAMPLE],
    }),
)
