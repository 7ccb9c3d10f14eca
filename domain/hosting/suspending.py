"""Suspends services and ends that, with what is collected for them meanwhile. The order's row is locked."""

from domain.actor import Actor
from domain.payments.orders import order_verbs
from domain.payments.schedule import schedules
from domain.sales.orders import order_status
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_status import refused
from models.order import Order, OrderStatus, SuspendedFor

STOPPABLE = frozenset({OrderStatus.ACTIVE, OrderStatus.FAILED})
STOPPED = frozenset({OrderStatus.SUSPENDED, OrderStatus.PAUSED})


def suspend(actor: Actor, order: Order, reason: SuspendedFor = SuspendedFor.MERCHANT) -> Order:
    """Stop a service until `unsuspend`; nothing is collected meanwhile. Conflict unless it is active."""
    if order.status not in STOPPABLE:
        raise refused("must be active")
    order.suspended_for = reason
    order_status.move(actor, order, OrderStatus.SUSPENDED)
    schedules.hold(order)
    return order


def unsuspend(actor: Actor, order: Order) -> Order:
    """Go on with a suspended or paused service; what became due meanwhile is collected now.

    One that was suspended because of unpaid invoices is spared by that rule until they are paid.
    """
    if order.status not in STOPPED:
        raise refused("must be suspended")
    if order.status is OrderStatus.PAUSED:
        return order_verbs.resume(actor, order)
    if order.suspended_for is SuspendedFor.UNPAID:
        order.spared_at = now_of(order)
    return restore(actor, order)


def restore(actor: Actor, order: Order) -> Order:
    """Make a suspended service active, and collect what became due meanwhile."""
    order_status.move(actor, order, OrderStatus.ACTIVE)
    schedules.release(order)
    schedules.follow(actor, order)
    return order
