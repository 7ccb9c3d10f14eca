"""An order and its invoice that are paid in two transactions at the same moment: each amount is charged once.

On PostgreSQL the second transaction waits for what the first one has locked, or passes it over; on SQLite it waits for
the first one's end.
"""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import func, select, text

from database import DatabaseBusy, DatabaseClash, db, transaction
from domain import clock, inputs
from domain.errors import Conflict
from domain.invoicing.paying import card_charges, invoice_checkouts, invoice_links, paid_orders, recording
from domain.payments import booking, locking
from domain.payments.attempts import Attempt
from domain.payments.gateways import Answer, Outcome
from models.payment import Payment, PaymentStatus
from outbound.payments import collecting, gateway_calls
from tests import cast, paying
from tests.domain.invoicing.paying.money import check_sums
from tests.domain.invoicing.paying.test_paid_orders import bill, credit_of, days_later, started, taken
from tests.invoicing import actor_of, locked, of

pytestmark = pytest.mark.files
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")
PATIENCE = 20                       # seconds, of which none is used where all goes well


class World:
    """An order of 120.00 in instalments of 40.00, whose card pays them, and the order's invoice."""

    def __init__(self, email="ada@example.org", merchant=None):
        self.merchant = merchant or cast.make_merchant("Alder & Sons")
        self.order = started(self.merchant, email=email)
        self.invoice = bill(self.order)
        self.row = paying.rows(self.order)[1]
        self.row_id, self.due_at = self.row.id, self.row.due_at

    # Within a transaction of the caller

    def transfer(self, minor=12000):
        new = inputs.parse(recording.ReceiptInput, {"amount": Decimal(minor) / 100, "invoice_ids": [self.invoice]})
        return recording.record(actor_of(self.merchant, test=True), new).id

    def link(self):
        own, invoice = locked(self.invoice, test=True)
        link = invoice_links.find(invoice_links.share(own, [invoice]))
        return invoice_checkouts.begin(own, invoice_links.locked(link.id), "test", "https://x.example").payment_id

    def card(self):
        own, invoice = locked(self.invoice, test=True)
        return card_charges.charge(own, invoice, inputs.parse(card_charges.CardInput, {}))

    def collect(self):
        found = locking.lock_row(self.row_id)
        return collecting.begin(*found)

    # After it

    def paid(self):
        """What was approved of all that the customer paid, in all."""
        db.session.rollback()
        return int(db.session.scalar(select(func.coalesce(func.sum(Payment.amount_minor), 0)).where(
            Payment.customer_id == of(self.invoice).customer_id, Payment.status == PaymentStatus.APPROVED)))

    def end(self, *begun):
        """Let the gateway approve what was begun, then do all that the worker does in the months that follow."""
        for one in begun:
            if isinstance(one, Attempt):
                gateway_calls.finish(one)
            elif isinstance(one, int):
                approve(one)
        with transaction():
            while paid_orders.count_next():
                pass
        days_later()
        check_sums()
        invoice = of(self.invoice)
        assert invoice.paid_minor == 12000
        assert self.paid() - credit_of(self.order) == 12000
        assert paying.of(self.order).status == "complete"
        assert all(len(amounts) == 1 for amounts in paying.charged(self.order).values())


def approve(payment_id):
    with transaction():
        payment = db.session.get(Payment, payment_id)
        if payment.status is not PaymentStatus.APPROVED:
            booking.book(paying.SYSTEM, payment_id, Answer(
                outcome=Outcome.APPROVED, amount_minor=payment.amount_minor, currency=payment.currency))


def at_once(app, first, second):
    """What the two give, or the Conflict: the first one's transaction ends when the second waits for it, or is done."""
    begun, go = threading.Event(), threading.Event()

    def hold():
        with app.app_context(), transaction():
            found = first()
            db.session.flush()
            begun.set()
            assert go.wait(PATIENCE)
        return found

    def meet():
        with app.app_context():
            try:
                with transaction():
                    return second()
            except Conflict as refusal:
                return refusal
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as threads:
        one = threads.submit(hold)
        while not begun.wait(0.02):
            if one.done():
                return one.result(), None
        other = threads.submit(meet)
        while not other.done() and not waits(app):
            threading.Event().wait(0.01)
        go.set()
        return one.result(PATIENCE), other.result(PATIENCE)


def waits(app):
    """Whether somebody waits for a lock; on SQLite whoever comes second does."""
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            return True
        with db.engine.connect() as connection:
            return bool(connection.scalar(WAITING))


