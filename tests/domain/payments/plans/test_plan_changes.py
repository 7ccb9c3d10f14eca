"""Changes of plan: what is credited and charged by days, what is collected when, and what cannot be changed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
import time_machine

from database import db, transaction
from domain import inputs
from domain.errors import Conflict, Invalid
from domain.payments import customer_mails, refunds
from domain.payments.checkout import previews
from domain.payments.plans import cancelling, plan_changes
from domain.payments.plans.plan_terms import ChangeInput, When
from domain.payments.reports import receivables
from domain.payments.schedule import schedules
from domain.sales.discounts import discount_codes
from domain.sales.orders import orders
from models.order import OrderStatus, ScheduledStatus
from models.payment import Payment
from models.product import Product, ProductStatus
from outbound.payments import collecting, gateway_calls, refunding
from tests import cast, paying
from tests.domain.payments.orders.test_ordering import move_clock, product, rule
from tests.ordered import make_test_clock
from tests.paying import actor_of, charged, of, rows, statuses

S = ScheduledStatus
APRIL = datetime(2027, 4, 1, 9, 30, tzinfo=UTC)


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def clock(alder):
    return make_test_clock(alder, APRIL)


def subscribed(alder, clock, price="90.00", method="test_ok", **more):
    """An active subscription, by default of a quarter."""
    schedule = {"interval_unit": "MONTH", "interval_count": 3} | more
    key = paying.make_order(alder, price=price, clock_id=clock, **schedule)
    paying.pay(key)
    paying.change(key, method)
    return key


def plan(alder, price, **more):
    return product(alder, "subscription", Decimal(price), actor=actor_of(alder), **more)


def new(**given):
    return inputs.parse(ChangeInput, given)


def change(alder, key, **given):
    """Change the plan and collect what is due now; the amounts."""
    with transaction():
        order = orders.locked(key)
        made, attempt = plan_changes.change(actor_of(alder), order, new(**given))
        told = (made.credit_minor, made.charge_minor, made.due_now_minor)
    if attempt is not None:
        gateway_calls.finish(attempt)
    return told


def preview(alder, key, **given):
    with transaction():
        return previews.of_change(actor_of(alder), orders.locked(key), new(**given))


def collect_due(key):
    """Collect what is due by the order's clock, as the engine does."""
    now = schedules.now_of(of(key))
    for row in rows(key):
        if row.collect_at is not None and row.collect_at <= now:
            with transaction():
                order = orders.locked(key)
                (found,) = [one for one in schedules.rows_of(order) if one.id == row.id]
                attempt = collecting.begin(order, found) if collecting.is_due(order, found) else None
            if attempt is not None:
                gateway_calls.finish(attempt)


def amounts(key):
    return {row.sequence: row.amount_minor for row in rows(key)}


def refusal(alder, key, **given):
    with pytest.raises((Conflict, Invalid)) as refused, transaction():
        plan_changes.change(actor_of(alder), orders.locked(key), new(**given))
    return {name: one.text for name, one in refused.value.fields.items()}


def test_a_quarter_changed_on_its_50th_day_credits_42_of_91_days(alder, clock):
    key = subscribed(alder, clock)
    move_clock(clock, datetime(2027, 5, 20, 17, tzinfo=UTC))
    assert change(alder, key, product_id=plan(alder, 180)) == (4154, 8308, 4154)
    assert amounts(key) == {-1: 4154, 0: 9000, 1: 18000}
    assert [len(one) for one in charged(key).values()] == [1, 1]
    assert [row.due_at for row in rows(key)][-1] == datetime(2027, 7, 1, 9, 30, tzinfo=UTC)
    assert (of(key).later_minor, of(key).total_minor, of(key).items[0].unit_price_micro) == (
        18000, 18000, 180_000_000)


def test_up_and_down_on_one_day_costs_nothing_whichever_comes_first(alder, clock):
    for steps in ((3, 1), (1, 3)):
        key = subscribed(alder, clock, items=[{"product_id": plan(alder, "33.33"), "quantity": 2}])
        move_clock(clock, schedules.now_of(of(key)) + timedelta(days=50))
        before, paid = amounts(key), sum(sum(one) for one in charged(key).values())
        told = [change(alder, key, quantity=one) for one in steps]
        told.append(change(alder, key, quantity=2))
        assert sum(charge - credit for credit, charge, _ in told) == 0
        after, now_paid = amounts(key), sum(sum(one) for one in charged(key).values())
        owed = sum(due for _, _, due in told)
        assert now_paid - paid == owed
        assert before[1] - after[1] + of(key).credit_minor == owed


