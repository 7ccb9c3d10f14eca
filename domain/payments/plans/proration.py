"""Computes by days what the unused part of a period is worth, in minor units, rounded half up."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from database import db
from domain.payments.schedule import schedule_plan
from domain.payments.schedule.scheduled_status import PAID
from models.money import divided
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.payment import Payment, PaymentStatus

FINISHED = PAID | {ScheduledStatus.MERGED, ScheduledStatus.SKIPPED, ScheduledStatus.CANCELLED}
MOST = 100                               # rows after the running period that are looked at


@dataclass(frozen=True, slots=True)
class Period:
    """The period that runs: its row, from when until when, and what was paid for the whole of it."""

    row: ScheduledPayment
    start: datetime
    end: datetime
    price_minor: int

    def days(self, now: datetime) -> tuple[int, int]:
        """The days that are left, today among them, and those of the whole period."""
        whole = max(1, (self.end.date() - self.start.date()).days)
        return min(whole, max(0, (self.end.date() - now.date()).days)), whole


def running(order: Order, now: datetime) -> Period | None:
    """The period of a live subscription that this moment is in; None before the first, or where no next one is made."""
    statement = select(ScheduledPayment).where(ScheduledPayment.order_id == order.id, ScheduledPayment.sequence >= 0)
    end: datetime | None = None
    following = 0
    for row in db.session.scalars(statement.order_by(ScheduledPayment.sequence.desc()).limit(MOST)):
        begins = _begins(order, row)
        if begins <= now:
            start = _start(order, row, following, now)
            return None if end is None else Period(row, start, end, _price(order, row, start, following))
        end, following = begins, row.sequence
    return None


def part(amount_minor: int, days: tuple[int, int]) -> int:
    """What the days that are left are worth of an amount for the whole period."""
    left, whole = days
    return divided(amount_minor * left, whole)


def _begins(order: Order, row: ScheduledPayment) -> datetime:
    if row.sequence == 0 and order.activated_at is not None:
        return order.activated_at
    return row.period_at or row.due_at


def _start(order: Order, row: ScheduledPayment, following: int, now: datetime) -> datetime:
    """When the period began that ends where the following one begins: after a pause rows are left out."""
    assert order.anchor_at is not None
    found, anchor = _begins(order, row), schedule_plan.anchor_of(order, order.anchor_at)
    if following - 1 > row.sequence and following - 1 >= anchor.sequence:
        found = max(found, min(now, schedule_plan.due(order, anchor, following - 1)))
    return found


def _price(order: Order, row: ScheduledPayment, start: datetime, following: int) -> int:
    """What was paid for the whole period, less what was given back; nothing for one that was left out."""
    if row.sequence != following - 1 or row.status not in FINISHED:
        return 0
    price = row.amount_minor + row.credit_minor if row.price_minor is None else row.price_minor
    given_back = select(func.sum(Payment.refunded_minor)).join(
        ScheduledPayment, ScheduledPayment.id == Payment.scheduled_payment_id
    ).where(
        Payment.order_id == order.id, Payment.status == PaymentStatus.APPROVED,
        or_(ScheduledPayment.id == row.id, and_(ScheduledPayment.sequence < 0, ScheduledPayment.due_at >= start)),
    )
    return max(0, price - int(db.session.scalar(given_back) or 0))
