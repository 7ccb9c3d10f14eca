"""Tells endpoints what happens to services, so that a program can provide them: `register` connects it.

The payload is read at the end of the transaction: the row of the next period, whose day it shows, is made after the
order's status has changed.
"""

from domain.actor import Actor
from domain.hosting.service_listing import STATUS_OF
from domain.integrations import events
from domain.payments.schedule import scheduled_status
from domain.sales.orders import order_status
from models.order import Order, OrderStatus, ScheduledPayment
from models.product import Billing
from models.service import ServiceStatus

ENDS = {ServiceStatus.CANCELLED: "service.cancelled", ServiceStatus.TERMINATED: "service.terminated"}


def moved(actor: Actor, order: Order, before: OrderStatus) -> None:
    """Emit the event of a service whose order took another status."""
    if order.billing is not Billing.SUBSCRIPTION:
        return
    was, now = STATUS_OF.get(before), STATUS_OF.get(order.status)
    if now is was or now is None:
        return
    if now is ServiceStatus.ACTIVE:
        events.emit_last(actor, "service.unsuspended" if was is ServiceStatus.SUSPENDED else "service.created", order)
    elif now is ServiceStatus.SUSPENDED:
        events.emit_last(actor, "service.suspended", order)
    elif now in ENDS:
        events.emit_last(actor, ENDS[now], order)


def paid(actor: Actor, row: ScheduledPayment) -> None:
    """Emit the renewal of a service, after a period of it was paid."""
    if row.order.billing is Billing.SUBSCRIPTION and row.sequence > 0:
        events.emit_last(actor, "service.renewed", row.order)


def register() -> None:
    """Follow the status of orders and the payment of their periods."""
    order_status.follow(moved)
    scheduled_status.when_paid(paid)
