"""Adds up recurring revenue by currency, brought to a month, and how it changed since a day."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, case, func, literal_column, select, true

from database import db
from domain.actor import Actor
from domain.sales.orders.order_amounts import monthly_minor
from domain.sales.orders.order_listing import LISTING
from models.order import Order, OrderStatus

UNIT = func.coalesce(Order.later_interval_unit, Order.interval_unit)
NUMBER = func.coalesce(Order.later_interval_count, Order.interval_count)
# A constant in the statement, not a value: the index has only such rows.
IS_SUBSCRIPTION = Order.billing == literal_column("'subscription'")
PAYING = (OrderStatus.ACTIVE, OrderStatus.FAILED)


@dataclass(slots=True)
class Recurring:
    """Recurring revenue of one currency in a month, in minor units."""

    currency: str
    minor: int = 0
    orders: int = 0
    added_minor: int = 0                    # of subscriptions that became active since the day
    ended_minor: int = 0                    # of those that ended or were paused since
    at_risk_minor: int = 0                  # of those whose last payment was declined
    statuses: dict[str, int] = field(default_factory=dict)


def recurring(actor: Actor, since: datetime) -> list[Recurring]:
    """The revenue of all subscriptions that are paid for, the largest number of orders first."""
    found: dict[str, Recurring] = {}
    for one in _groups(actor, Order.status.in_(PAYING), part=Order.activated_at >= since):
        entry = found.setdefault(one.currency, Recurring(one.currency))
        entry.minor += one.minor
        entry.orders += one.count
        if one.status is OrderStatus.FAILED:
            entry.at_risk_minor += one.minor
        if one.in_part:
            entry.added_minor += one.minor
    for one in [
        *_groups(actor, Order.status == OrderStatus.PAUSED, Order.paused_at >= since, Order.activated_at < since),
        *_groups(actor, Order.status == OrderStatus.SUSPENDED, Order.updated_at >= since, Order.activated_at < since),
        *_groups(actor, Order.status == OrderStatus.COMPLETE, Order.ended_at >= since, Order.activated_at < since),
    ]:
        found.setdefault(one.currency, Recurring(one.currency)).ended_minor += one.minor
    return sorted(found.values(), key=lambda one: (-one.orders, one.currency))


@dataclass(frozen=True, slots=True)
class Group:
    """Subscriptions of one currency, status and interval, all or none of which are in the part that was asked for."""

    currency: str
    status: OrderStatus
    minor: int
    count: int
    in_part: bool


def _groups(actor: Actor, *clauses: ColumnElement[bool], part: ColumnElement[bool] | None = None) -> Iterable[Group]:
    own, values = LISTING.owned(actor)
    in_part = case((true() if part is None else part, 1), else_=0).label("in_part")
    statement = (
        select(Order.currency, Order.status, UNIT, NUMBER, in_part, func.sum(Order.later_minor), func.count())
        .where(*own, IS_SUBSCRIPTION, *clauses).group_by(Order.currency, Order.status, UNIT, NUMBER, in_part)
    )
    for currency, status, unit, count, which, minor, number in db.session.execute(statement, values):
        if unit is not None and count:
            yield Group(currency, status, monthly_minor(int(minor), unit, count) or 0, number, bool(which))