def test_down_first_and_up_again_uses_the_credit_before_it_asks_for_money(alder, clock):
    key = subscribed(alder, clock)
    cheap, dear = plan(alder, 30), plan(alder, 90)
    move_clock(clock, datetime(2027, 5, 20, tzinfo=UTC))
    assert change(alder, key, product_id=cheap) == (4154, 1385, 0)
    assert amounts(key) == {0: 9000, 1: 3000 - 2769}
    assert change(alder, key, product_id=dear) == (1385, 4154, 0)
    assert amounts(key) == {0: 9000, 1: 9000}
    assert of(key).credit_minor == 0


def test_a_credit_larger_than_the_next_payment_is_taken_off_the_ones_after_it(alder, clock):
    key = subscribed(alder, clock, "90.00")
    assert change(alder, key, product_id=plan(alder, 20)) == (9000, 2000, 0)
    assert amounts(key) == {0: 9000, 1: 0}
    assert of(key).credit_minor == 5000
    for sequence, day in ((1, datetime(2027, 7, 1, 9, 30, tzinfo=UTC)), (2, datetime(2027, 10, 1, 9, 30, tzinfo=UTC))):
        move_clock(clock, day)
        collect_due(key)
        assert rows(key)[sequence].status is S.COMPLETE
    assert amounts(key) == {0: 9000, 1: 0, 2: 0, 3: 0}
    move_clock(clock, datetime(2028, 1, 1, 9, 30, tzinfo=UTC))
    collect_due(key)
    move_clock(clock, datetime(2028, 4, 1, 9, 30, tzinfo=UTC))
    collect_due(key)
    assert amounts(key) == {0: 9000, 1: 0, 2: 0, 3: 0, 4: 1000, 5: 2000}


def test_another_interval_begins_a_new_period_now_and_counts_its_days_from_now(alder, clock):
    key = subscribed(alder, clock)
    move_clock(clock, datetime(2027, 5, 20, 17, tzinfo=UTC))
    told = preview(alder, key, interval_unit="YEAR")
    assert (told.credit_minor, told.charge_minor, told.due_now_minor) == (4154, 9000, 4846)
    assert told.schedule[0].due_at == datetime(2028, 5, 20, 17, tzinfo=UTC)
    assert change(alder, key, interval_unit="YEAR") == (4154, 9000, 4846)
    assert [(row.sequence, row.amount_minor, row.due_at.date().isoformat()) for row in rows(key)] == [
        (0, 9000, "2027-04-01"), (1, 4846, "2027-05-20"), (2, 9000, "2028-05-20")]
    assert statuses(key) == ["complete", "complete", "scheduled"]
    assert (of(key).interval_unit, of(key).interval_count) == ("YEAR", 1)


def test_a_changed_interval_keeps_the_day_of_the_month(alder):
    clock = make_test_clock(alder, datetime(2027, 1, 30, 9, 30, tzinfo=UTC))
    key = subscribed(alder, clock, interval_count=1)
    change(alder, key, interval_count=2, when="period_end")
    told = [one.due_at.date().isoformat() for one in preview(alder, key, quantity=2, when="period_end").schedule]
    assert told[:3] == ["2027-02-28", "2027-03-30", "2027-04-30"]
    move_clock(clock, datetime(2027, 2, 28, 9, 30, tzinfo=UTC))
    collect_due(key)
    assert rows(key)[-1].due_at.date().isoformat() == "2027-04-30"
    change(alder, key, interval_count=1)
    assert rows(key)[-1].due_at.date().isoformat() == "2027-03-30"


def test_a_change_at_the_periods_end_bills_the_new_price_from_then_on_once(alder, clock):
    key = subscribed(alder, clock)
    dear = plan(alder, 120)
    told = preview(alder, key, product_id=dear, when="period_end")
    assert (told.credit_minor, told.charge_minor, told.due_now_minor) == (0, 0, 0)
    assert [one.amount_minor for one in told.schedule] == [12000] * 12
    assert change(alder, key, product_id=dear, when="period_end") == (0, 0, 0)
    assert (of(key).total_minor, of(key).planned_change["sequence"], amounts(key)) == (9000, 1, {0: 9000, 1: 12000})
    move_clock(clock, datetime(2028, 2, 1, tzinfo=UTC))                 # after a standstill of two periods
    for _ in range(5):
        collect_due(key)
    assert (of(key).total_minor, of(key).planned_change) == (12000, None)
    assert amounts(key) == {0: 9000, 1: 12000, 2: 12000, 3: 12000, 4: 12000}
    assert [sum(one) for one in charged(key).values()] == [9000, 12000, 12000, 12000]


