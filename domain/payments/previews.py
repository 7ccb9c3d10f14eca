"""Computes what an order would be paid by, without storing anything: the plan is that of a real creation."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from domain.actor import Actor
from domain.payments import schedule_plan
from domain.payments.schedule_plan import Planned
from domain.sales import orders
from domain.sales.order_clock import now_of
from domain.sales.orders import OrderInput
from models.product import Billing

SHOWN = 12                              # later payments


@dataclass(frozen=True, slots=True)
class Preview:
    """What is paid now and later, in minor units. Now is the charge less the credit."""

    currency: str
    charge_minor: int
    credit_minor: int
    later: Sequence[Planned]

    @property
    def due_now_minor(self) -> int:
        return self.charge_minor - self.credit_minor


def of_creation(actor: Actor, new: OrderInput) -> Preview:
    """What the order would be paid by, if it was approved now; Invalid as a creation is."""
    order = orders.build(actor, new)
    now = now_of(order)
    first, *later = schedule_plan.at_creation(order, now)
    if order.billing is Billing.SUBSCRIPTION:
        later = list(islice(schedule_plan.periods(order, schedule_plan.anchor_of(order, now), 0), SHOWN))
    return Preview(order.currency, first.amount_minor, 0, later[:SHOWN])
