"""Cancels orders now or when the period that was paid for ends. Until then that can be taken back."""

from datetime import datetime
from typing import Annotated

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.inputs import Choice, Input
from domain.payments.orders import order_verbs
from domain.payments.plans import plan_changes
from domain.payments.plans.plan_terms import When
from domain.payments.schedule import schedules
from domain.sales.orders import order_status
from domain.sales.orders.order_status import FINAL
from models.order import Order, OrderStatus, ScheduledPayment
from models.product import Billing

ENDABLE = frozenset({OrderStatus.ACTIVE, OrderStatus.FAILED})


class CancelInput(Input):
    """When an order is to end."""

    when: Annotated[When, Choice(When)] = When.NOW


def cancel(actor: Actor, order: Order, when: When) -> Order:
    """End a locked order now or at the end of its period; Conflict where that is not possible."""
    check(order, when)
    return order_verbs.cancel(actor, order) if when is When.NOW else _at_period_end(actor, order)


def check(order: Order, when: When) -> None:
    """Raises Conflict when the order cannot be ended then."""
    if order.status in FINAL:
        raise order_status.refused(f"is already {order.status}")
    if when is When.NOW:
        return
    if not has_end(order):
        raise order_status.refused("must be an active subscription")
    if order.cancels_at_period_end:
        raise order_status.refused("is cancelled at the end of the period already")


def has_end(order: Order) -> bool:
    """Whether a period of the order runs, at whose end it could be ended."""
    return order.billing is Billing.SUBSCRIPTION and order.status in ENDABLE


def ends_at(order_id: int) -> datetime | None:
    """When the running period of an order ends, which is where the next one begins; None where none is to come."""
    statement = select(ScheduledPayment).join(Order, Order.id == ScheduledPayment.order_id).where(
        Order.id == order_id, ScheduledPayment.sequence == Order.next_sequence - 1
    )
    row = db.session.scalar(statement)
    return None if row is None else row.period_at or row.due_at


def _at_period_end(actor: Actor, order: Order) -> Order:
    """Collect no further period: the engine ends the order where the next one begins. A planned change is dropped."""
    if order.planned_change is not None:
        plan_changes.withdraw(actor, order)
    with order_status.LIFE.changing(actor, order, "cancellation_planned", event="updated"):
        order.cancels_at_period_end = True
    _follow(order)
    return order


def withdraw(actor: Actor, order: Order) -> Order:
    """Go on with an order that was to end with its period; Conflict when it was not."""
    if order.status in FINAL or not order.cancels_at_period_end:
        raise order_status.refused("is not cancelled at the end of the period")
    with order_status.LIFE.changing(actor, order, "cancellation_withdrawn", event="updated"):
        order.cancels_at_period_end = False
    _follow(order)
    return order


def _follow(order: Order) -> None:
    """The next period's row is what the engine finds the end by."""
    row = schedules.waiting(order)
    if row is not None:
        row.collect_at = schedules.collect_at(order, row)
