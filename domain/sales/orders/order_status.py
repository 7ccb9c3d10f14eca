"""The status of orders: which one may follow which. Nothing else changes it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from domain import audit
from domain.actor import Actor
from domain.errors import Conflict, Problem
from domain.integrations import events
from domain.lifecycle import Lifecycle
from domain.sales.discounts import discount_uses
from domain.sales.orders.order_clock import now_of
from models.order import Order, OrderStatus
from models.product import Billing

S = OrderStatus
ARROWS: dict[OrderStatus, frozenset[OrderStatus]] = {
    S.DRAFT: frozenset({S.PENDING, S.REJECTED, S.ACTIVE, S.COMPLETE, S.CANCELLED}),
    S.PENDING: frozenset({S.ACTIVE, S.COMPLETE, S.CANCELLED}),
    S.REJECTED: frozenset({S.PENDING, S.ACTIVE, S.COMPLETE, S.CANCELLED}),
    S.ACTIVE: frozenset({S.FAILED, S.SUSPENDED, S.PAUSED, S.REVIEW, S.COMPLETE}),
    S.FAILED: frozenset({S.ACTIVE, S.SUSPENDED, S.PAUSED, S.COMPLETE}),
    S.SUSPENDED: frozenset({S.ACTIVE, S.COMPLETE}),
    S.PAUSED: frozenset({S.ACTIVE, S.FAILED, S.COMPLETE}),
    S.REVIEW: frozenset({S.COMPLETE}),
    S.CANCELLED: frozenset(),
    S.COMPLETE: frozenset(),
}
ONLY_FOR = {S.PAUSED: Billing.SUBSCRIPTION, S.REVIEW: Billing.INSTALMENT}

PRELIMINARY = frozenset({S.DRAFT, S.PENDING, S.REJECTED})        # nothing has been paid
LIVE = frozenset({S.ACTIVE, S.FAILED, S.SUSPENDED, S.PAUSED, S.REVIEW})
FINAL = frozenset({S.CANCELLED, S.COMPLETE})

VERBS = {
    S.ACTIVE: "activated", S.FAILED: "failed", S.SUSPENDED: "suspended", S.PAUSED: "paused",
    S.CANCELLED: "cancelled", S.COMPLETE: "completed",
}


def _snapshot(order: Order) -> dict[str, Any]:
    """The order with its lines, for the audit trail."""
    names = ("product_id", "name", "quantity_ten_thousandths", "unit_price_micro", "discount_minor", "fee_minor",
             "tax_minor", "total_minor")
    return audit.snapshot(order) | {"items": [{name: getattr(one, name) for name in names} for one in order.items]}


LIFE = Lifecycle(noun="order", emit_event=events.emit, snapshot=_snapshot)


def may_move(order: Order, status: OrderStatus) -> bool:
    """Whether the order may take this status now."""
    return status in ARROWS[order.status] and order.billing is ONLY_FOR.get(status, order.billing)


def refused(message: str) -> Conflict:
    """The error of a verb that the order's status does not allow: a sentence about `status`."""
    return Conflict(f"The order's status {message}.", fields={"status": Problem("locked", message)})


def move(actor: Actor, order: Order, status: OrderStatus) -> Order:
    """Give the order another status, with its audit entry and its event; Conflict where no arrow leads there.

    The row must be locked. The same status again changes nothing.
    """
    if status is order.status:
        return order
    if not may_move(order, status):
        raise refused(f"is {order.status} and cannot become {status}")
    before = order.status
    with LIFE.changing(actor, order, _verb(order, status)):
        set_times(order, status, now_of(order))
        order.status = status
        if status is S.CANCELLED:
            discount_uses.give_back(order)
    for follow in _followers:
        follow(actor, order, before)
    return order


Follower = Callable[[Actor, Order, OrderStatus], None]
_followers: list[Follower] = []


def follow(follower: Follower) -> None:
    """Register what is called after each move, with the status before it: for areas that this one cannot import."""
    _followers.append(follower)


def set_times(order: Order, status: OrderStatus, now: datetime) -> None:
    """Note when the order became active, paused and final."""
    if status is S.ACTIVE and order.activated_at is None:
        order.activated_at = now
    order.paused_at = now if status is S.PAUSED else None
    if status is not S.SUSPENDED:
        order.suspended_for = None
    if status in FINAL:
        order.ended_at = now


def _verb(order: Order, status: OrderStatus) -> str:
    if order.status is S.PAUSED and status not in FINAL:
        return "resumed"
    return VERBS.get(status, "updated")
