"""Test clocks: what is due happens in its order, whatever the size of the steps, and in real time nothing does."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from database import db, transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.payments.collecting import test_clocks
from domain.payments.orders import order_verbs
from domain.sales.orders import order_clock, orders
from models import test_clock
from models.order import OrderStatus
from models.payment import Dispute
from models.test_clock import TestClock
from outbound.gateways.test_bank import test_bank
from outbound.payments import advancing, collecting
from tests import cast
from tests.paying import START, active, actor_of, change, charged, make_order, of, pay, payments, rows, statuses

DAY = timedelta(days=1)
YEAR = 365 * DAY


@pytest.fixture
def merchant():
    return cast.make_merchant()


@pytest.fixture
def clock_id(merchant):
    return make_clock(merchant)


def make_clock(merchant, at=START):
    with transaction():
        new = inputs.parse(test_clocks.TestClockInput, {"now_at": at.isoformat()})
        return test_clocks.create(actor_of(merchant), new).id


def clock(clock_id):
    db.session.rollback()
    return db.session.get(TestClock, clock_id)


def target(clock_id, to):
    with transaction():
        own, row = order_clock.LISTING.lock(Actor.operator().in_world(test=True), clock_id)
        test_clocks.advance(own, row, to)


def advance(clock_id, to):
    target(clock_id, to)
    while advancing.advance_due():
        pass
    assert clock(clock_id).now_at == to
    assert clock(clock_id).status is test_clock.TestClockStatus.READY


def ledger(order_id):
    """What happened to an order, without what two orders cannot have in common."""
    number = {one.id: one.sequence for one in rows(order_id)}
    bank = [(one["at"], number[one["scheduled_payment_id"]], one["amount_minor"], one["status"])
            for one in test_bank.ledger([order_id])]
    paid = [(one.created_at, one.executed_at, number[one.scheduled_payment_id], one.amount_minor, one.status,
             one.decline, one.message, one.look_ups) for one in payments(order_id)]
    due = [(one.sequence, one.status, one.due_at, one.collect_at, one.executed_at, one.retry_count, one.paid_minor,
            one.created_at) for one in rows(order_id)]
    order = of(order_id)
    return bank, paid, due, (order.status, order.activated_at, order.ended_at, order.next_sequence)


METHODS = ("test_ok", "test_soft_then_ok", "test_answer_lost", "test_notify_late", "test_requires_action")


def test_one_step_of_a_year_and_365_steps_of_a_day_give_the_same_ledger(merchant):
    first, second = make_clock(merchant), make_clock(merchant)
    one = [active(merchant, method, clock_id=first) for method in METHODS]
    other = [active(merchant, method, clock_id=second) for method in METHODS]
    advance(first, START + YEAR)
    for day in range(1, 366):
        advance(second, START + day * DAY)
    for method, mine, his in zip(METHODS, one, other, strict=True):
        assert ledger(mine) == ledger(his), method
    assert statuses(one[0]) == ["complete"] * 13 + ["scheduled"]
    assert [one.due_at.strftime("%m-%d") for one in rows(one[0])][:4] == ["01-31", "02-28", "03-31", "04-30"]
    assert all(taken == [1000] for order_id in one for taken in charged(order_id).values())


def test_orders_on_a_clock_do_not_follow_real_time(merchant, clock_id):
    order_id = active(merchant, clock_id=clock_id)
    assert not collecting.Collector().round()
    assert not collecting.look_up_due()
    assert statuses(order_id) == ["complete", "scheduled"]
    assert (of(order_id).anchor_at, payments(order_id)[0].executed_at) == (START, START)


def test_a_clock_does_not_go_backwards_and_the_same_target_again_does_nothing(clock_id):
    target(clock_id, START)
    assert clock(clock_id).status is test_clock.TestClockStatus.READY
    target(clock_id, START + 2 * DAY)
    target(clock_id, START + 2 * DAY)
    for to in (START - DAY, START + DAY, START + 101 * YEAR):
        with pytest.raises(Invalid):
            target(clock_id, to)
    advance(clock_id, START + 3 * DAY)
    with pytest.raises(Invalid):
        target(clock_id, START + 2 * DAY)


def test_a_clock_goes_on_where_it_was_when_its_worker_died(merchant, clock_id, monkeypatch):
    order_id = active(merchant, clock_id=clock_id)
    target(clock_id, START + YEAR)
    real, left = advancing._everything_due, [3]

    def dies(*given):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(advancing, "_everything_due", dies)
    with pytest.raises(KeyboardInterrupt):
        advancing.advance_due()
    monkeypatch.setattr(advancing, "_everything_due", real)
    assert START < clock(clock_id).now_at < START + YEAR
    assert not advancing.advance_due()
    assert clock(clock_id).status is test_clock.TestClockStatus.ADVANCING    # its lease has not ended
    with transaction():
        db.session.get(TestClock, clock_id).lease_until = None
    advance(clock_id, START + YEAR)
    assert statuses(order_id) == ["complete"] * 13 + ["scheduled"]
    assert all(taken == [1000] for taken in charged(order_id).values())


def test_disputes_come_by_the_clock(merchant, clock_id):
    order_id = make_order(merchant, billing="single_payment", price="10.60", clock_id=clock_id)
    pay(order_id, "test_by_amount")
    advance(clock_id, START + 4 * DAY)
    assert db.session.scalars(select(Dispute)).all() == []
    advance(clock_id, START + 6 * DAY)
    assert [one.created_at for one in db.session.scalars(select(Dispute))] == [START + 5 * DAY]


def test_a_declined_order_recovers_by_the_clock_once_its_card_is_changed(merchant, clock_id):
    order_id = active(merchant, "test_soft_decline", clock_id=clock_id)
    advance(clock_id, START + 28 * DAY)
    assert of(order_id).status is OrderStatus.FAILED
    change(order_id, "test_ok")
    advance(clock_id, START + 29 * DAY)
    assert (of(order_id).status, statuses(order_id)[1]) == (OrderStatus.ACTIVE, "recovered")


def test_an_ended_order_on_a_clock_is_asked_for_nothing_more(merchant, clock_id):
    order_id = active(merchant, clock_id=clock_id)
    with transaction():
        order_verbs.cancel(Actor.system(), orders.locked(order_id))
    advance(clock_id, START + YEAR)
    assert len(payments(order_id)) == 1


def test_a_clock_is_of_the_test_world_and_stays_while_orders_hang_on_it(merchant, clock_id):
    with pytest.raises(Invalid), transaction():
        test_clocks.create(cast.actor_for(merchant), test_clocks.TestClockInput(now_at=START))
    make_order(merchant, clock_id=clock_id)
    free = make_clock(merchant)
    for key, fine in ((clock_id, False), (free, True)):
        own, row = order_clock.LISTING.lock(actor_of(merchant), key)
        if fine:
            test_clocks.delete(own, row)
        else:
            with pytest.raises(Conflict):
                test_clocks.delete(own, row)
