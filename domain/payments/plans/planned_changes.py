"""Makes a change of plan that waits for the end of a period, once that has come.

The next period has the new price from the day the change was asked for; the order itself changes when that period's
payment is asked for, or ends without being asked for.
"""

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
        move_to(order, Terms.kept(change), change["sequence"])
        order.planned_change = None


def move_to(order: Order, terms: Terms, sequence: int) -> None:
    """Give an order its new terms from a period to come on."""
    assert order.anchor_at is not None                   # it is live
    if schedule_plan.interval_of(order) != (terms.unit, terms.count):
        day = schedule_plan.due(order, schedule_plan.anchor_of(order, order.anchor_at), sequence)
        schedule_plan.anchor_again(order, day, sequence)
    plan_terms.give(order, terms, is_first=sequence == 1 and not order.collects_initial)
