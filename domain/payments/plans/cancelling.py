"""Cancels orders now or when the period that was paid for ends. Until then that can be taken back.

A metered order bills what was used of its running period, whenever it ends: it is complete once that is paid. Its
payments can be skipped or cancelled, which ends it without them.
"""

from datetime import datetime
from typing import Annotated

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.inputs import Choice, Input
from domain.payments.metered import metered_ends, metered_periods
from domain.payments.orders import order_verbs
from domain.payments.plans import plan_changes
from domain.payments.plans.plan_terms import When
from domain.payments.schedule import schedules
from domain.sales.orders import order_status
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import FINAL, LIVE
from models.order import Order, OrderStatus, ScheduledPayment
from models.product import Billing

ENDABLE = frozenset({OrderStatus.ACTIVE, OrderStatus.FAILED})


class CancelInput(Input):
    """When an order is to end."""

    when: Annotated[When, Choice(When)] = When.NOW


def cancel(actor: Actor, order: Order, when: When) -> Order:
    """End a locked order now or at the end of its period; Conflict where that is not possible."""
    check(order, when)
    row = last_bill(order)
    if row is None and when is When.NOW:
        return order_verbs.cancel(actor, order)
    if order.planned_change is not None:
        plan_changes.withdraw(actor, order)
    with order_status.LIFE.changing(actor, order, "cancellation_planned", event="updated"):
        order.cancels_at_period_end = True
        order.ended_at = now_of(order) if when is When.NOW else None
    if row is not None:
        metered_ends.end(actor, order, row, end_of(order, row, when))
    _follow(order)
    return order


def check(order: Order, when: When) -> None:
    """Raises Conflict when the order cannot be ended then."""
    if order.status in FINAL:
        raise order_status.refused(f"is already {order.status}")
    if order.cancels_at_period_end and metered_periods.is_counted(order):
        row = last_bill(order)
        if row is None or when is When.PERIOD_END or row.due_at <= end_of(order, row, when):
            raise order_status.refused("is already cancelled: it ends when its last payment is paid or skipped")
    if when is When.NOW:
        return
    if not has_end(order):
        raise order_status.refused("must be an active subscription")
    if order.cancels_at_period_end:
        raise order_status.refused("is cancelled at the end of the period already")


def has_end(order: Order) -> bool:
    """Whether a period of the order runs, at whose end it could be ended."""
    repeats = order.billing is Billing.SUBSCRIPTION or metered_periods.is_counted(order)
    return repeats and order.status in ENDABLE


def last_bill(order: Order) -> ScheduledPayment | None:
    """The row of a live metered order's running period: what was used is billed with it, however the order ends."""
    is_live = order.status in LIVE and order.billing == Billing.METERED
    return metered_ends.running(schedules.seen_rows(order)) if is_live else None


def end_of(order: Order, row: ScheduledPayment, when: When) -> datetime:
    """Until when the calls of a metered order are billed, when it is cancelled then."""
    return metered_ends.earliest(row, now_of(order)) if when is When.NOW else metered_ends.agreed(row)


def ends_at(order_id: int) -> datetime | None:
    """When the running period of an order ends, which is where the next one begins; None where none is to come."""
    statement = select(ScheduledPayment).join(Order, Order.id == ScheduledPayment.order_id).where(
        Order.id == order_id, ScheduledPayment.sequence == Order.next_sequence - 1
    )
    row = db.session.scalar(statement)
    if row is None or row.awaits_count:
        return None if row is None else row.due_at
    return row.period_at or row.due_at


def may_withdraw(order: Order) -> bool:
    """Whether the order can go on: it was to end with its period, and of a metered one that was not counted yet."""
    if order.status in FINAL or not order.cancels_at_period_end:
        return False
    return order.billing != Billing.METERED or last_bill(order) is not None


def withdraw(actor: Actor, order: Order) -> Order:
    """Go on with an order that was to end with its period; Conflict when it was not, or its last bill is made."""
    if not may_withdraw(order):
        is_billed = order.status not in FINAL and order.cancels_at_period_end
        raise order_status.refused("has its last bill" if is_billed else "is not cancelled at the end of the period")
    with order_status.LIFE.changing(actor, order, "cancellation_withdrawn", event="updated"):
        order.cancels_at_period_end, order.ended_at = False, None
    row = last_bill(order)
    if row is not None:
        metered_ends.end(actor, order, row, metered_ends.agreed(row))
    _follow(order)
    return order


def _follow(order: Order) -> None:
    """The next period's row is what the engine finds the end by."""
    row = schedules.waiting(order)
    if row is not None:
        row.collect_at = schedules.collect_at(order, row)
