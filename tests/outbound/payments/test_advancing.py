"""Test clocks: what is due happens in its order, whatever the size of the steps, and in real time nothing does."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from database import db, transaction
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.payments import payment_methods
from domain.payments.collecting import test_clocks
from domain.payments.gateways import Account
from domain.payments.orders import order_verbs
from domain.payments.plans import cancelling, plan_changes
from domain.payments.plans.plan_terms import ChangeInput, When
from domain.payments.schedule import schedules
from domain.sales.orders import order_clock, order_status, orders
from models import AuditEntry, test_clock
from models.order import OrderStatus
from models.outbox import Task
from models.payment import Dispute
from models.test_clock import TestClock
from outbound.gateways.test_bank import test_bank
from outbound.gateways.test_bank_faults import BY_AMOUNT, METHODS
from outbound.payments import advancing, collecting, notifications
from tests import cast
from tests.paying import (
    START,
    SYSTEM,
    active,
    actor_of,
    change,
    charged,
    clock,
    make_clock,
    make_order,
    of,
    pay,
    payments,
    rows,
    statuses,
    target,
)

DAY = timedelta(days=1)
YEAR = 365 * DAY


@pytest.fixture
def clock_id(merchant):
    return make_clock(merchant)


def advance(clock_id, to):
    target(clock_id, to)
    while advancing.advance_due():
        pass
    assert clock(clock_id).now_at == to
    assert clock(clock_id).status is test_clock.TestClockStatus.READY


def ledger(order_id):
    """All that happened to an order, as bytes, without what two orders cannot have in common."""
    order, number = of(order_id), {one.id: one.sequence for one in rows(order_id)}
    attempts = payments(order_id)
    bank = [(one["at"], number[one["scheduled_payment_id"]], one["amount_minor"], one["status"], one["refunded_minor"])
            for one in test_bank.ledger([order_id])]
    paid = [(one.created_at, one.executed_at, number[one.scheduled_payment_id], one.amount_minor, one.status,
             one.decline, one.message, one.look_ups, one.look_up_at, one.refunded_minor, [
                 ("dispute", other.amount_minor, other.created_at) for other in one.disputes])
            for one in attempts]
    due = [(one.sequence, one.status, one.amount_minor, one.tax_minor, one.due_at, one.collect_at, one.executed_at,
            one.retry_count, one.paid_minor, one.created_at) for one in rows(order_id)]
    tasks = db.session.scalars(select(Task).where(Task.kind == "mail").order_by(Task.id))
    mails = [one.payload["mail"] for one in tasks if one.payload.get("order_id") == order_id]
    entries = select(AuditEntry).where(AuditEntry.object_type == "order", AuditEntry.object_id == order_id)
    steps = [(one.action, one.after.get("status")) for one in db.session.scalars(entries.order_by(AuditEntry.id))]
    end = (order.status, order.activated_at, order.paused_at, order.ended_at, order.next_sequence, order.credit_minor)
    return json.dumps([bank, paid, due, mails, steps, end], default=str, sort_keys=True, indent=0).encode()


OFTEN = ("test_hard_decline", "test_soft_then_ok")
CASES = [(method, {"interval_count": 2 if method in OFTEN else 4}) for method in METHODS if method != "test_ok"] + [
    ("test_ok", {}), (BY_AMOUNT, {"price": "10.62", "interval_count": 3}), (BY_AMOUNT, {"price": "10.60"}),
    (BY_AMOUNT, {"price": "40.56", "billing": "instalment", "instalments": 4}),
]
PAUSED, RESUMED, CHANGED = START + 100 * DAY, START + 160 * DAY, START + 200 * DAY


def begun(merchant, clocks):
    """An order of each case, spread over the clocks; some have a credit, and mails are kept for all."""
    made = [active(merchant, method, clock_id=clocks[place % len(clocks)], **terms)
            for place, (method, terms) in enumerate(CASES)]
    with transaction():
        for place, order_id in enumerate(made):
            order = orders.locked(order_id)
            order.customer_email, order.credit_minor = "ada@example.org", 1500 if place % 3 == 0 else 0
    return made


def interfere(order_ids, at):
    """What people do on three days of the year: pause, resume, change the card of what was refused for good."""
    for place, order_id in enumerate(order_ids):
        with transaction():
            order = orders.locked(order_id)
            if at == PAUSED and place % 2 and order.status in order_verbs.PAUSABLE and order.instalments is None:
                order_verbs.pause(SYSTEM, order)
            elif at == RESUMED and order.status is OrderStatus.PAUSED:
                order_verbs.resume(SYSTEM, order)
        if at == CHANGED and of(order_id).status is OrderStatus.SUSPENDED:
            change(order_id, "test_soft_then_ok")


@pytest.mark.slow
def test_one_step_of_a_year_and_365_steps_of_a_day_give_the_same_ledger_byte_for_byte(merchant, monkeypatch):
    """With every fault of the bank, retries, pauses, credits and changed cards; one side on three clocks at once."""
    monkeypatch.setattr(test_bank, "_send", lambda *given: notifications.take(
        "test", Account(merchant_id=merchant, test=True), *given))
    three, alone = [make_clock(merchant) for _ in range(3)], make_clock(merchant)
    ones, others = begun(merchant, three), begun(merchant, [alone])
    for to in (PAUSED, RESUMED, CHANGED, START + YEAR):
        for one in three:
            target(one, to)
        while advancing.advance_due(turn=0.02):          # a short turn each, so that they take turns
            pass
        interfere(ones, to)
    for day in range(1, 366):
        advance(alone, START + day * DAY)
        interfere(others, START + day * DAY)
    assert [clock(one).now_at for one in (*three, alone)] == [START + YEAR] * 4
    for case, mine, his in zip(CASES, ones, others, strict=True):
        assert ledger(mine) == ledger(his), case
    text = b"".join(map(ledger, ones)).decode()
    for word in ("recovered", "hard-declined", "skipped", "review", "order.paused", "order.resumed", "order.suspended",
                 "payment_failed", "payment_confirm", "receipt", "dispute"):
        assert word in text, word


def refused_for_months(merchant, clocks):
    """An order on each clock, paid every 18 days, whose cards are declined softly, then for good, until a new one."""
    made = [active(merchant, "test_requires_action", clock_id=one, interval_unit="DAY", interval_count=18)
            for one in clocks]
    for days, method in ((103, "test_hard_decline"), (204, "test_ok"), (365, None)):
        for one in clocks[1:]:
            for day in range((clock(one).now_at - START).days + 1, days):
                advance(one, START + day * DAY)
        for one, order_id in zip(clocks, made, strict=True):
            advance(one, START + days * DAY)
            if method is not None:
                change(order_id, method)
    return made


@pytest.mark.slow
def test_what_waited_for_a_new_card_is_collected_in_the_order_of_its_days_whatever_the_steps(merchant):
    clocks = [make_clock(merchant) for _ in range(2)]
    one, other = refused_for_months(merchant, clocks)
    assert ledger(one) == ledger(other)
    due = {row.id: row.due_at for row in rows(one)}
    paid = [due[payment.scheduled_payment_id] for payment in payments(one) if payment.status == "approved"]
    assert paid == sorted(paid)
    assert len(set(statuses(one)) - {"recovered", "complete"}) == 2          # what was declined for good, the next one
    at_once = [payment for payment in payments(one) if payment.created_at == START + 204 * DAY]
    assert len(at_once) > 5


def test_a_year_on_a_clock_keeps_the_last_days_of_months(merchant, clock_id):
    order_id = active(merchant, clock_id=clock_id)
    advance(clock_id, START + YEAR)
    assert statuses(order_id) == ["complete"] * 13 + ["scheduled"]
    assert [one.due_at.strftime("%m-%d") for one in rows(order_id)][:4] == ["01-31", "02-28", "03-31", "04-30"]
    assert all(taken == [1000] for taken in charged(order_id).values())


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
    real, left = advancing._what_is_due, [3]

    def dies(*given):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        real(*given)

    monkeypatch.setattr(advancing, "_what_is_due", dies)
    with pytest.raises(KeyboardInterrupt):
        advancing.advance_due()
    monkeypatch.setattr(advancing, "_what_is_due", real)
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


def test_what_waits_for_the_end_of_a_period_is_done_then_whatever_the_steps(merchant):
    clocks, methods = [make_clock(merchant) for _ in range(2)], ("test_ok", "test_soft_then_ok", "test_answer_lost")
    orders_of = [[active(merchant, method, clock_id=one) for method in methods] for one in clocks]
    for order_id in (*orders_of[0], *orders_of[1]):
        with transaction():
            new = ChangeInput(quantity=3, interval_count=2, when=When.PERIOD_END)
            plan_changes.change(actor_of(merchant), orders.locked(order_id), new)
    advance(clocks[0], START + 160 * DAY)
    for day in range(8, 161, 8):
        advance(clocks[1], START + day * DAY)
    for one, other in zip(*orders_of, strict=True):
        assert [(row.sequence, row.amount_minor, row.due_at, row.status) for row in rows(one)] == [
            (row.sequence, row.amount_minor, row.due_at, row.status) for row in rows(other)]
        assert (of(one).total_minor, of(one).planned_change) == (3000, None)
    assert [(row.amount_minor, row.due_at.strftime("%m-%d")) for row in rows(orders_of[0][0])] == [
        (1000, "01-31"), (3000, "02-28"), (3000, "04-30"), (3000, "06-30"), (3000, "08-31")]


@pytest.mark.parametrize("method", ["test_ok", "test_soft_decline", "test_hard_decline"])
def test_an_order_ends_with_its_period_and_collects_nothing_more(merchant, clock_id, method):
    order_id = active(merchant, method, clock_id=clock_id)
    advance(clock_id, START + 28 * DAY)                      # the second payment, by 28 February
    with transaction():
        order = orders.locked(order_id)
        if order.status is OrderStatus.SUSPENDED:
            payment_methods.change(actor_of(merchant), order, order.payment_method)
        cancelling.cancel(actor_of(merchant), order, When.PERIOD_END)
    taken = charged(order_id)
    advance(clock_id, START + YEAR)
    order = of(order_id)
    assert (order.status, order.ended_at.strftime("%m-%d %H:%M")) == (OrderStatus.COMPLETE, "03-31 12:00")
    assert statuses(order_id)[-1] == "cancelled"
    assert charged(order_id) == taken


def test_a_suspended_order_ends_with_its_period_too(merchant, clock_id):
    order_id = active(merchant, "test_ok", clock_id=clock_id)
    advance(clock_id, START + 28 * DAY)
    with transaction():
        cancelling.cancel(actor_of(merchant), orders.locked(order_id), When.PERIOD_END)
        order = orders.locked(order_id)
        order_status.move(actor_of(merchant), order, OrderStatus.SUSPENDED)
        schedules.hold(order)
    advance(clock_id, START + YEAR)
    assert of(order_id).ended_at.strftime("%m-%d") == "03-31"
