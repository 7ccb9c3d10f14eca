"""Kills the workers that collect: every period is charged exactly once at the test bank, whatever happens.

Payments are due, each with a fault of the test bank. Workers are killed with -9 at random moments and started
again; then the clock is moved on until every look-up and every retry was due. At the end the bank's own book is
compared with the orders. Run: python -m bench.kill_collecting [--payments 2000] [--kills 100]
"""

import argparse
import contextlib
import os
import random
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from bench.databases import fresh
from bench.figures import Figure
from bench.webhooks import Worker, stage
from database import db, transaction
from domain import clock, inputs
from domain.actor import Actor
from domain.catalog import products
from domain.payments import booking, gateway_accounts, paying, payment_methods
from domain.payments.attempts import OPEN
from domain.payments.orders import ordering
from domain.people import customers, merchants
from domain.permissions import EVERYTHING
from domain.sales.orders.orders import OrderInput
from models.order import Order, ScheduledPayment, ScheduledStatus
from models.payment import Payment
from outbound.gateways.test_bank import FILE, test_bank
from outbound.payments.collecting import Collector, look_up_due

PAYS = (
    "test_ok", "test_soft_then_ok", "test_answer_lost", "test_request_lost", "test_notify_first", "test_notify_thrice",
    "test_notify_late", "test_down_hour", "test_requires_action",
)
NEVER = ("test_soft_decline", "test_hard_decline")
LATER = (                                            # when every look-up and every retry was due
    timedelta(minutes=6), timedelta(minutes=70), timedelta(hours=3), *(timedelta(days=day) for day in range(1, 10)),
)
LONGEST = 1800.0                                     # seconds until everything was asked for once
EVERY_ROUND = 200                                    # rows


@dataclass(frozen=True, slots=True)
class Plan:
    """How many payments are due, and how often one of the workers is killed."""

    payments: int
    kills: int
    workers: int = 2
    merchants: int = 2


@dataclass(frozen=True, slots=True)
class Judged:
    """What the bank's book and the orders say."""

    charged_once: int
    charged_twice: int
    not_charged: int             # although its payment method pays in the end
    wrongly_charged: int         # although it never does
    unknown: int                 # attempts without an outcome
    astray: int                  # rows that do not say what the book says
    kills: int
    seconds: float

    @property
    def is_right(self) -> bool:
        return not any((self.charged_twice, self.not_charged, self.wrongly_charged, self.unknown, self.astray))


