"""Records payments that no gateway collected: money that arrived by bank transfer, in cash, or otherwise."""

import secrets

from domain.actor import Actor
from domain.errors import Conflict, NotFound
from domain.payments import booking, followers, locking, refunds
from domain.payments.schedule import scheduled_status
from domain.payments.schedule.scheduled_status import EDITABLE, OPEN
from domain.sales.orders import order_status
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import FINAL
from models.money import LIMIT
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Payment, PaymentReason, PaymentStatus, Refund

GATEWAY = "manual"


def locked(row_id: int) -> tuple[Order, ScheduledPayment]:
    """A scheduled payment and its order, locked in the order that everybody locks in; raises NotFound."""
    found = locking.lock_row(row_id)
    if found is None:
        raise NotFound("scheduled payment", row_id)
    return found


def record(
    actor: Actor, order: Order, row: ScheduledPayment, amount_minor: int, *, reference: str | None, message: str = "",
) -> Payment:
    """An approved payment of a locked row. Less than is open leaves the rest open, more is kept as paid.

    Conflict where the order has ended or is a draft, or the row is being collected or has ended.
    """
    if order.status in FINAL or order.status is OrderStatus.DRAFT:
        raise order_status.refused(f"is {order.status}")
    if row.status is ScheduledStatus.PROCESSING:
        raise scheduled_status.refused("is being collected")
    if row.status not in OPEN:
        raise scheduled_status.refused(f"is already {row.status}")
    if not 0 < amount_minor < LIMIT - row.paid_minor:
        raise Conflict("The amount is too small or too large.")
    now = now_of(order)
    payment = Payment(
        merchant_id=order.merchant_id, test=order.test, customer_id=order.customer_id, order_id=order.id,
        scheduled_payment_id=row.id,
        gateway=GATEWAY, reason=PaymentReason.MANUAL, status=PaymentStatus.APPROVED, currency=row.currency,
        amount_minor=amount_minor, key=secrets.token_hex(16), reference=reference, message=message[:500] or None,
        asked_at=now, executed_at=now, created_at=now, test_clock_id=order.test_clock_id,
    )
    locking.LIFE.add(actor, payment)
    locking.LIFE.emit(actor, "approved", payment)
    booking.paid(actor, order, row, amount_minor)
    followers.approved(actor, payment)
    return payment


def give_back(actor: Actor, payment: Payment, reason: str) -> Refund:
    """Record that the rest of a payment was refunded; Conflict or Invalid where nothing is left.

    A row that was paid in part is owed that part again; one that is complete stays complete, as with every refund.
    """
    _, row, payment = locking.lock_payment(payment.id)
    left = refunds.left(payment)
    begun = refunds.begin(actor, payment, reason=reason)
    if row is not None and row.status in EDITABLE | {ScheduledStatus.PAUSED}:
        with scheduled_status.LIFE.changing(actor, row):
            row.paid_minor -= min(left, row.paid_minor)
    return refunds.given_by_hand(actor, begun.refund_id)
