"""Manages payments: reads every attempt with its refunds, and records what was paid by other means."""

from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from sqlalchemy import func, select

from database import db
from domain import usage
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Choice, Input, Maybe, Number, RowId, Text
from domain.payments import attempts, payment_inquiries, refunds
from domain.payments.bank import manual_payments
from domain.payments.payment_listing import FREE, LISTING
from domain.payments.schedule import scheduled_status
from domain.payments.schedule.scheduled_listing import LISTING as SCHEDULED
from domain.resource import Action, Resource, Sample
from domain.sales.orders import orders
from domain.sales.orders.order_listing import LISTING as ORDERS
from domain.usage import Use
from models.customer import Customer
from models.merchant import Merchant
from models.money import Money
from models.order import Order, ScheduledPayment
from models.payment import Payment, PaymentReason, PaymentStatus
from models.product import Billing
from models.test_clock import TestClock


class ByHand(StrEnum):
    """The gateways whose payments people record."""

    MANUAL = manual_payments.GATEWAY


class PaymentInput(Input):
    """A payment that somebody received by other means, such as a bank transfer: of a row, or of the oldest open one."""

    order_id: Maybe[RowId] = None
    scheduled_payment_id: Maybe[RowId] = None
    amount: Annotated[Decimal, Number(above=0)]
    gateway: Annotated[ByHand, Choice(ByHand)] = ByHand.MANUAL
    reference: Maybe[Annotated[str, Text(255)]] = None


def record(actor: Actor, new: PaymentInput) -> Payment:
    """Record a payment; the scheduled payment becomes complete or recovered when all of it is paid.

    Raises Invalid for more than is owed, but in instalments, where it leaves the order in review; Conflict while the
    gateway is being asked or where nothing is open.
    """
    order_id = _order_of(actor, new)
    ORDERS.refer(actor, "order_id", order_id)
    order = orders.locked(order_id)
    row = _open(order, new.scheduled_payment_id)
    minor = refunds.minor_of(new.amount, row.currency)
    if minor > attempts.owed(row) and order.billing is not Billing.INSTALMENT:
        raise Invalid.field("amount", "is more than what is owed", "range")
    return manual_payments.record(actor, order, row, minor, reference=new.reference)


def _order_of(actor: Actor, new: PaymentInput) -> int:
    """The id of the order that the input names, itself or by its scheduled payment."""
    if new.scheduled_payment_id is None:
        if new.order_id is None:
            raise Invalid.field("order_id", "is required", "missing")
        return new.order_id
    row: ScheduledPayment = SCHEDULED.refer(actor, "scheduled_payment_id", new.scheduled_payment_id)
    if new.order_id not in (None, row.order_id):
        raise Invalid.field("scheduled_payment_id", "belongs to another order", "contradiction")
    return row.order_id


def _open(order: Order, row_id: int | None) -> ScheduledPayment:
    """The row that is paid, locked: the one with this id, or the order's oldest that may still be paid."""
    statement = select(ScheduledPayment).where(ScheduledPayment.order_id == order.id)
    if row_id is not None:
        statement = statement.where(ScheduledPayment.id == row_id)
    rows = db.session.scalars(
        statement.order_by(ScheduledPayment.sequence).with_for_update(key_share=True).execution_options(populate_existing=True)
    ).all()
    for row in rows:
        if row_id is not None or (row.status in scheduled_status.OPEN and attempts.owed(row) > 0):
            return row
    raise Conflict("There is nothing to pay.")


def is_refundable(actor: Actor, row: Any) -> bool:
    """Whether any part of the payment can still be refunded."""
    return bool(row.status == PaymentStatus.APPROVED and row.refunded_minor < row.amount_minor)


def refund(actor: Actor, payment: Payment) -> Payment:
    """Refund all that is left; the worker calls the gateway."""
    refunds.begin(actor, payment, by_worker=True)
    return payment


def _given_back(row: Any) -> tuple[str, ...]:
    """What the dialog says that a refund does."""
    left = Money(row.amount_minor - row.refunded_minor, row.currency).decimal
    return (f"{left:,} {row.currency} will be refunded. This cannot be undone.",)


def _credits(customer: Customer) -> int:
    """The payments of the customer that have not paid any invoice wholly, and are credit."""
    return db.session.scalar(
        select(func.count()).select_from(Payment).where(Payment.customer_id == customer.id, FREE)) or 0


usage.register(Customer, Use("payment with credit", "payments with credit", _credits))
usage.register(Merchant, Use("payment", "payments", lambda row: usage.rows(Payment, merchant_id=row.id)))
usage.register(TestClock, Use("payment", "payments", lambda row: usage.rows(Payment, test_clock_id=row.id)))

RESOURCE = Resource(
    name="payments",
    noun="payment",
    listing=LISTING,
    read_scope="READ_PAYMENTS",
    write_scope="WRITE_PAYMENTS",
    actions={
        "look_up": Action(
            run=payment_inquiries.look_up, title="Look up now", icon="search", primary=True, bulk=True,
            past="The gateway was asked about {}.", offered=payment_inquiries.may_look_up, asks=True,
        ),
        "refund": Action(
            run=refund, title="Refund", past="{} is being refunded.", icon="rotate", danger=True,
            offered=is_refundable, confirm=_given_back,
        ),
    },
    sample=Sample(
        sent={},
        read_only={
            "merchant_id": 1, "order_id": 1, "scheduled_payment_id": 1, "customer_id": 1, "amount": 20,
            "currency": "EUR", "allocated": 0, "allocations": [], "status": PaymentStatus.APPROVED, "decline": None,
            "message": None, "gateway": "test", "reference": "charge_6f1c", "reason": PaymentReason.SCHEDULE,
            "confirm_url": None, "refunded": 0, "disputed": False,
            "executed_at": datetime(2026, 1, 31, 12, tzinfo=UTC), "refunds": [],
        },
    ),
)
