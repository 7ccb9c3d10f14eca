"""Counts and adds up orders by status. Reads one index only."""

from dataclasses import dataclass, field

from sqlalchemy import func, select

from database import db
from domain.actor import Actor
from domain.sales.orders.order_listing import LISTING
from models.order import Order, OrderStatus

BY_STATUS = Order.status.in_(list(OrderStatus))         # all of them; it leads SQLite to the index


@dataclass(slots=True)
class Count:
    """The orders of one status: their number, and the sums of their totals by currency in minor units."""

    status: OrderStatus
    count: int = 0
    sums: dict[str, int] = field(default_factory=dict)


def counts(actor: Actor) -> dict[OrderStatus, int]:
    """The number of orders in each status that has any, in the order of the statuses."""
    own, values = LISTING.owned(actor)
    statement = select(Order.status, func.count()).where(*own, BY_STATUS).group_by(Order.status)
    found = {row[0]: row[1] for row in db.session.execute(statement, values)}
    return {status: found[status] for status in OrderStatus if status in found}


def totals(actor: Actor) -> dict[OrderStatus, Count]:
    """The number and the sums of the orders in each status, also of those that have none."""
    own, values = LISTING.owned(actor)
    statement = (
        select(Order.status, Order.currency, func.count(), func.sum(Order.total_minor)).where(*own, BY_STATUS)
        .group_by(Order.status, Order.currency).order_by(Order.status, Order.currency)
    )
    found = {status: Count(status) for status in OrderStatus}
    for status, currency, count, minor in db.session.execute(statement, values):
        found[status].count += count
        found[status].sums[currency] = int(minor)
    return found
