"""Counts the calls of ended periods: the worker's part. The log is read outside of any transaction."""

from datetime import datetime

from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.payments import locking
from domain.payments.metered import metered_billing
from domain.payments.metered.metered_log import call_log
from models.metered import MeteredPeriod


def count_due(limit: int = 20) -> bool:
    """Bill periods that have ended in real time. True while more may wait that can be counted."""
    keys = metered_billing.ended(clock.now(), limit)
    return bool(keys) and _counted(keys) and len(keys) == limit


def count_on_clock(clock_id: int, now: datetime) -> None:
    """Bill periods that have ended by a test clock."""
    keys = metered_billing.ended_on_clock(clock_id, now)
    if keys:
        _counted(keys)


def _counted(keys: list[int]) -> bool:
    """Bill these periods; False where the log is not complete yet, and nothing was counted."""
    db.session.rollback()                        # what is read below is as new as what the log has
    if not call_log.counter.is_complete():
        return False
    for key in keys:
        _count(key)
    return True


def _count(period_id: int) -> None:
    asked = metered_billing.question(period_id)
    counted = call_log.counter.count(asked)
    row_id = db.session.get_one(MeteredPeriod, period_id).scheduled_payment_id
    db.session.rollback()
    with transaction():
        found = locking.lock_row(row_id)
        assert found is not None                 # rows are never deleted
        row = found[1]
        period = locking.lock(MeteredPeriod, period_id)
        actor = Actor.system().for_row(row).in_world(test=row.test)
        metered_billing.bill(actor, row, period, asked, counted)
