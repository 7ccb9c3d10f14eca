"""Begins attempts to collect: the row of an attempt is committed before the gateway is asked."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.errors import Conflict
from domain.payments import followers, gateway_accounts
from domain.payments.gateways import Account, ChargeRequest
from domain.payments.locking import LIFE
from domain.payments.schedule import scheduled_status
from domain.sales.orders import payment_links
from domain.sales.orders.order_clock import now_of
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.payment import Payment, PaymentReason, PaymentStatus, Refund
from models.payment_method import PaymentMethod

LOOK_UPS = (timedelta(minutes=5), timedelta(hours=1))        # after a question without an answer; then daily
DAILY = timedelta(days=1)
OPEN = frozenset({PaymentStatus.PENDING, PaymentStatus.UNKNOWN, PaymentStatus.REQUIRES_ACTION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a gateway is asked, in plain values: usable after the transaction that committed its row."""

    payment_id: int
    gateway: str
    account: Account
    request: ChargeRequest


def owed(row: ScheduledPayment) -> int:
    """What is still to be paid of a row."""
    return max(0, row.amount_minor - row.paid_minor)


def begin(
    actor: Actor, order: Order, row: ScheduledPayment, reason: PaymentReason, method: PaymentMethod | None = None,
    *, amount_minor: int | None = None,
) -> Attempt:
    """A new attempt to collect a locked row, with the order's payment method or the one given.

    The amount is what is owed of the row, or the one given. Raises Conflict where there is no method, or nothing
    to pay.
    """
    method = method or order.payment_method
    if method is None:
        raise Conflict("The order has no payment method.")
    payment = add(actor, order, row, reason, gateway=method.gateway, method=method, amount_minor=amount_minor)
    return attempt_of(order, row, payment, method)


def add(
    actor: Actor, order: Order, row: ScheduledPayment, reason: PaymentReason, *, gateway: str,
    method: PaymentMethod | None = None, look_up_at: datetime | None = None, amount_minor: int | None = None,
) -> Payment:
    """The row of an attempt; the scheduled payment reads `processing` from here on."""
    must_be_free(actor, order)
    if owed(row) == 0:
        raise Conflict("There is nothing to pay.")
    now = now_of(order)
    if reason is PaymentReason.RETRY:
        row.retry_count += 1
    scheduled_status.move(actor, row, ScheduledStatus.PROCESSING)
    payment = Payment(
        merchant_id=order.merchant_id, test=order.test, customer_id=order.customer_id, order_id=order.id,
        scheduled_payment_id=row.id,
        payment_method_id=method.id if method is not None else None, gateway=gateway, reason=reason,
        status=PaymentStatus.PENDING, currency=row.currency, amount_minor=amount_minor or owed(row),
        key=secrets.token_hex(16), asked_at=now, created_at=now, updated_at=now,
        look_up_at=look_up_at or now + LOOK_UPS[0], look_ups=0, test_clock_id=order.test_clock_id,
    )
    LIFE.add(actor, payment)
    return payment


def must_be_free(actor: Actor, order: Order) -> None:
    """Raises Conflict while the locked order is paid otherwise; what was paid so is counted."""
    if followers.must_wait(actor, order):
        raise Conflict("A payment of the order's invoice is under way.", code="under-way")


def attempt_of(order: Order, row: ScheduledPayment | None, payment: Payment, method: PaymentMethod) -> Attempt:
    """The request to the gateway; every repetition is the same, but for the time."""
    return Attempt(
        payment_id=payment.id, gateway=payment.gateway,
        account=gateway_accounts.for_gateway(order.merchant_id, payment.gateway, test=order.test),
        request=ChargeRequest(
            key=payment.key, order_id=order.id, scheduled_payment_id=payment.scheduled_payment_id,
            amount_minor=payment.amount_minor, currency=payment.currency, token=method.token, at=now_of(order),
            test_clock_id=order.test_clock_id, description=order.description or f"Order {order.id}",
            page=payment_links.path_of(order.link_token) or "", is_repeated=payment.look_ups > 0,
        ),
    )


def open_on_links(links: Any) -> Payment | None:
    """The payment on one of these links of invoices whose outcome is not known."""
    statement = select(Payment).where(Payment.invoice_link_id.in_(links), Payment.status.in_(sorted(OPEN)))
    return db.session.scalar(statement.order_by(Payment.id.desc()).limit(1))


def next_look_up(payment: Payment | Refund, now: datetime) -> datetime:
    """When the gateway is asked again: 5 minutes after the first question, an hour after that, then daily."""
    asked_for = now - payment.created_at
    return now + next((pause for pause in LOOK_UPS if asked_for < pause), DAILY)
