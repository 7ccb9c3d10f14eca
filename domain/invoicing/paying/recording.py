"""Records what customers paid for invoices by other means: by bank transfer or in cash."""

import secrets
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field
from sqlalchemy import select

from database import db
from domain import clock, zones
from domain.actor import Actor
from domain.errors import Invalid, Mistakes
from domain.inputs import Choice, CurrencyCode, Day, Input, Maybe, Number, RowId, Text, minor
from domain.invoicing import invoices
from domain.invoicing.paying import allocating
from domain.payments import followers, locking
from domain.people import customers
from models.customer import Customer
from models.invoice import Invoice, InvoiceState
from models.money import Money
from models.payment import Payment, PaymentReason, PaymentStatus

MOST = 100                               # invoices of one payment
NOON = time(12)


class ReceivedBy(StrEnum):
    """How the money came."""

    MANUAL = "manual"                    # by bank transfer
    CASH = "cash"


class ReceiptInput(Input):
    """A payment of one customer: it pays the invoices named, the oldest first; the rest is the customer's credit."""

    customer_id: Maybe[RowId] = None
    invoice_ids: Maybe[Annotated[list[RowId], Field(max_length=MOST)]] = None
    amount: Annotated[Decimal, Number(above=0)]
    currency: Maybe[CurrencyCode] = None
    gateway: Annotated[ReceivedBy, Choice(ReceivedBy)] = ReceivedBy.MANUAL
    reference: Maybe[Annotated[str, Text(255)]] = None
    received_on: Maybe[Day] = None       # today


def record(actor: Actor, new: ReceiptInput) -> Payment:
    """An approved payment. Invalid for invoices of several customers or currencies, drafts, and days to come.

    Conflict where a payment with this reference was recorded before.
    """
    mistakes = Mistakes()
    with mistakes.collected():
        found = payable(actor, new.invoice_ids or [])
    mistakes.refuse()
    with mistakes.collected():
        currency = _currency(new, found)
        amount = minor("amount", new.amount, currency) or 0
    with mistakes.collected():
        customer = _customer(actor, new, found)
        at = moment(customer.merchant_id, new.received_on)
    mistakes.refuse()
    actor = actor.for_row(customer)
    locking.lock_account(customer.id)
    payment = receive(
        actor, customer, Money(amount, currency), gateway=new.gateway.value, reference=new.reference, at=at)
    allocating.allocate_to(actor, payment, allocating.lock_invoices(Invoice.id.in_([one.id for one in found])))
    return payment


def receive(
    actor: Actor, customer: Customer, amount: Money, *, gateway: str, reference: str | None, at: datetime,
    message: str | None = None,
) -> Payment:
    """An approved payment of the customer, whose account is locked; it pays no invoice yet."""
    payment = Payment(
        **actor.ownership(), customer_id=customer.id, gateway=gateway, reason=PaymentReason.MANUAL,
        status=PaymentStatus.APPROVED, currency=amount.currency, amount_minor=amount.minor, refunded_minor=0,
        allocated_minor=0, key=secrets.token_hex(16), reference=reference, message=message, asked_at=clock.now(),
        executed_at=at,
    )
    locking.LIFE.add(actor, payment)
    locking.LIFE.emit(actor, "approved", payment)
    followers.approved(actor, payment)
    return payment


def moment(merchant_id: int, day: date | None) -> datetime:
    """When money came that came on this day of the merchant's zone: now, or at noon; Invalid for a day to come."""
    now, zone = clock.now(), zones.of_merchant(merchant_id)
    today = now.astimezone(zone).date()
    if day is None or day == today:
        return now
    if day > today:
        raise Invalid.field("received_on", "must not be in the future", "future")
    return datetime.combine(day, NOON, zone).astimezone(now.tzinfo)


def payable(actor: Actor, keys: list[int]) -> list[Invoice]:
    """The issued invoices with these ids; Invalid names those that cannot be paid."""
    clauses, values = invoices.LISTING.owned(actor)
    rows = db.session.scalars(select(Invoice).where(Invoice.id.in_(keys), *clauses), values)
    found, mistakes = {one.id: one for one in rows}, Mistakes()
    for place, key in enumerate(keys):
        with mistakes.collected():
            path, invoice = f"invoice_ids.{place}", found.get(key)
            if invoice is None:
                raise Invalid.field(path, "must exist", "unknown")
            if invoice.state is not InvoiceState.ISSUED:
                raise Invalid.field(path, "is not issued", "contradiction")
            if key in keys[:place]:
                raise Invalid.field(path, "is named twice", "repeated")
            first = found.get(keys[0])
            if first is not None and invoice.customer_id != first.customer_id:
                raise Invalid.field(path, "is of another customer than the first one", "contradiction")
    mistakes.refuse()
    return [found[key] for key in keys]


def _customer(actor: Actor, new: ReceiptInput, found: list[Invoice]) -> Customer:
    if not found:
        if new.customer_id is None:
            raise Invalid.field("customer_id", "is required", "missing")
        row: Customer = customers.LISTING.refer(actor, "customer_id", new.customer_id)
        return row
    if new.customer_id not in (None, found[0].customer_id):
        raise Invalid.field("customer_id", "is not the customer of the invoices", "contradiction")
    return db.session.get_one(Customer, found[0].customer_id)


def _currency(new: ReceiptInput, found: list[Invoice]) -> str:
    """The currency of the payment and of all invoices."""
    used = sorted({one.currency for one in found})
    if len(used) > 1:
        raise Invalid.field("invoice_ids", f"are in {' and '.join(used)}: record a payment for each", "contradiction")
    if not used and new.currency is None:
        raise Invalid.field("currency", "is required", "missing")
    if used and new.currency not in (None, used[0]):
        raise Invalid.field("currency", f"must be the invoices' currency, {used[0]}", "contradiction")
    return used[0] if used else str(new.currency)
