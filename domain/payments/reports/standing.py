"""Adds up by currency what was collected today, what is due, and what was declined. Reads indexes only.

What follows a test clock is not counted as due: its time is not the present.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from sqlalchemy import case, func, select

from database import db
from domain.actor import Actor
from domain.payments.payment_listing import LISTING as PAYMENTS
from domain.payments.schedule.scheduled_listing import IS_DECLINED, LISTING
from domain.payments.schedule.scheduled_status import DECLINED
from domain.people.merchant_listing import LISTING as MERCHANTS
from models.merchant import Merchant
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.payment import GatewayAccount, Payment, PaymentStatus
from models.product import Billing

A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sum:
    """The payments of one currency: their amount in minor units, and their number."""

    currency: str
    minor: int
    count: int


@dataclass(frozen=True, slots=True)
class Declined:
    """What was declined in one currency and is not paid; `hard` is what needs another card."""

    currency: str
    minor: int
    count: int
    hard: int
    hard_minor: int


def collected(actor: Actor, midnight: datetime, now: datetime) -> tuple[list[Sum], dict[str, int]]:
    """What was collected since midnight, and by currency until the same time a week before."""
    own, values = PAYMENTS.owned(actor)
    found: list[list[Sum]] = []
    for start, end in ((midnight, now), (midnight - A_WEEK, now - A_WEEK)):
        number = func.count()
        statement = (
            select(Payment.currency, func.sum(Payment.amount_minor), number)
            .where(*own, Payment.status == PaymentStatus.APPROVED)
            .where(Payment.executed_at >= start, Payment.executed_at <= end)
            .group_by(Payment.currency).order_by(number.desc(), Payment.currency)
        )
        found.append([Sum(code, int(minor), count) for code, minor, count in db.session.execute(statement, values)])
    return found[0], {one.currency: one.minor for one in found[1]}


def due(actor: Actor, ends: Sequence[datetime]) -> list[list[Sum]]:
    """What the worker will collect until each of these moments, since the one before; what is late is in the first.

    Subscriptions that end with their period are found by their next payment too, which is not collected.
    """
    own, values = LISTING.owned(actor)
    place = case(
        *((ScheduledPayment.collect_at < end, place) for place, end in enumerate(ends[:-1])), else_=len(ends) - 1)
    asked = (
        *own, ScheduledPayment.status == ScheduledStatus.SCHEDULED, ScheduledPayment.collect_at.is_not(None),
        ScheduledPayment.test_clock_id.is_(None), ScheduledPayment.collect_at < ends[-1],
    )
    amount, grouped = func.sum(ScheduledPayment.amount_minor - ScheduledPayment.paid_minor), place.label("place")
    statement = select(grouped, ScheduledPayment.currency, amount, func.count()).where(*asked).group_by(
        grouped, ScheduledPayment.currency)
    ending = statement.join(Order, Order.id == ScheduledPayment.order_id).where(
        Order.cancels_at_period_end, ScheduledPayment.sequence == Order.next_sequence - 1,
        Order.billing != Billing.METERED)
    found: list[dict[str, Sum]] = [{} for _ in ends]
    for sign, one in ((1, statement), (-1, ending)):
        for which, currency, minor, count in db.session.execute(one, values):
            _add(found[which], Sum(currency, sign * int(minor), sign * count))
    return [_listed(one.values()) for one in found]


def added(parts: Iterable[Iterable[Sum]]) -> list[Sum]:
    """The sums of several spans together."""
    found: dict[str, Sum] = {}
    for one in chain.from_iterable(parts):
        _add(found, one)
    return _listed(found.values())


def _add(found: dict[str, Sum], one: Sum) -> None:
    before = found.get(one.currency, Sum(one.currency, 0, 0))
    found[one.currency] = Sum(one.currency, before.minor + one.minor, before.count + one.count)


def _listed(sums: Iterable[Sum]) -> list[Sum]:
    """The most payments first; without currencies of which nothing is left."""
    return sorted((one for one in sums if one.count), key=lambda one: (-one.count, one.currency))


def declined(actor: Actor) -> list[Declined]:
    """What was declined and is not paid yet, the most payments first."""
    own, values = LISTING.owned(actor)
    number, left = func.count(), ScheduledPayment.amount_minor - ScheduledPayment.paid_minor
    is_hard = ScheduledPayment.status == ScheduledStatus.HARD_DECLINED
    statement = (
        select(
            ScheduledPayment.currency, func.sum(left), number, func.sum(case((is_hard, 1), else_=0)),
            func.sum(case((is_hard, left), else_=0)),
        )
        .where(*own, IS_DECLINED, ScheduledPayment.status.in_(sorted(DECLINED)))
        .group_by(ScheduledPayment.currency).order_by(number.desc(), ScheduledPayment.currency)
    )
    return [
        Declined(code, int(minor), count, int(hard), int(hard_minor))
        for code, minor, count, hard, hard_minor in db.session.execute(statement, values)
    ]


@dataclass(frozen=True, slots=True)
class DeclinedRow:
    """A scheduled payment that was declined, with the reason of the last attempt and the next automatic one."""

    id: int
    order_id: int
    customer_name: str
    currency: str
    minor: int
    is_hard: bool
    retry_at: datetime | None
    reason: str | None


def declined_rows(actor: Actor, limit: int) -> list[DeclinedRow]:
    """The latest declined payments: first those that need another card."""
    own, values = LISTING.owned(actor)
    reason = (
        select(Payment.message).where(Payment.scheduled_payment_id == ScheduledPayment.id)
        .order_by(Payment.id.desc()).limit(1).correlate(ScheduledPayment).scalar_subquery()
    )
    found: list[DeclinedRow] = []
    for status in (ScheduledStatus.HARD_DECLINED, ScheduledStatus.SOFT_DECLINED):
        statement = (
            select(
                ScheduledPayment.id, ScheduledPayment.order_id, Order.customer_name, ScheduledPayment.currency,
                ScheduledPayment.amount_minor - ScheduledPayment.paid_minor, ScheduledPayment.collect_at, reason,
            )
            .join(Order, Order.id == ScheduledPayment.order_id).where(
                *own, IS_DECLINED, ScheduledPayment.status == status)
            .order_by(ScheduledPayment.declined_at.desc(), ScheduledPayment.id.desc()).limit(limit - len(found))
        )
        is_hard = status is ScheduledStatus.HARD_DECLINED
        found += [
            DeclinedRow(key, order_id, name, currency, minor, is_hard, None if is_hard else at, why)
            for key, order_id, name, currency, minor, at, why in db.session.execute(statement, values)
        ]
    return found


def undecided(actor: Actor) -> tuple[int, datetime | None]:
    """How many payments have an unknown outcome, and when the first of them was tried."""
    own, values = PAYMENTS.owned(actor)
    statement = select(func.count(), func.min(Payment.created_at)).where(*own, Payment.status == PaymentStatus.UNKNOWN)
    count, since = db.session.execute(statement, values).one()
    return count, since


def parked(actor: Actor, now: datetime) -> Sequence[GatewayAccount]:
    """The gateways that failed and are left alone for a while, the longest wait first."""
    own, values = MERCHANTS.owned(actor)
    statement = (
        select(GatewayAccount).join(Merchant, Merchant.id == GatewayAccount.merchant_id)
        .where(*own, GatewayAccount.test.is_(actor.test), GatewayAccount.parked_until > now)
        .order_by(GatewayAccount.parked_until.desc(), GatewayAccount.id).limit(4)
    )
    return db.session.scalars(statement, values).all()