@pytest.fixture
def world(workshop):
    with workshop.app_context():
        one = World()
        db.session.remove()
    return one


def on_the_day(world):
    return time_machine.travel(world.due_at + timedelta(minutes=1), tick=False)


@pytest.mark.parametrize("door", ["link", "card"])
def test_an_invoice_that_is_being_paid_when_its_order_is_due_keeps_the_engine_waiting(workshop, world, door):
    with on_the_day(world):
        begun, attempt = at_once(workshop, getattr(world, door), world.collect)
        assert attempt is None
    with workshop.app_context():
        world.end(begun)
        assert (taken(world.order), credit_of(world.order)) == (0, 0)


@pytest.mark.parametrize("door", ["link", "card"])
def test_an_order_that_is_being_collected_keeps_its_invoice_waiting(workshop, world, door):
    with on_the_day(world):
        attempt, refusal = at_once(workshop, world.collect, getattr(world, door))
        assert isinstance(refusal, Conflict)
        assert "under way" in str(refusal)
    with workshop.app_context():
        world.end(attempt)
        assert (taken(world.order), credit_of(world.order)) == (12000, 0)


def test_a_transfer_that_comes_just_before_the_engine_settles_the_schedule(workshop, world):
    with on_the_day(world):
        payment, attempt = at_once(workshop, world.transfer, world.collect)
        assert attempt is None
    with workshop.app_context():
        world.end(payment)
        assert (taken(world.order), credit_of(world.order)) == (0, 0)


def test_a_transfer_that_comes_just_after_the_engine_is_credit_for_what_was_asked_for(workshop, world):
    with on_the_day(world):
        attempt, payment = at_once(workshop, world.collect, world.transfer)
        assert isinstance(payment, int)
    with workshop.app_context():
        world.end(attempt, payment)
        assert (taken(world.order), credit_of(world.order)) == (4000, 4000)


def test_a_transfer_that_comes_while_the_engine_has_the_order_is_counted_by_it(workshop, world):
    """The engine has locked the order, and nothing else yet: the transfer passes the order over."""

    def lock_and_wait():
        locking.lock_row(world.row_id)

    with on_the_day(world):
        at_once(workshop, lock_and_wait, world.transfer)
        with workshop.app_context():
            is_left = of(world.invoice).to_count
            assert is_left or paying.of(world.order).status == "complete"
            assert is_left is (db.engine.dialect.name == "postgresql")
            with transaction():
                assert world.collect() is None           # it counts before it begins
            assert paying.of(world.order).status == "complete"
            world.end()
            assert (taken(world.order), credit_of(world.order)) == (0, 0)


PAYERS = ["transfer", "link", "card"]


@pytest.mark.parametrize("second", PAYERS)
@pytest.mark.parametrize("first", PAYERS)
def test_of_two_who_pay_the_invoice_at_once_one_pays_or_the_rest_is_credit(workshop, world, first, second):
    begun, other = at_once(workshop, getattr(world, first), getattr(world, second))
    if second != "transfer":
        assert isinstance(other, Conflict) or (first, second) == ("link", "link")
    with workshop.app_context():
        world.end(begun, other)
        twice = second == "transfer"
        assert (taken(world.order), credit_of(world.order)) == (0, 12000 if twice else 0)


def test_many_who_pay_at_the_same_time_as_the_worker_collects_charge_each_amount_once(workshop):
    with workshop.app_context():
        merchant = cast.make_merchant("Alder & Sons")
        worlds = [World(f"{name}@example.org", merchant) for name in ("ada", "bea", "cy", "dan")]
        db.session.remove()
    start, begun = threading.Barrier(5), []

    def each(work, *args):
        with workshop.app_context():
            start.wait()
            for world in worlds:
                try:
                    work(world, *args)
                except (Conflict, DatabaseBusy, DatabaseClash):
                    db.session.rollback()
            db.session.remove()

    def pay(world, door):
        with transaction():
            begun.append((world, getattr(world, door)()))

    def part(world):
        with transaction():
            world.transfer(5000)

    def collect(_world):
        while collecting.Collector().round():
            pass

    with on_the_day(worlds[0]), ThreadPoolExecutor(5) as threads:
        for done in [threads.submit(each, *one) for one in (
                (collect,), (collect,), (pay, "link"), (pay, "card"), (part,))]:
            done.result(60)
    with workshop.app_context():
        assert clock.now() < worlds[0].due_at
        for world in worlds:
            world.end(*(one for owner, one in begun if owner is world))
