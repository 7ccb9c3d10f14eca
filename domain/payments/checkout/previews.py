"""Computes what an order would be paid, by the code that makes its rows; nothing is written."""

from dataclasses import dataclass, replace
from itertools import islice

from domain.actor import Actor
from domain.payments.metered import metered_periods, recounting
from domain.payments.metered.recounting import Used
from domain.payments.plans import cancelling, plan_changes
from domain.payments.plans.computed_changes import Change
from domain.payments.plans.plan_terms import ChangeInput, When
from domain.payments.schedule import schedule_plan, schedules
from domain.payments.schedule.schedule_plan import Planned
from domain.sales.orders import orders
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.orders import OrderInput
from models.order import Order
from models.product import Billing

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Preview:
    """What is paid at once, and later when; amounts in minor units."""

    currency: str
    due_now_minor: int
    schedule: tuple[Planned, ...]
    credit_minor: int = 0            # of the unused part of a period
    charge_minor: int = 0            # for the rest of it
    used: Used | None = None         # the calls of a metered order's running period until now


def of_new(actor: Actor, new: OrderInput, count: int = SHOWN) -> Preview:
    """The payments of a new order that is approved now, at most `count` later ones; Invalid as a creation would be."""
    order = orders.build(actor, new)
    now = now_of(order)
    first, *later = schedule_plan.at_creation(order, now)
    if order.billing is Billing.SUBSCRIPTION or metered_periods.is_counted(order):
        later = list(islice(schedule_plan.periods(order, schedule_plan.anchor_of(order, now), 0), count))
    return Preview(order.currency, first.amount_minor, tuple(later[:count]))


def of_change(actor: Actor, order: Order, new: ChangeInput, count: int = SHOWN) -> Preview:
    """What a change of plan would do; Invalid or Conflict as the change itself would be."""
    found = plan_changes.compute(actor, order, new, schedules.seen_rows(order))
    used = recounting.used(found.waiting) if found.next.depends_on_use else None
    return replace(shown_of(order, found, count), used=used)


def shown_of(order: Order, found: Change, count: int = SHOWN) -> Preview:
    """A change that was computed, in amounts."""
    return Preview(
        order.currency, found.due_now_minor, tuple(found.schedule(count)), found.credit_minor, found.charge_minor,
    )


def of_cancellation(order: Order, when: When = When.NOW) -> Preview:
    """Cancelling gives nothing back and asks for nothing, and no payment is to come; Conflict as the cancellation.

    A metered order pays for what was used of its running period.
    """
    cancelling.check(order, when)
    row = cancelling.last_bill(order)
    if row is None:
        return Preview(order.currency, 0, ())
    end = cancelling.end_of(order, row, when)
    last = Planned(row.sequence, end, row.amount_minor, row.tax_minor, depends_on_use=True)
    return Preview(order.currency, 0, (last,), used=recounting.used(row))
