"""Finds what is due to be collected or looked up, in real time; orders on a test clock have their own.

Merchants are stepped through in the index, never their rows: one with a hundred thousand rows that have to wait
delays nobody else. Of all merchants the oldest due row comes first; rows of one moment come in the order they were made
in, and those of several merchants by the merchant.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, func, literal, select, union_all

from database import db
from models.order import ScheduledPayment
from models.payment import Payment, Refund

Waiting = Collection[tuple[int, bool]]               # merchants and worlds whose rows have to wait
_now = bindparam("now", type_=ScheduledPayment.collect_at.type)
_COLLECTED = (ScheduledPayment.collect_at.is_not(None), ScheduledPayment.test_clock_id.is_(None))


def _oldest() -> Select[Any]:
    """The oldest due row of each merchant and world, oldest first."""
    merchants = (
        select(func.min(ScheduledPayment.merchant_id).label("merchant_id")).where(*_COLLECTED).cte(recursive=True)
    )
    following = (
        select(func.min(ScheduledPayment.merchant_id))
        .where(*_COLLECTED, ScheduledPayment.merchant_id > merchants.c.merchant_id)
        .correlate(merchants).scalar_subquery()
    )
    merchants = merchants.union_all(select(following).where(merchants.c.merchant_id.is_not(None)))
    worlds = union_all(select(literal(False).label("test")), select(literal(True))).subquery()
    first = (
        select(func.min(ScheduledPayment.collect_at))
        .where(
            *_COLLECTED, ScheduledPayment.merchant_id == merchants.c.merchant_id,
            ScheduledPayment.test == worlds.c.test, ScheduledPayment.collect_at <= _now,
        )
        .correlate(merchants, worlds).scalar_subquery()
    )
    found = (
        select(merchants.c.merchant_id, worlds.c.test, first.label("first"))
        .select_from(merchants).join(worlds, literal(True)).where(merchants.c.merchant_id.is_not(None)).subquery()
    )
    return (
        select(found.c.merchant_id, found.c.test).where(found.c.first.is_not(None))
        .order_by(found.c.first, found.c.merchant_id, found.c.test)
    )


OLDEST = _oldest()
ROWS = (
    select(ScheduledPayment.id)
    .where(
        *_COLLECTED, ScheduledPayment.merchant_id == bindparam("merchant_id"),
        ScheduledPayment.test == bindparam("test"), ScheduledPayment.collect_at <= _now,
    )
    .order_by(ScheduledPayment.collect_at, ScheduledPayment.id)
    .limit(bindparam("limit"))
)


def to_collect(now: datetime, waiting: Waiting = (), limit: int = 8) -> list[int]:
    """The ids of due rows of the merchant whose oldest row is due longest, but for those who have to wait."""
    for merchant_id, test in db.session.execute(OLDEST, {"now": now}):
        if (merchant_id, test) not in waiting:
            values = {"merchant_id": merchant_id, "test": test, "now": now, "limit": limit}
            return list(db.session.scalars(ROWS, values))
    return []


def to_look_up(model: type[Payment] | type[Refund], now: datetime, limit: int = 20) -> list[int]:
    """The ids of attempts or refunds without an outcome whose gateway is asked again now, oldest first."""
    statement = (
        select(model.id).where(model.look_up_at <= now, model.test_clock_id.is_(None))
        .order_by(model.look_up_at, model.id).limit(limit)
    )
    return list(db.session.scalars(statement))


def next_on_clock(clock_id: int) -> datetime | None:
    """When the first thing is due for the orders of a test clock, by that clock."""
    moments = [
        db.session.scalar(select(func.min(column)).where(model.test_clock_id == clock_id))
        for model, column in (
            (ScheduledPayment, ScheduledPayment.collect_at), (Payment, Payment.look_up_at), (Refund, Refund.look_up_at),
        )
    ]
    return min((moment for moment in moments if moment is not None), default=None)


def row_on_clock(clock_id: int, now: datetime) -> int | None:
    """The id of the row that is due longest by a test clock."""
    statement = select(ScheduledPayment.id).where(
        ScheduledPayment.test_clock_id == clock_id, ScheduledPayment.collect_at <= now
    )
    return db.session.scalar(statement.order_by(ScheduledPayment.collect_at, ScheduledPayment.id).limit(1))


def unknown_on_clock(clock_id: int, now: datetime) -> tuple[list[int], list[int]]:
    """Attempts and refunds to look up by a test clock, each oldest first."""
    payments, refunds = (
        list(db.session.scalars(
            select(model.id).where(model.test_clock_id == clock_id, model.look_up_at <= now)
            .order_by(model.look_up_at, model.id)
        ))
        for model in (Payment, Refund)
    )
    return payments, refunds
