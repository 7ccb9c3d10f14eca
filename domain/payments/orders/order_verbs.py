"""Ends, pauses and resumes orders, with their scheduled payments. The order's row is locked."""

from domain.actor import Actor
from domain.payments.schedule import scheduled_status, schedules
from domain.payments.schedule.scheduled_status import DECLINED
from domain.sales.orders import order_status
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import FINAL, PRELIMINARY, refused
from models.order import Order, OrderStatus, ScheduledStatus
from models.product import Billing

PAUSABLE = frozenset({OrderStatus.ACTIVE, OrderStatus.FAILED})
# What is asked for right now goes on; booking its outcome cancels it when it was declined.
ENDED_WITH_ORDER = scheduled_status.EDITABLE | {ScheduledStatus.PAUSED, ScheduledStatus.REVIEW}


def cancel(actor: Actor, order: Order) -> Order:
    """End the order: one that nothing was paid for is cancelled, a live one is complete. Open payments are cancelled.

    Conflict when it has ended already.
    """
    if order.status in FINAL:
        raise refused(f"is already {order.status}")
    status = OrderStatus.CANCELLED if order.status in PRELIMINARY else OrderStatus.COMPLETE
    for row in schedules.open_rows(order):
        if row.status in ENDED_WITH_ORDER:
            scheduled_status.move(actor, row, ScheduledStatus.CANCELLED)
    return order_status.move(actor, order, status)


def pause(actor: Actor, order: Order) -> Order:
    """Stop collecting a subscription until it is resumed; Conflict for any other order."""
    if order.billing is not Billing.SUBSCRIPTION or order.status not in PAUSABLE:
        raise refused("must be an active subscription")
    if order.cancels_at_period_end:
        raise refused("is cancelled at the end of the period: take that back first")
    for row in schedules.open_rows(order):
        if row.status in scheduled_status.COLLECTED:
            scheduled_status.move(actor, row, ScheduledStatus.PAUSED)
    return order_status.move(actor, order, OrderStatus.PAUSED)


def resume(actor: Actor, order: Order) -> Order:
    """Go on collecting a paused subscription: active, or failed while a payment of before is owed.

    What was due before the pause is collected now, what fell into it never. Conflict when it is not paused.
    """
    if order.status is not OrderStatus.PAUSED:
        raise refused("must be paused")
    assert order.paused_at is not None
    rows, since, now = schedules.open_rows(order), order.paused_at, now_of(order)
    for row in rows:
        if row.status is ScheduledStatus.PAUSED:
            is_owed = row.declined_at is not None
            is_over = not is_owed and since <= row.due_at <= now
            status = ScheduledStatus.SOFT_DECLINED if is_owed else ScheduledStatus.SCHEDULED
            scheduled_status.move(actor, row, ScheduledStatus.SKIPPED if is_over else status)
    owes = any(row.status in DECLINED for row in rows)
    order_status.move(actor, order, OrderStatus.FAILED if owes else OrderStatus.ACTIVE)
    schedules.release(order, rows)
    schedules.pass_over(actor, order, now)
    schedules.follow(actor, order)
    return order
