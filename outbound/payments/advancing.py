"""Moves test clocks forward: from one thing that is due to the next, so that everything happens in its order.

The size of the steps makes no difference. A clock is moved by one worker at a time; if that is killed, another goes
on when its lease ends, from where the clock stood.
"""

import time
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.payments import locking
from domain.payments.collecting import due, test_clocks
from domain.payments.metered import metered_billing
from domain.sales.orders.order_clock import now_of
from models.test_clock import TestClock, TestClockStatus
from outbound.gateways.test_bank import test_bank
from outbound.payments import collecting, gateway_calls, metering, refunding

LEASE = timedelta(seconds=30)                # real time; renewed with each step
TURN = 5.0                                   # seconds for one clock before others have their turn


def advance_due(turn: float = TURN) -> bool:
    """Move the clocks that are to be advanced. True while one of them has not arrived."""
    now = clock.now()
    waiting = select(TestClock.id).where(
        TestClock.status == TestClockStatus.ADVANCING,
        or_(TestClock.lease_until.is_(None), TestClock.lease_until < now),
    )
    more = False
    for key in list(db.session.scalars(waiting.order_by(TestClock.id))):
        if _lease(key):
            more |= advance(key, turn)
    return more


def _lease(key: int) -> bool:
    """Take the clock, unless another worker has it."""
    with transaction():
        row = locking.lock(TestClock, key)
        now = clock.now()
        if row.status is not TestClockStatus.ADVANCING or (row.lease_until is not None and row.lease_until >= now):
            return False
        row.lease_until = now + LEASE
    return True


def advance(key: int, turn: float = TURN) -> bool:
    """Move one clock, for a while. True when it has not arrived."""
    deadline = time.monotonic() + turn
    while time.monotonic() < deadline:
        now = _step(key)
        if now is None:
            return False
        _what_is_due(key, now)
    with transaction():
        locking.lock(TestClock, key).lease_until = None
    return True


def _step(key: int) -> datetime | None:
    """Set the clock to the next moment at which something is due; None when it has arrived at its target."""
    moments = (due.next_on_clock(key), metered_billing.next_end(key), test_bank.book.next_due(key))
    known = [one for one in moments if one is not None]
    with transaction():
        row = locking.lock(TestClock, key)
        if row.status is not TestClockStatus.ADVANCING or row.target_at is None:
            return None
        if not known or min(known) > row.target_at:
            test_clocks.arrived(Actor.system(), row)
            return None
        row.now_at = max(row.now_at, min(known))
        row.lease_until = clock.now() + LEASE
        now: datetime = row.now_at
    return now


def _what_is_due(key: int, now: datetime) -> None:
    """What is due at this moment: first what became of earlier attempts, then the payment that is due longest.

    One payment a step: while others are due, and where calls cannot be counted yet, the same moment comes again. A
    payment makes the one of the next period, which may be due before those that wait.
    """
    while test_bank.send_due(now, key):
        pass
    metering.count_on_clock(key, now)
    payments, refunds = due.unknown_on_clock(key, now)
    for payment_id in payments:
        collecting.look_up(payment_id)
    for refund_id in refunds:
        refunding.look_up(refund_id)
    row_id = due.row_on_clock(key, now)
    if row_id is not None:
        _collect(row_id)


def _collect(row_id: int) -> None:
    """Collect one row; one that is not to be collected any more is due no longer."""
    with transaction():
        found = locking.lock_row(row_id)
        assert found is not None                 # rows are never deleted
        order, row = found
        attempt = None
        if collecting.is_due(order, row):
            attempt = collecting.begin(order, row)
        elif row.collect_at is not None and row.collect_at <= now_of(order):
            row.collect_at = None
    if attempt is not None:
        gateway_calls.finish(attempt)