def test_a_planned_change_can_be_taken_back_or_replaced(alder, clock):
    key = subscribed(alder, clock)
    change(alder, key, product_id=plan(alder, 30))                     # leaves credit
    before = amounts(key)
    for price in (50, 20):
        change(alder, key, product_id=plan(alder, price), interval_unit="YEAR", when="period_end")
        assert of(key).planned_change["line"]["unit_price_micro"] == price * 1_000_000
    with transaction():
        plan_changes.withdraw(actor_of(alder), orders.locked(key))
    assert (of(key).planned_change, amounts(key), of(key).credit_minor) == (None, before, 3000)
    with pytest.raises(Conflict, match="no change of plan"), transaction():
        plan_changes.withdraw(actor_of(alder), orders.locked(key))


def test_a_declined_charge_leaves_the_new_plan_and_is_tried_again(alder, clock):
    key = subscribed(alder, clock, method="test_soft_decline")
    change(alder, key, product_id=plan(alder, 180))
    assert (of(key).status, of(key).total_minor) == (OrderStatus.FAILED, 18000)
    (row,) = [one for one in rows(key) if one.sequence == -1]
    assert (row.status, row.collect_at) == (S.SOFT_DECLINED, APRIL + timedelta(days=1))
    assert refusal(alder, key, quantity=2) == {"status": "is failed: a payment is owed first"}
    paying.change(key, "test_ok")
    move_clock(clock, APRIL + timedelta(days=1))
    collect_due(key)
    assert (of(key).status, rows(key)[0].status) == (OrderStatus.ACTIVE, S.RECOVERED)


def test_an_unknown_charge_is_looked_up_and_the_plan_stays(alder, clock):
    key = subscribed(alder, clock, method="test_answer_lost")
    change(alder, key, quantity=2)
    assert statuses(key)[0] == "processing"
    assert refusal(alder, key, quantity=3) == {"status": "has a payment that is being collected"}
    move_clock(clock, APRIL + timedelta(minutes=6))
    (payment,) = db.session.query(Payment).filter_by(order_id=key, status="unknown")
    collecting.look_up(payment.id)
    assert statuses(key) == ["complete", "complete", "scheduled"]
    assert (of(key).status, of(key).total_minor) == (OrderStatus.ACTIVE, 18000)


def test_a_change_in_a_trial_costs_nothing_and_its_first_payment_is_of_the_new_plan(alder, clock):
    who = actor_of(alder)
    key = paying.make_order(alder, price="10.00", clock_id=clock, trial_days=14)
    paying.pay(key)
    with_fee = plan(alder, 20, fee_id=rule(who, "fee", 10), fee_for_initial_payment_only=True)
    assert change(alder, key, product_id=with_fee) == (0, 0, 0)
    assert amounts(key) == {0: 0, 1: 2200}
    move_clock(clock, APRIL + timedelta(days=14))
    collect_due(key)
    assert amounts(key) == {0: 0, 1: 2200, 2: 2000}


def test_fees_that_are_asked_once_are_not_credited_and_asked_of_no_changed_plan(alder, clock):
    who = actor_of(alder)
    once = {"fee_id": rule(who, "fee", 10), "fee_for_initial_payment_only": True}
    key = paying.make_order(alder, clock_id=clock, items=[{"product_id": plan(alder, 100, **once)}])
    paying.pay(key)
    assert amounts(key) == {0: 11000, 1: 10000}
    assert change(alder, key, product_id=plan(alder, 200, **once)) == (10000, 20000, 10000)
    assert amounts(key) == {-1: 10000, 0: 11000, 1: 20000}


def test_what_was_given_back_of_the_period_is_not_credited_again(alder, clock):
    key = subscribed(alder, clock)
    with transaction():
        payment = db.session.query(Payment).filter_by(order_id=key).one()
        begun = refunds.begin(actor_of(alder), payment, Decimal(45))
    refunding.finish(begun)
    assert change(alder, key, product_id=plan(alder, 100)) == (4500, 10000, 5500)


