"""Adds up what customers owe by the age of the debt, and what will become due."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import case, func, literal_column, select

from database import db
from domain.actor import Actor
from domain.payments.plans import plan_changes
from domain.payments.schedule import recurrence, schedules
from domain.payments.schedule.scheduled_listing import LISTING, OWED
from domain.sales.orders.order_listing import LISTING as ORDERS
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus

AGES = ((0, 30, "1–30"), (30, 60, "31–60"), (60, 36_500, "Over 60"))          # days since it was due
HORIZON = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Debt:
    """What is open in one currency and one group of ages."""

    age: str
    after_days: int
    until_days: int
    currency: str
    minor: int
    count: int


@dataclass(frozen=True, slots=True)
class Due:
    """A payment to come: of a row that exists, or of a later period of a subscription, whose row is not made yet."""

    at: datetime
    currency: str
    minor: int
    order_id: int
    is_row: bool


def debts(actor: Actor, now: datetime) -> list[Debt]:
    """What was due and is not paid, by the days since then. Orders that nobody has paid yet owe nothing."""
    clauses, values = LISTING.owned(actor)
    age = case(*(
        (ScheduledPayment.due_at > now - timedelta(days=until), place) for place, (_, until, _) in enumerate(AGES)
    )).label("age")
    statement = (
        select(
            age, ScheduledPayment.currency,
            func.sum(ScheduledPayment.amount_minor - ScheduledPayment.paid_minor), func.count(),
        )
        .join(Order, Order.id == ScheduledPayment.order_id)
        .where(*clauses, OWED)
        .where(ScheduledPayment.due_at <= now, ScheduledPayment.due_at > now - timedelta(days=AGES[-1][1]))
        .group_by(age, ScheduledPayment.currency).order_by(age, ScheduledPayment.currency)
    )
    found = []
    for place, currency, minor, number in db.session.execute(statement, values):
        after, until, name = AGES[place]
        found.append(Debt(name, after, until, currency, int(minor), number))
    return found


def forecast(actor: Actor, now: datetime) -> list[Due]:
    """The payments that become due in the next 90 days, the first one first."""
    end = now + HORIZON
    return sorted([*_rows(actor, now, end), *_later(actor, now, end)], key=lambda one: (one.at, one.order_id))


def _rows(actor: Actor, now: datetime, end: datetime) -> Iterator[Due]:
    """The rows that are scheduled."""
    clauses, values = LISTING.owned(actor)
    statement = (
        select(ScheduledPayment.due_at, ScheduledPayment.currency, ScheduledPayment.amount_minor,
               ScheduledPayment.order_id)
        .join(Order, Order.id == ScheduledPayment.order_id)
        .where(*clauses, ScheduledPayment.status == ScheduledStatus.SCHEDULED)
        .where(ScheduledPayment.due_at >= now, ScheduledPayment.due_at < end)
        .where(Order.status.in_((OrderStatus.ACTIVE, OrderStatus.FAILED, OrderStatus.SUSPENDED)))
        .where(schedules.goes_on())
    )
    for at, currency, minor, order_id in db.session.execute(statement, values):
        yield Due(at, currency, minor, order_id, True)


def _later(actor: Actor, now: datetime, end: datetime) -> Iterator[Due]:
    """The later periods of subscriptions, of which only the next one is a row."""
    clauses, values = ORDERS.owned(actor)
    statement = select(
        Order.id, Order.currency, Order.later_minor, Order.anchor_at, Order.anchor_day, Order.planned_change,
        func.coalesce(Order.later_interval_unit, Order.interval_unit).label("unit"),
        func.coalesce(Order.later_interval_count, Order.interval_count).label("number"),
        (Order.next_sequence - Order.anchor_sequence).label("first"),
    ).where(
        *clauses, Order.billing == literal_column("'subscription'"),            # as its index says
        Order.status.in_((OrderStatus.ACTIVE, OrderStatus.FAILED)),
        Order.cancels_at_period_end.is_(False), Order.anchor_at.is_not(None), Order.later_minor > 0,
    )
    for one in db.session.execute(statement, values):
        if one.planned_change is not None:
            yield from _changed(one, now, end)
            continue
        for at in _days(one, end):
            if at >= now:
                yield Due(at, one.currency, one.later_minor, one.id, False)


def _changed(one: Any, now: datetime, end: datetime) -> Iterator[Due]:
    """The later periods of a subscription whose plan changes with its next one."""
    order = db.session.get(Order, one.id)
    assert order is not None                 # it was just read
    for planned in plan_changes.after_change(order):
        if planned.due_at >= end:
            return
        if planned.due_at >= now:
            yield Due(planned.due_at, one.currency, planned.amount_minor, one.id, False)


def _days(one: Any, end: datetime) -> Iterator[datetime]:
    """The moments of a subscription's later periods, before `end`; periods count from the anchor."""
    for n in count(one.first):
        at = recurrence.day_of(one.anchor_at, one.unit, one.number, n, one.anchor_day)
        if at >= end:
            return
        yield at
