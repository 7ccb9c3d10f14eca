"""Metered orders change their plan and end: what was used of the running period is billed, at its own prices."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from database import transaction
from domain import inputs
from domain.errors import Conflict, Invalid
from domain.payments.checkout import previews
from domain.payments.plans import cancelling, plan_changes
from domain.payments.plans.plan_terms import ChangeInput, When
from domain.payments.schedule import scheduled
from domain.sales.orders import orders
from models.order import OrderStatus
from tests import cast
from tests.domain.payments.metered.test_metered import DAY, amounts, log_calls, metered, periods
from tests.outbound.payments.test_advancing import advance, make_clock
from tests.paying import START, actor_of, change, charged, of, rows

NOON = START + 10 * DAY + timedelta(minutes=7)
QUARTER = START + 10 * DAY + timedelta(minutes=15)
END = START + 28 * DAY


@pytest.fixture
def merchant():
    return cast.make_merchant()


@pytest.fixture
def key_id(merchant):
    return cast.make_key(merchant, mode="test")[0]


@pytest.fixture
def clock_id(merchant):
    return make_clock(merchant)


@pytest.fixture
def order_id(merchant, key_id, clock_id):
    """An order of 0.50 EUR a call, on its eleventh day: 4 calls before and 6 after, as many in the next months."""
    made = metered(merchant, [key_id], clock_id)
    log_calls(merchant, (START + DAY, 4), (START + 20 * DAY, 6), (START + 40 * DAY, 8), key_id=key_id)
    advance(clock_id, NOON)
    return made


@pytest.fixture
def dear(merchant):
    return cast.make_product(merchant, actor=actor_of(merchant), price=Decimal(2), billing="metered", name="Dear")


def new(**given):
    return inputs.parse(ChangeInput, given)


def alter(merchant, order_id, **given):
    with transaction():
        made, attempt = plan_changes.change(actor_of(merchant), orders.locked(order_id), new(**given))
    assert attempt is None
    return made


def preview(merchant, order_id, **given):
    with transaction():
        return previews.of_change(actor_of(merchant), orders.locked(order_id), new(**given))


def cancel(merchant, order_id, when):
    with transaction():
        cancelling.cancel(actor_of(merchant), orders.locked(order_id), when)


def refused(run):
    with pytest.raises((Conflict, Invalid)) as error, transaction():
        run()
    return {name: one.text for name, one in error.value.fields.items()}


def skip(merchant, order_id, sequence):
    with transaction():
        actor = actor_of(merchant)
        scheduled.skip(actor, scheduled.LISTING.get(actor, rows(order_id)[sequence].id, lock=True))


def planned(found):
    return [(one.due_at, one.depends_on_use) for one in found.schedule]


def test_a_change_now_bills_what_was_used_and_begins_a_whole_period(merchant, order_id, clock_id, dear):
    shown = preview(merchant, order_id, product_id=dear)
    assert (shown.used.calls, shown.used.amount_minor, shown.due_now_minor) == (4, 200, 0)
    assert planned(shown)[:2] == [(QUARTER, True), (datetime(2026, 3, 10, 12, 15, tzinfo=UTC), True)]
    alter(merchant, order_id, product_id=dear)
    assert (of(order_id).items[0].name, rows(order_id)[1].due_at) != ("Dear", END)
    advance(clock_id, QUARTER)
    assert amounts(order_id)[1:] == [(1, 200, "complete"), (2, 0, "scheduled")]
    assert (of(order_id).items[0].name, of(order_id).planned_change) == ("Dear", None)
    advance(clock_id, START + 80 * DAY)
    assert [row.due_at for row in rows(order_id)][1:5] == [day for day, _ in planned(shown)[:4]]
    assert amounts(order_id)[1:4] == [(1, 200, "complete"), (2, 6 * 200, "complete"), (3, 8 * 200, "complete")]
    assert [(one.from_at, one.until_at) for one in periods(order_id)][:2] == [
        (START, QUARTER), (QUARTER, planned(shown)[1][0])]


def test_a_change_at_the_end_bills_the_whole_period_at_its_own_price(merchant, order_id, clock_id, dear):
    shown = preview(merchant, order_id, product_id=dear, when="period_end")
    assert planned(shown)[:2] == [(END, True), (datetime(2026, 3, 31, 12, tzinfo=UTC), True)]
    assert shown.used.amount_minor == 200
    alter(merchant, order_id, product_id=dear, when="period_end")
    advance(clock_id, datetime(2026, 3, 31, 12, tzinfo=UTC))
    assert amounts(order_id)[1:3] == [(1, 10 * 50, "complete"), (2, 8 * 200, "complete")]
    assert of(order_id).items[0].metered["calls"]["key_ids"]                 # the calls that were agreed
    assert (of(order_id).total_minor, of(order_id).later_minor) == (0, 0)


def test_another_interval_counts_from_the_end_of_the_running_period(merchant, order_id, clock_id):
    alter(merchant, order_id, interval_unit="WEEK", when="period_end")
    advance(clock_id, END + 14 * DAY)
    assert [row.due_at for row in rows(order_id)][1:] == [END + number * 7 * DAY for number in range(4)]
    assert [one[1] for one in amounts(order_id)][1:4] == [500, 0, 8 * 50]


@pytest.mark.parametrize("when", ["now", "period_end"])
def test_a_change_is_taken_back_until_its_calls_are_counted(merchant, order_id, clock_id, dear, when):
    alter(merchant, order_id, product_id=dear, when=when)
    with transaction():
        plan_changes.withdraw(actor_of(merchant), orders.locked(order_id))
    advance(clock_id, END)
    assert amounts(order_id)[1:] == [(1, 500, "complete"), (2, 0, "scheduled")]
    assert [one.until_at for one in periods(order_id)] == [END, datetime(2026, 3, 31, 12, tzinfo=UTC)]


def test_a_later_change_replaces_the_one_that_waits(merchant, order_id, clock_id, dear):
    alter(merchant, order_id, product_id=dear)
    alter(merchant, order_id, interval_count=2, when="period_end")
    advance(clock_id, END)
    assert amounts(order_id)[1:] == [(1, 500, "complete"), (2, 0, "scheduled")]
    assert (of(order_id).items[0].name != "Dear", of(order_id).interval_count) == (True, 2)


def test_what_a_metered_order_has_not_is_refused(merchant, order_id):
    def answer(**given):
        return refused(lambda: plan_changes.change(actor_of(merchant), orders.locked(order_id), new(**given)))

    assert answer(quantity=2) == {"quantity": "does not apply to a metered order: calls are counted"}
    subscription = cast.make_product(merchant, actor=actor_of(merchant), billing="subscription")
    assert answer(product_id=subscription) == {"product_id": "does not match the order type"}
    assert answer() == {"base": "is the plan already"}


def test_cancelling_now_bills_what_was_used_and_then_ends(merchant, order_id, clock_id):
    shown = previews.of_cancellation(of(order_id))
    assert (planned(shown), shown.used.amount_minor) == ([(QUARTER, True)], 200)
    cancel(merchant, order_id, When.NOW)
    assert of(order_id).status is OrderStatus.ACTIVE
    assert "is already cancelled" in refused(lambda: cancelling.cancel(
        actor_of(merchant), orders.locked(order_id), When.NOW))["status"]
    advance(clock_id, START + 90 * DAY)
    assert amounts(order_id)[1:] == [(1, 200, "complete")]
    assert (of(order_id).status, of(order_id).ended_at) == (OrderStatus.COMPLETE, QUARTER)
    assert [len(one) for one in charged(order_id).values()] == [1]


def test_cancelling_at_the_end_bills_the_whole_period(merchant, order_id, clock_id):
    cancel(merchant, order_id, When.PERIOD_END)
    advance(clock_id, START + 90 * DAY)
    assert amounts(order_id)[1:] == [(1, 500, "complete")]
    assert (of(order_id).status, of(order_id).ended_at) == (OrderStatus.COMPLETE, END)


def test_what_was_to_end_with_its_period_ends_now_after_all(merchant, order_id, clock_id):
    cancel(merchant, order_id, When.PERIOD_END)
    cancel(merchant, order_id, When.NOW)
    advance(clock_id, END)
    assert (of(order_id).ended_at, amounts(order_id)[1:]) == (QUARTER, [(1, 200, "complete")])


@pytest.mark.parametrize("when", list(When))
def test_an_order_goes_on_until_its_last_bill_is_made(merchant, order_id, clock_id, dear, when):
    alter(merchant, order_id, product_id=dear)
    cancel(merchant, order_id, when)
    assert of(order_id).planned_change is None
    with transaction():
        cancelling.withdraw(actor_of(merchant), orders.locked(order_id))
    advance(clock_id, END)
    assert amounts(order_id)[1:] == [(1, 500, "complete"), (2, 0, "scheduled")]


def test_a_last_bill_that_is_declined_is_owed_until_it_is_paid_or_skipped(merchant, order_id, clock_id):
    change(order_id, "test_hard_decline")
    cancel(merchant, order_id, When.NOW)
    advance(clock_id, QUARTER)
    assert (of(order_id).status, amounts(order_id)[1:]) == (OrderStatus.SUSPENDED, [(1, 200, "hard-declined")])
    assert refused(lambda: cancelling.withdraw(actor_of(merchant), orders.locked(order_id))) == {
        "status": "has its last bill"}
    skip(merchant, order_id, 1)
    assert of(order_id).status is OrderStatus.COMPLETE


def test_a_last_period_that_is_skipped_ends_the_order_without_a_bill(merchant, order_id):
    cancel(merchant, order_id, When.NOW)
    skip(merchant, order_id, 1)
    assert (of(order_id).status, charged(order_id)) == (OrderStatus.COMPLETE, {})


def test_whatever_the_steps_changes_and_ends_give_the_same_bills(merchant, key_id, dear):
    found = []
    for step in (timedelta(days=60), timedelta(days=3)):
        clock_id = make_clock(merchant)
        order_id = metered(merchant, [key_id], clock_id)
        if not found:
            log_calls(merchant, *((START + number * 9 * DAY, number) for number in range(20)), key_id=key_id)
        alter(merchant, order_id, product_id=dear)
        for number in range(1, 60 * DAY // step + 1):
            advance(clock_id, START + number * step)
        cancel(merchant, order_id, When.PERIOD_END)
        for number in range(1, 60 * DAY // step + 1):
            advance(clock_id, START + 60 * DAY + number * step)
        found.append([(one.from_at, one.until_at, one.count, one.digest) for one in periods(order_id)]
                     + [amounts(order_id), of(order_id).ended_at, of(order_id).status])
    assert found[0] == found[1]
    assert found[0][-1] is OrderStatus.COMPLETE