def populate(plan: Plan, names: Sequence[str] = (*PAYS, *NEVER)) -> dict[int, str]:
    """Live orders whose one instalment is due now, by several merchants; the payment method of each, in turn."""
    made: dict[int, str] = {}
    for merchant in range(plan.merchants):
        with transaction():
            new = inputs.parse(merchants.MerchantInput, {"name": f"Bench {merchant}"})
            key = merchants.create(Actor.operator(), new).id
            gateway_accounts.ensure(key, "test", test=True, now=clock.now()).per_minute = 1_000_000
        actor = Actor(label="bench", merchant_ids=frozenset({key}), scopes=EVERYTHING).in_world(test=True)
        with transaction():
            customer = customers.create(actor, inputs.parse(customers.CustomerInput, {"name": "Bench"})).id
            product = products.create(actor, inputs.parse(
                products.ProductInput, {"name": "Bench", "price": 10, "billing": "instalment"})).id
        sent = {"customer_id": customer, "items": [{"product_id": product}], "instalments": 1,
                "interval_unit": "MONTH", "interval_count": 1}
        for number in range(plan.payments // plan.merchants):
            with transaction():
                order = ordering.create(actor, inputs.parse(OrderInput, sent))
                method = names[number % len(names)]
                booking.paid(actor, order, paying.initial(order), 0)
                payment_methods.change(actor, order, payment_methods.test_method(actor, order, method))
                made[order.id] = method
    with transaction():
        due = clock.now() - timedelta(minutes=1)
        db.session.execute(update(ScheduledPayment).where(ScheduledPayment.sequence > 0).values(
            due_at=due, collect_at=due))
    return made


def begun(app: Flask) -> int:
    """How many attempts there are."""
    with app.app_context():
        count = db.session.scalar(select(func.count()).select_from(Payment))
        db.session.remove()
    return int(count or 0)


def kill(app: Flask, plan: Plan, extra: dict[str, str]) -> int:
    """Run the workers until every payment was asked for, killing them on the way; returns how often."""
    workers = [Worker(extra) for _ in range(plan.workers)]
    marks = sorted(random.sample(range(plan.payments), plan.kills), reverse=True)
    killed, deadline = 0, time.monotonic() + LONGEST
    for one in workers:
        one.start()
    try:
        while ((done := begun(app)) < plan.payments or marks) and time.monotonic() < deadline:
            while marks and done >= marks[-1]:
                marks.pop()
                time.sleep(random.random() * 0.05)
                worker = random.choice(workers)
                worker.kill()
                killed += 1
                worker.start()
            time.sleep(0.01 if marks else 0.1)
        return killed
    finally:
        for one in workers:
            one.kill()


def settle() -> None:
    """Go on, at later and later moments, as a worker does that is never killed again."""
    start = time.time()
    for later in LATER:
        with time_machine.travel(start + later.total_seconds(), tick=True):
            confirm()
            while Collector().round(EVERY_ROUND) or look_up_due() or test_bank.send_due(clock.now()):
                pass


def confirm() -> None:
    """Every customer who is asked for one more step takes it."""
    with contextlib.closing(sqlite3.connect(str(test_bank.book._path))) as book:
        tokens = [row[0] for row in book.execute("SELECT token FROM charges WHERE status = 'waiting'")]
    for token in tokens:
        test_bank.confirm(token, approve=True, at=clock.now())


def judge(methods: dict[int, str], kills: int, seconds: float) -> Judged:
    """Compare the bank's book with the orders."""
    rows = {
        row.id: row for row in db.session.scalars(select(ScheduledPayment).where(ScheduledPayment.sequence > 0))
    }
    times = Counter(
        one.scheduled_payment_id for one in test_bank.book.charges()
        if one.status == "approved" and one.amount_minor == rows[one.scheduled_payment_id or 0].amount_minor
    )
    pays = {key: methods[row.order_id] in PAYS for key, row in rows.items()}
    paid = (ScheduledStatus.COMPLETE, ScheduledStatus.RECOVERED)
    unknown = select(func.count()).select_from(Payment).where(Payment.status.in_(OPEN))
    return Judged(
        charged_once=sum(count == 1 for count in times.values()),
        charged_twice=sum(count > 1 for count in times.values()),
        not_charged=sum(wanted and not times[key] for key, wanted in pays.items()),
        wrongly_charged=sum(bool(times[key]) and not wanted for key, wanted in pays.items()),
        unknown=int(db.session.scalar(unknown) or 0),
        astray=sum((row.status in paid) != (times[key] == 1) or row.paid_minor != row.amount_minor * times[key]
                   for key, row in rows.items()),
        kills=kills, seconds=seconds,
    )


def trial(plan: Plan, more: dict[str, str] | None = None) -> Judged:
    """Populate, kill, settle, judge: in a folder of its own, on SQLite or the database of the settings."""
    with TemporaryDirectory(prefix="countinghouse-bench-") as name:
        extra = {"COUNTINGHOUSE_INSTANCE": name, "COUNTINGHOUSE_BCRYPT_COST": "4", **(more or {})}
        with stage(extra) as app:
            assert test_bank.book._path == Path(name) / FILE
            with app.app_context():
                methods = populate(plan)
                db.session.remove()
            began = time.monotonic()
            kills = kill(app, plan, extra)
            seconds = time.monotonic() - began
            with app.app_context():
                settle()
                found = judge(methods, kills, seconds)
                orders = db.session.scalar(select(func.count()).select_from(Order))
                assert orders == plan.payments // plan.merchants * plan.merchants
                db.session.remove()
            return found


def run(payments: int = 2000, kills: int = 100) -> list[Figure]:
    """The figures of this benchmark."""
    found = trial(Plan(payments, kills))
    wrong = found.charged_twice + found.not_charged + found.wrongly_charged + found.unknown + found.astray
    return [Figure(
        "collecting", f"{payments} payments due, {found.kills} kills of 2 workers",
        f"{found.charged_once} charged once, {wrong} wrong", "", "0 wrong", found.is_right,
    )]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--payments", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--database", help="postgresql+psycopg://… of a server; default SQLite")
    given = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("COUNTINGHOUSE_")]:
        del os.environ[name]
    with fresh(given.database) as url:
        found = trial(Plan(given.payments, given.kills), {"COUNTINGHOUSE_DATABASE_URL": url} if url else {})
    print(found)
    sys.exit(0 if found.is_right else 1)


if __name__ == "__main__":
    main()
