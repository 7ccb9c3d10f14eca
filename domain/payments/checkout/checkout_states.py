"""Says what the payment page shows: the row to pay, its last attempt, and the ways in which it can be paid."""

from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select

from database import db
from domain.payments import attempts, gateway_accounts
from domain.payments.gateways import registry
from domain.payments.schedule import schedules
from domain.payments.schedule.scheduled_status import DECLINED, PAID
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import FINAL, PRELIMINARY
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Payment, PaymentReason, PaymentStatus

TRANSFER = "manual"
EARLY = timedelta(days=7)                        # before its day, what nobody collects can be paid on the page


class PageState(StrEnum):
    """What the payment page shows."""

    OPEN = "open"
    TRANSFER = "transfer"                        # the customer sends the money
    EXPIRED = "expired"
    CONFIRM = "confirm"                          # the customer's bank asks for one more step
    WAITING = "waiting"                          # the outcome is not known yet
    PAID = "paid"
    ENDED = "ended"                              # cancelled, nothing was paid


def payable(order: Order) -> ScheduledPayment | None:
    """The row that the customer may pay now: the first payment, or of a live order what was declined or waits."""
    if order.status in PRELIMINARY:
        statement = select(ScheduledPayment).where(
            ScheduledPayment.order_id == order.id, ScheduledPayment.sequence == 0)
        return db.session.scalar(statement)
    if order.status in FINAL or order.status is OrderStatus.PAUSED:
        return None
    rows = schedules.seen_rows(order)
    urgent = next((row for row in rows if row.status in DECLINED or row.status is ScheduledStatus.PROCESSING), None)
    return urgent or next((row for row in rows if _is_by_hand(order, row)), None)


def _is_by_hand(order: Order, row: ScheduledPayment) -> bool:
    """Whether nobody collects what waits: the order has no payment method, so the customer pays each time."""
    waits = row.status is ScheduledStatus.SCHEDULED and not row.awaits_count and attempts.owed(row) > 0
    is_soon = row.due_at <= now_of(order) + EARLY
    return waits and is_soon and order.payment_method_id is None and not schedules.ends_before(order, row)


def latest(row: ScheduledPayment) -> Payment | None:
    """The last attempt to collect a row."""
    statement = select(Payment).where(Payment.scheduled_payment_id == row.id)
    return db.session.scalar(statement.order_by(Payment.id.desc()).limit(1))


def is_unfinished(payment: Payment | None) -> bool:
    """Whether the customer was sent to the gateway's page, and nothing has been heard since."""
    return payment is not None and (payment.status, payment.reason) == (PaymentStatus.PENDING, PaymentReason.CHECKOUT)


def state(order: Order, row: ScheduledPayment | None, payment: Payment | None) -> PageState:
    """What the page shows of an order, the row to pay, and its last attempt."""
    if order.status is OrderStatus.CANCELLED:
        return PageState.ENDED
    if row is None or row.status in PAID:
        return PageState.PAID
    if payment is not None and payment.status is PaymentStatus.REQUIRES_ACTION:
        return PageState.CONFIRM
    if payment is not None and payment.status in attempts.OPEN and not is_unfinished(payment):
        return PageState.WAITING
    if order.gateway == TRANSFER:
        return PageState.TRANSFER
    return PageState.EXPIRED if is_over(order) and is_held(order, payment) else PageState.OPEN


def of(order: Order) -> PageState:
    """What the page shows of an order."""
    row = payable(order)
    return state(order, row, latest(row) if row is not None else None)


def is_held(order: Order, payment: Payment | None) -> bool:
    """Whether the 25 minutes count: for a new order and a checkout that was begun, not for what is owed."""
    return order.status in PRELIMINARY or is_unfinished(payment)


def is_over(order: Order) -> bool:
    """Whether the time to finish the checkout has passed."""
    return order.checkout_until is not None and order.checkout_until <= now_of(order)


def ways(order: Order) -> list[str]:
    """The gateways by which the order can be paid on the page, the card before the transfer."""
    return [name for name in ready(order.merchant_id, test=order.test) if _keeps_time(order, name)]


def ready(merchant_id: int, *, test: bool) -> list[str]:
    """The gateways that a merchant can use in a world, the card before the transfer."""
    found = [name for name in registry.names(test=test) if is_ready(merchant_id, name, test=test)]
    return sorted(found, key=lambda name: name == TRANSFER)


def is_ready(merchant_id: int, name: str, *, test: bool) -> bool:
    """The test bank needs no settings, any other gateway those that the merchant entered."""
    if name == "test":
        return True
    account = gateway_accounts.find(merchant_id, name, test=test)
    return account is not None and account.enabled and bool(gateway_accounts.secrets_of(account))


def _keeps_time(order: Order, name: str) -> bool:
    """Whether the gateway can follow the order's time: a test clock moves nothing outside of this program."""
    return order.test_clock_id is None or registry.get(name).keeps_test_clocks
