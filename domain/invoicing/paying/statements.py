"""The statement of account of a customer: what changed the balance in a period, and the balance before and after it.

Plus is owed. It covers invoices and credit notes, what was paid for invoices or on account, and what of that was paid
back. Payments of orders count as far as they pay invoices, so that the closing balance is what is open of all
invoices less the customer's credit.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select

from database import db
from domain import clock, zones
from domain.errors import Invalid
from domain.inputs import CurrencyCode, Day, Input, Maybe
from domain.people import customers
from models.allocation import Allocation
from models.credit_note import CreditNote
from models.customer import Customer
from models.invoice import Invoice, InvoiceState
from models.payment import Payment, PaymentStatus, Refund, RefundStatus

LONGEST = 3660                           # days of a statement
KINDS = ("invoice", "credit_note", "payment", "refund")


@dataclass(frozen=True, slots=True)
class Entry:
    """What changed the balance, in minor units, and the balance after it."""

    on: date
    kind: str                            # invoice, credit_note, payment or refund
    number: str
    amount_minor: int
    balance_minor: int = 0


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement in one currency."""

    customer: Customer
    currency: str
    start: date
    end: date
    opening_minor: int
    closing_minor: int
    entries: tuple[Entry, ...]


class StatementInput(Input):
    """Which days and which currency; by default this year until today, in the customer's currency."""

    start: Maybe[Day] = None
    until: Maybe[Day] = None
    currency: Maybe[CurrencyCode] = None


def asked(customer: Customer, given: StatementInput) -> Statement:
    """The statement that was asked for."""
    today = clock.now().astimezone(zones.of_merchant(customer.merchant_id)).date()
    until = given.until or today
    start = given.start or min(until, today).replace(month=1, day=1)
    return of(customer, given.currency or customers.currency_of(customer), start, until)


def of(customer: Customer, currency: str, start: date, end: date) -> Statement:
    """The statement from the first to the last of these days, in the merchant's zone; Invalid where they are wrong."""
    if end < start:
        raise Invalid.field("until", "must not be before the first day", "contradiction")
    if (end - start).days > LONGEST:
        raise Invalid.field("until", "is more than ten years after the first day", "range")
    zone = zones.of_merchant(customer.merchant_id)
    found = sorted(
        _changes(customer, currency, end, zone), key=lambda one: (one.on, KINDS.index(one.kind), one.number))
    balance = opening = sum(one.amount_minor for one in found if one.on < start)
    entries = []
    for one in found:
        if one.on >= start:
            balance += one.amount_minor
            entries.append(Entry(one.on, one.kind, one.number, one.amount_minor, balance))
    return Statement(customer, currency, start, end, opening, balance, tuple(entries))


def _changes(customer: Customer, currency: str, end: date, zone: ZoneInfo) -> Iterator[Entry]:
    """All that changed the balance until the end of a day."""
    after = datetime.combine(end, time.max, zone).astimezone(UTC)
    for number, on, total in db.session.execute(
        select(Invoice.number, Invoice.issue_on, Invoice.total_minor)
        .where(*_own(Invoice, customer, currency), Invoice.state == InvoiceState.ISSUED, Invoice.issue_on <= end)
    ):
        yield Entry(on or end, "invoice", number or "", total)
    for number, on, total in db.session.execute(
        select(CreditNote.number, CreditNote.issue_on, CreditNote.total_minor)
        .where(*_own(CreditNote, customer, currency), CreditNote.issue_on <= end)
    ):
        yield Entry(on, "credit_note", number, -total)
    for key, at, amount in db.session.execute(
        _counted(customer, currency).where(func.coalesce(Payment.executed_at, Payment.created_at) <= after)
    ):
        if amount:
            yield Entry(at.astimezone(zone).date(), "payment", str(key), -int(amount))
    yield from _refunds(customer, currency, after, zone)


def _own(model: Any, customer: Customer, currency: str) -> tuple[Any, ...]:
    return (
        model.customer_id == customer.id, model.test.is_(customer.test), model.currency == currency,
        model.merchant_id == customer.merchant_id,
    )


def _counted(customer: Customer, currency: str) -> Any:
    """Payments with what of them counts: all, or of an order's what pays or paid invoices."""
    parts = select(func.coalesce(func.sum(Allocation.amount_minor + Allocation.returned_minor), 0)).where(
        Allocation.payment_id == Payment.id).correlate(Payment).scalar_subquery()
    return select(
        Payment.id, func.coalesce(Payment.executed_at, Payment.created_at),
        case((Payment.order_id.is_(None), Payment.amount_minor), else_=parts),
    ).where(*_own(Payment, customer, currency), Payment.status == PaymentStatus.APPROVED)


def _refunds(customer: Customer, currency: str, after: datetime, zone: ZoneInfo) -> Iterator[Entry]:
    """Refunds; of an order's payment only what was taken off invoices, by the first refunds."""
    returned = select(func.coalesce(func.sum(Allocation.returned_minor), 0)).where(
        Allocation.payment_id == Payment.id).correlate(Payment).scalar_subquery()
    at = func.coalesce(Refund.executed_at, Refund.created_at)
    rows = db.session.execute(
        select(Refund.id, at, Refund.amount_minor, Payment.id, Payment.order_id, returned)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(*_own(Payment, customer, currency), Refund.status == RefundStatus.APPROVED, at <= after)
        .order_by(at, Refund.id)
    ).all()
    left: dict[int, int] = {}
    for key, moment, amount, payment_id, order_id, taken in rows:
        rest = left.setdefault(payment_id, amount if order_id is None else int(taken))
        part = amount if order_id is None else min(amount, rest)
        left[payment_id] = rest - part
        if part:
            yield Entry(moment.astimezone(zone).date(), "refund", str(key), part)
