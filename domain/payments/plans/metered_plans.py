"""Changes the plan of metered orders: another product or interval, now or when the running period ends.

Calls of the running period are billed at the prices that they were made at. Now means that the period ends at the
next full quarter of an hour, is billed, and that a whole period of the new plan begins there. In both cases the change
waits for the end of the running period, is made when its calls are counted, and can be taken back until then.
"""

from collections.abc import Sequence

from domain.actor import Actor
from domain.payments.metered import metered_ends
from domain.payments.plans import computed_changes, planned_changes
from domain.payments.plans.computed_changes import Change
from domain.payments.plans.plan_terms import Terms, When
from domain.payments.schedule.schedule_plan import Planned
from domain.sales.orders import order_status
from domain.sales.orders.order_clock import now_of
from models.order import Order, ScheduledPayment


def compute(order: Order, terms: Terms, when: When, rows: Sequence[ScheduledPayment]) -> Change:
    """What a change would do; Conflict while no period runs."""
    row, now = metered_ends.running(rows), now_of(order)
    if row is None:
        raise order_status.refused("has no period that runs")
    end = metered_ends.earliest(row, now) if when is When.NOW else metered_ends.agreed(row)
    stored = planned_changes.stored(terms, row.sequence, end if when is When.NOW else None)
    after = computed_changes.copy_of(order)
    planned_changes.move_to(after, stored)
    after.planned_change = stored
    last = Planned(row.sequence, end, row.amount_minor, row.tax_minor, depends_on_use=True)
    return Change(terms=terms, when=when, now=now, after=after, waiting=row, next=last)


def make(actor: Actor, order: Order, found: Change) -> Change:
    """Let the locked order's plan change when the calls of its running period are counted."""
    with order_status.LIFE.changing(actor, order, "change_planned", event="updated"):
        order.planned_change = found.after.planned_change
    metered_ends.end(actor, order, found.waiting, found.next.due_at)
    return found
