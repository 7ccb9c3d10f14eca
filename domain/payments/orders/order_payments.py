"""What lists of orders show of an order's payments: the one that comes next, and the last one that was declined.

Each is read in one statement for a whole page, however many payments its orders have.
"""

from typing import Any

from sqlalchemy import case, select

from domain.list_parts import Children
from domain.payments.schedule.scheduled_status import DECLINED, OPEN
from models.order import ScheduledPayment, ScheduledStatus
from models.payment import Payment
from models.test_clock import TestClock

# What the gateway said about the last attempt.
_MESSAGE = (
    select(Payment.message).where(Payment.scheduled_payment_id == ScheduledPayment.id, Payment.decline.is_not(None))
    .order_by(Payment.id.desc()).limit(1).correlate(ScheduledPayment).scalar_subquery()
)
_CLOCK = (
    select(TestClock.now_at).where(TestClock.id == ScheduledPayment.test_clock_id).correlate(ScheduledPayment)
    .scalar_subquery()
)
# What runs comes before what is collected by itself, and that before what waits for a person.
_RANK = case(
    (ScheduledPayment.status == ScheduledStatus.PROCESSING, 0), (ScheduledPayment.collect_at.is_not(None), 1), else_=2)

NEXT = Children(
    ScheduledPayment.order_id,
    {
        **{
            name: getattr(ScheduledPayment, name)
            for name in ("id", "status", "due_at", "collect_at", "retry_count", "awaits_count")
        },
        "clock_at": _CLOCK,
    },
    (_RANK, ScheduledPayment.collect_at, ScheduledPayment.due_at, ScheduledPayment.id),
    where=ScheduledPayment.status.in_(sorted(OPEN)),
    first=1,
)
REFUSED = Children(
    ScheduledPayment.order_id,
    {"id": ScheduledPayment.id, "status": ScheduledPayment.status, "message": _MESSAGE},
    (ScheduledPayment.sequence, ScheduledPayment.id),
    where=ScheduledPayment.status.in_(sorted(DECLINED)),
    newest=1,
)


def next_of(row: Any) -> Any:
    """The payment of a listed order that comes next, or None."""
    return next(iter(row.children["next"]), None)


def refused_of(row: Any) -> Any:
    """The last payment of a listed order that was declined and is not paid since, or None."""
    return next(iter(row.children["refused"]), None)