@pytest.mark.parametrize(("given", "words"), [
    ({"product_id": 10**9}, {"product_id": "must exist"}),
    ({"interval_unit": "YEAR", "interval_count": 11}, {"interval_count": "must be at most 10 years"}),
    ({"quantity": 1}, {"base": "is the plan already"}),
    ({}, {"base": "is the plan already"}),
])
def test_a_wrong_change_is_refused_and_nothing_is_written(alder, clock, given, words):
    key = subscribed(alder, clock)
    before = amounts(key)
    assert refusal(alder, key, **given) == words
    assert amounts(key) == before


def test_a_product_must_be_of_the_orders_kind_and_currency_active_and_the_merchants(alder, clock):
    key, who = subscribed(alder, clock), actor_of(alder)
    other = cast.make_merchant("Birch")
    once = product(alder, "single_payment", 10, actor=who)
    dollars = plan(alder, 10, currency="USD")
    idle = plan(alder, 10)
    with transaction():
        db.session.get(Product, idle).status = ProductStatus.INACTIVE
    locked = plan(alder, 10, lock_payment_config=True, scheduled_unit="MONTH", scheduled_interval=1)
    foreign = product(other, "subscription", 10, actor=actor_of(other))
    live = product(alder, "subscription", 10)
    for found, words in ((once, "does not match the order type"), (idle, "is inactive"), (foreign, "must exist"),
                         (live, "must exist"), (dollars, "is priced in USD, the order is in EUR")):
        assert refusal(alder, key, product_id=found) == {"product_id": words}
    assert refusal(alder, key, product_id=locked, interval_unit="YEAR") == {
        "interval_unit": "payment configuration is locked"}
    assert change(alder, key, product_id=locked, when="period_end") == (0, 0, 0)
    assert of(key).planned_change["interval_count"] == 1


def test_only_an_active_subscription_without_debts_is_changed(alder, clock):
    pending = paying.make_order(alder)
    assert refusal(alder, pending, quantity=2) == {"status": "is pending: nothing was paid yet"}
    single = paying.make_order(alder, "single_payment")
    assert refusal(alder, single, quantity=2) == {"status": "must be an active subscription, or metered by the period"}
    paying.pay(single)
    assert refusal(alder, single, quantity=2) == {"status": "is already complete"}
    key = subscribed(alder, clock)
    move_clock(clock, datetime(2027, 7, 1, 9, 30, tzinfo=UTC))
    assert refusal(alder, key, quantity=2) == {"status": "has an unpaid payment"}
    assert change(alder, key, quantity=2, when="period_end") == (0, 0, 0)


def test_a_discount_code_for_all_payments_stays_and_one_for_the_first_does_not(alder, clock):
    who = actor_of(alder)
    for first_only, expected in ((False, (9000, 18000, 9000)), (True, (9000, 20000, 11000))):
        code = f"TEN{first_only}".upper()
        with transaction():
            discount_codes.create(who, inputs.parse(discount_codes.DiscountCodeInput, {
                "code": code, "percentage": 10, "first_only": first_only}))
        key = subscribed(alder, clock, "100.00", discount_code=code)
        assert charged(key) == {rows(key)[0].id: [9000]}
        assert change(alder, key, quantity=2) == expected


def test_the_forecast_and_the_reminders_know_what_ends_and_what_changes(alder):
    key = paying.active(alder, price="10.00")
    change(alder, key, quantity=3, interval_unit="WEEK", when="period_end")
    who, now = actor_of(alder), schedules.now_of(of(key))
    found = receivables.forecast(who, now)
    assert {one.minor for one in found} == {3000}
    gaps = {later.at - one.at for one, later in pairwise(found)}
    assert gaps == {timedelta(days=7)}
    with transaction():
        orders.locked(key).customer_email = "ada@example.org"
        cancelling.cancel(who, orders.locked(key), When.PERIOD_END)
    assert receivables.forecast(who, now) == []
    with time_machine.travel(rows(key)[1].due_at - timedelta(days=1)), transaction():
        assert customer_mails.remind_due() == 0
    with transaction():
        cancelling.withdraw(who, orders.locked(key))
    with time_machine.travel(rows(key)[1].due_at - timedelta(days=1)), transaction():
        assert customer_mails.remind_due() == 1
