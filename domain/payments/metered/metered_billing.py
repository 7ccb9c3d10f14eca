"""Bills the calls of a period, once: when it has ended and the request log of it is complete."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select

from database import db
from domain.actor import Actor
from domain.catalog.metered_prices import price_minor, reductions
from domain.payments.metered import metered_periods
from domain.payments.metered.metered_log import Counted, Question
from domain.payments.schedule import scheduled_status, schedules
from domain.sales.orders.order_amounts import tax_in
from domain.sales.orders.order_clock import now_of
from models.metered import MeteredPeriod, Terms
from models.money import LIMIT
from models.order import ScheduledPayment, ScheduledStatus

# A request is logged when it is answered, under the time it began: what began before the end may end later.
LATE = timedelta(minutes=2)


def _waiting() -> Select[Any]:
    return (
        select(MeteredPeriod.id)
        .join(ScheduledPayment, ScheduledPayment.id == MeteredPeriod.scheduled_payment_id)
        .where(
            MeteredPeriod.counted_at.is_(None), ScheduledPayment.awaits_count.is_(True),
            ScheduledPayment.status == ScheduledStatus.SCHEDULED,
        )
        .order_by(MeteredPeriod.until_at, MeteredPeriod.id)
    )


def ended(now: datetime, limit: int) -> list[int]:
    """The ids of periods in real time that have ended and were not counted, oldest first."""
    waiting = _waiting().where(MeteredPeriod.test_clock_id.is_(None), MeteredPeriod.until_at <= now - LATE)
    return list(db.session.scalars(waiting.limit(limit)))


def ended_on_clock(clock_id: int, now: datetime) -> list[int]:
    """The same by a test clock."""
    waiting = _waiting().where(MeteredPeriod.test_clock_id == clock_id, MeteredPeriod.until_at <= now)
    return list(db.session.scalars(waiting))


def next_end(clock_id: int) -> datetime | None:
    """When the next period ends by a test clock."""
    waiting = _waiting().where(MeteredPeriod.test_clock_id == clock_id).limit(1)
    return db.session.scalar(waiting.with_only_columns(MeteredPeriod.until_at))


def question(period_id: int) -> Question:
    """What the log is asked about a period."""
    period = db.session.get_one(MeteredPeriod, period_id)
    terms = Terms.read(period.terms)
    return metered_periods.question_of(period.order, terms, period.from_at, period.until_at)


@dataclass(frozen=True, slots=True)
class Cost:
    """What the calls of a period cost, in minor units; the tax is contained in the price less discount."""

    price_minor: int
    discount_minor: int
    fee_minor: int
    tax_minor: int

    @property
    def amount_minor(self) -> int:
        return self.price_minor - self.discount_minor + self.fee_minor


def cost_of(row: ScheduledPayment, terms: Terms, count: int) -> Cost:
    """What so many calls cost by the terms of the row's period."""
    price = price_minor(terms, count, row.currency)
    discount, fee = reductions(terms, price)
    tax = tax_in(price - discount, row.order.items[0].tax_percent_ten_thousandths)
    return Cost(price, discount, fee, tax)


def bill(actor: Actor, row: ScheduledPayment, period: MeteredPeriod, asked: Question, counted: Counted | None) -> None:
    """Set the amount of a row by what was counted, all locked; counted before, it does nothing.

    What cannot be counted any more, or costs more than an amount can be, is left to a person.
    """
    if period.counted_at is not None or not row.awaits_count or row.status is not ScheduledStatus.SCHEDULED:
        return
    order = row.order
    cost = cost_of(row, Terms.read(period.terms), counted.count if counted is not None else 0)
    is_usable = counted is not None and row.amount_minor + cost.price_minor + cost.fee_minor < LIMIT
    with metered_periods.LIFE.changing(actor, period, "counted"):
        period.counted_at, period.question = now_of(order), asked.stored()
        if counted is not None:
            period.count, period.digest, period.days = counted.count, counted.digest, counted.days
        if is_usable:
            period.price_minor, period.discount_minor = cost.price_minor, cost.discount_minor
            period.fee_minor = cost.fee_minor
    with scheduled_status.LIFE.changing(actor, row):
        row.awaits_count = False
        if is_usable:                            # it may hold what was merged into it
            row.amount_minor += cost.amount_minor
            row.tax_minor += cost.tax_minor
    if is_usable:
        row.collect_at = schedules.collect_at(order, row)
    else:
        scheduled_status.move(actor, row, ScheduledStatus.REVIEW)
    schedules.follow(actor, order)

