"""Begins attempts that a person asks for: to pay an order, to execute or to retry a scheduled payment.

Each returns what the gateway is to be asked, after the transaction that committed the attempt's row.
"""

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.errors import Conflict, Problem
from domain.payments import attempts, booking, payment_methods
from domain.payments.attempts import Attempt
from domain.payments.schedule import scheduled_status
from domain.payments.schedule.scheduled_status import DECLINED
from domain.sales.orders import order_status
from domain.sales.orders.order_status import FINAL, PRELIMINARY
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import PaymentReason
from models.payment_method import PaymentMethod


def initial(order: Order) -> ScheduledPayment:
    """The locked row of the first payment; raises Conflict where it was paid, or the order has ended."""
    if order.status in FINAL:
        raise order_status.refused(f"is already {order.status}")
    if order.status is OrderStatus.DRAFT:
        raise order_status.refused("is draft: publish it first")
    if order.status not in PRELIMINARY:
        raise order_status.refused("is not pending: it is already paid")
    statement = select(ScheduledPayment).where(ScheduledPayment.order_id == order.id, ScheduledPayment.sequence == 0)
    row: ScheduledPayment = db.session.execute(statement.with_for_update(key_share=True)).scalar_one()
    if row.status is ScheduledStatus.PROCESSING:
        raise scheduled_status.refused("is being collected")
    return row


def pay(actor: Actor, order: Order, method: PaymentMethod) -> Attempt | None:
    """Pay the locked order's first payment, as the payment page would. None where nothing is due now."""
    row = initial(order)
    if attempts.owed(row) == 0:
        order.payment_method_id, order.gateway, order.payment_method = method.id, method.gateway, method
        booking.paid(actor, order, row, 0)
        return None
    return attempts.begin(actor, order, row, PaymentReason.CHECKOUT, method)


def execute(actor: Actor, row: ScheduledPayment) -> Attempt:
    """Collect a scheduled payment now; raises Conflict unless it is scheduled."""
    if row.status is not ScheduledStatus.SCHEDULED:
        raise _refused(row, "is not scheduled")
    if row.awaits_count:
        raise scheduled_status.refused("depends on use: its calls are counted when the period has ended")
    return _collect(actor, row)


def retry(actor: Actor, row: ScheduledPayment) -> Attempt:
    """Try a declined payment again; it uses up none of the automatic tries. Raises Conflict unless it was declined."""
    if row.status not in DECLINED:
        raise _refused(row, "was not declined")
    return _collect(actor, row)


def _refused(row: ScheduledPayment, otherwise: str) -> Conflict:
    is_running = row.status is ScheduledStatus.PROCESSING
    return scheduled_status.refused("is being collected" if is_running else otherwise)


def _collect(actor: Actor, row: ScheduledPayment) -> Attempt:
    order = row.order
    if order.status in FINAL or order.status in PRELIMINARY or order.status is OrderStatus.PAUSED:
        raise order_status.refused(f"is {order.status}")
    if order.payment_method is None:
        message = "The order has no payment method."
        raise Conflict(message, fields={"payment_method": Problem("missing", "is missing")})
    return attempts.begin(actor, order, row, PaymentReason.MANUAL)


def change_method(actor: Actor, order: Order, token: str) -> Order:
    """Change to another payment method of the test bank; this collects nothing."""
    return payment_methods.change(actor, order, payment_methods.test_method(actor, order, token))
