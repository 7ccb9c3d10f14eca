"""The scheduled payments that were declined, for a person or to be retried, and those that nothing collects.

Their attempts are read with a page's rows only, so that many declined rows cost no more.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, literal_column, or_
from sqlalchemy.orm import aliased

from domain.list_parts import Children
from domain.listing import Listing
from domain.payments.schedule.scheduled_listing import IS_DECLINED, LISTING
from domain.payments.schedule.schedules import HELD
from domain.sales.orders.order_status import LIVE
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Payment

ATTEMPTS = Children(
    Payment.scheduled_payment_id, {name: getattr(Payment, name) for name in ("id", "message", "decline", "created_at")},
    Payment.id,
)
IS_SOFT = ScheduledPayment.status == ScheduledStatus.SOFT_DECLINED
ITS_ORDER = aliased(Order)                       # the list joins orders, its count does not
FOR_GOOD = (ScheduledStatus.HARD_DECLINED, ScheduledStatus.REVIEW)


def _listing(*where: ColumnElement[bool]) -> Listing:
    sort = {**LISTING.sort, "declined_at": ScheduledPayment.declined_at, "collect_at": ScheduledPayment.collect_at}
    return replace(LISTING, children={"attempts": ATTEMPTS}, sort=sort, where=where)


DECLINED = _listing(
    IS_DECLINED, or_(ScheduledPayment.status.in_(FOR_GOOD), and_(IS_SOFT, ScheduledPayment.collect_at.is_(None))))
RETRIED = _listing(IS_DECLINED, IS_SOFT, ScheduledPayment.collect_at.is_not(None))

# Constants in the statement, not values: the index has only such rows.
NOT_COLLECTED = replace(LISTING, where=(
    ScheduledPayment.status == literal_column("'scheduled'"), ScheduledPayment.collect_at.is_(None),
    ScheduledPayment.sequence > literal_column("0"), ScheduledPayment.awaits_count.is_(False),
    exists().where(ITS_ORDER.id == ScheduledPayment.order_id, ITS_ORDER.status.in_(sorted(LIVE - HELD))),
))


def reason(row: Any) -> str:
    """What the gateway said about the last attempt."""
    attempts = row.children["attempts"]
    return (attempts[-1].message or "") if attempts else ""


def tries(row: Any) -> int:
    """How often the row was asked for."""
    return len(row.children["attempts"])


def next_step(row: Any) -> str:
    """What a person has to do about a row of DECLINED: nothing happens to it by itself."""
    if row.status == ScheduledStatus.REVIEW:
        return "Check its amount"
    if row.order_status == OrderStatus.SUSPENDED:
        return "Card needed"
    is_soft = row.status == ScheduledStatus.SOFT_DECLINED
    return "No retry is left" if is_soft else "Retry with the new card"
