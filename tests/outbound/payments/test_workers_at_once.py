"""Workers at once never take the same row: each payment is asked for once, and nobody waits for another's."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from database import db, transaction
from domain import clock
from domain.payments import gateway_accounts
from models.order import ScheduledPayment
from models.payment import Payment
from outbound.gateways.test_bank import test_bank
from outbound.payments import advancing, collecting
from tests import cast, paying

pytestmark = pytest.mark.files
WORKERS, ORDERS = 4, 12


def at_once(app, work):
    start = threading.Barrier(WORKERS)

    def one(number):
        with app.app_context():
            start.wait()
            work(number)
            db.session.remove()

    with ThreadPoolExecutor(WORKERS) as threads:
        list(threads.map(one, range(WORKERS)))


def test_four_workers_charge_each_due_payment_once(workshop):
    with workshop.app_context():
        merchants = [cast.make_merchant(name) for name in ("Alder", "Birch")]
        orders = [paying.active(merchants[number % 2]) for number in range(ORDERS)]
        with transaction():
            due = clock.now() - timedelta(minutes=1)
            db.session.execute(update(ScheduledPayment).where(ScheduledPayment.sequence == 1).values(
                due_at=due, collect_at=due))
            for merchant in merchants:
                gateway_accounts.ensure(merchant, "test", test=True, now=clock.now())
        db.session.remove()

    def collect(_number):
        collector = collecting.Collector()
        while collector.round():
            pass

    at_once(workshop, collect)
    with workshop.app_context():
        collect(0)                                       # what every worker left to another
        assert [paying.statuses(order)[1] for order in orders] == ["complete"] * ORDERS
        times = Counter(one.scheduled_payment_id for one in test_bank.book.charges(orders))
        assert set(times.values()) == {1}
        assert db.session.query(Payment).count() == 2 * ORDERS
        db.session.remove()


def test_four_workers_take_a_clock_to_its_target_once(workshop):
    with workshop.app_context():
        merchant = cast.make_merchant()
        clocks = [paying.make_clock(merchant) for _ in range(3)]
        orders = [paying.active(merchant, clock_id=one) for one in clocks]
        for one in clocks:
            paying.target(one, paying.START + timedelta(days=100))
        db.session.remove()

    def advance(_number):
        while advancing.advance_due():
            pass

    at_once(workshop, advance)
    with workshop.app_context():
        advance(0)
        assert [paying.statuses(order) for order in orders] == [["complete"] * 4 + ["scheduled"]] * 3
        assert all(taken == [1000] for order in orders for taken in paying.charged(order).values())
        db.session.remove()
