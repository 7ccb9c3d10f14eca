"""A change of plan in amounts, as it is shown before it is made, and as it is made."""

from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import inspect

from domain.payments.plans.plan_terms import Terms, When
from domain.payments.plans.proration import Period
from domain.payments.schedule import schedule_plan
from domain.payments.schedule.schedule_plan import Planned
from models.order import Order, ScheduledPayment


@dataclass(slots=True, kw_only=True)
class Change:
    """A change of plan in amounts: what is credited, charged and due now, and the payment that comes next."""

    terms: Terms
    when: When
    now: datetime
    after: Order                         # a copy of the order as it is after the change
    waiting: ScheduledPayment            # the next period's row
    next: Planned                        # what that becomes
    period: Period | None = None         # the running one, where its unused days are credited
    credit_minor: int = 0                # of the unused days
    charge_minor: int = 0                # for the same days, or for a new period
    due_now_minor: int = 0
    due_now_tax_minor: int = 0
    begins_now: bool = False             # with another interval a new period begins

    def schedule(self, most: int) -> list[Planned]:
        """The payments after what is due now."""
        first = [] if self.begins_now else [self.next]
        anchor = schedule_plan.anchor_of(self.after, self.now)
        later = schedule_plan.periods(self.after, anchor, self.after.credit_minor)
        return [*first, *islice(later, most - len(first))]


def copy_of(order: Order) -> Order:
    """The order's columns without its lines, outside of the session."""
    values: dict[str, Any] = {one.key: getattr(order, one.key) for one in inspect(Order).column_attrs}
    return Order(test=values.pop("test"), **values)
