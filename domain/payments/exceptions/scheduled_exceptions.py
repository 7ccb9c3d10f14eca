"""The scheduled payments that were declined: those that wait for a person, and those that are retried anyway.

Their attempts are read with a page's rows only, so that many declined rows cost no more.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from domain.list_parts import Children
from domain.listing import Listing
from domain.payments.schedule.scheduled_listing import LISTING
from models.order import OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Payment

ATTEMPTS = Children(
    Payment.scheduled_payment_id, {name: getattr(Payment, name) for name in ("id", "message", "decline", "created_at")},
    Payment.id,
)
IS_SOFT = ScheduledPayment.status == ScheduledStatus.SOFT_DECLINED
FOR_GOOD = (ScheduledStatus.HARD_DECLINED, ScheduledStatus.REVIEW)


def _listing(*where: ColumnElement[bool]) -> Listing:
    sort = {**LISTING.sort, "declined_at": ScheduledPayment.declined_at, "collect_at": ScheduledPayment.collect_at}
    return replace(LISTING, children={"attempts": ATTEMPTS}, sort=sort, where=where)


DECLINED = _listing(or_(ScheduledPayment.status.in_(FOR_GOOD), and_(IS_SOFT, ScheduledPayment.collect_at.is_(None))))
RETRIED = _listing(IS_SOFT, ScheduledPayment.collect_at.is_not(None))


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
