"""Makes a change of plan that waits for the end of a period, once that has come.

The next period has the new price from the day the change was asked for; the order itself changes when that period's
payment is asked for, or ends without being asked for. Of a metered order it is the running period that has to end: the
order changes when its calls are counted.
"""

from datetime import datetime
from typing import Any

from domain.actor import Actor
from domain.payments.plans import plan_terms
from domain.payments.plans.plan_terms import Terms
from domain.payments.schedule import schedule_plan
from domain.sales.orders.order_status import LIFE
from models.order import Order


def make_due(actor: Actor, order: Order, sequence: int) -> None:
    """The payment of this period waits no longer: a change that waited for it is made, once."""
    change = order.planned_change
    if change is None or sequence < change["sequence"]:
        return
    with LIFE.changing(actor, order, "plan_changed", event="updated"):
        move_to(order, change)
        order.planned_change = None


def stored(terms: Terms, sequence: int, begins_at: datetime | None = None) -> dict[str, Any]:
    """A change as the order keeps it; `begins_at` is a moment that its days count anew from."""
    return {"sequence": sequence, **terms.stored(), "begins_at": begins_at and begins_at.isoformat()}


def move_to(order: Order, change: dict[str, Any]) -> None:
    """Give an order its new terms from a period to come on."""
    assert order.anchor_at is not None                   # it is live
    terms, sequence, begins_at = Terms.kept(change), change["sequence"], change.get("begins_at")
    if begins_at is not None:
        order.anchor_at, order.anchor_sequence = datetime.fromisoformat(begins_at), sequence
        order.anchor_day = None
    elif schedule_plan.interval_of(order) != (terms.unit, terms.count):
        day = schedule_plan.due(order, schedule_plan.anchor_of(order, order.anchor_at), sequence)
        schedule_plan.anchor_again(order, day, sequence)
    plan_terms.give(order, terms, is_first=sequence == 1 and not order.collects_initial)
