"""All that is left of instalments is collected with one charge, or everything stays as it was."""

from datetime import timedelta

import pytest

from database import transaction
from domain.errors import Conflict
from domain.payments import booking, paying_off, payments
from domain.payments.gateways import Answer, Outcome
from domain.payments.orders import order_verbs
from domain.payments.schedule import scheduled
from domain.sales.orders import orders
from models.order import OrderStatus
from models.payment import PaymentReason, PaymentStatus
from outbound.gateways.test_bank import test_bank
from outbound.payments import gateway_calls
from tests import cast
from tests import paying as paid
from tests.outbound.payments.test_advancing import advance
from tests.paying import START, SYSTEM, active, actor_of, change, charged, make_clock, of, rows, statuses

DAY = timedelta(days=1)


@pytest.fixture
def merchant():
    return cast.make_merchant()


@pytest.fixture
def clock_id(merchant):
    return make_clock(merchant)


@pytest.fixture
def order_id(merchant, clock_id):
    """Three instalments of 30.00 on a clock."""
    return active(merchant, billing="instalment", price="90.00", clock_id=clock_id)


def pay_rest(order_id):
    with transaction():
        order = orders.locked(order_id)
        attempt = paying_off.begin(actor_of(order.merchant_id), order)
    gateway_calls.finish(attempt)
    return attempt.payment_id


def refused(order_id):
    with pytest.raises(Conflict) as error, transaction():
        paying_off.begin(SYSTEM, orders.locked(order_id))
    return next(iter(error.value.fields.values())).text


def taken(order_id):
    return [one for amounts in charged(order_id).values() for one in amounts]


def test_one_charge_pays_all_that_is_left_and_completes_the_order(order_id, clock_id):
    advance(clock_id, START + 30 * DAY)                      # the first instalment, on 28 February
    pay_rest(order_id)
    assert statuses(order_id) == ["complete", "complete", "complete", "merged"]
    assert (taken(order_id), of(order_id).status) == ([3000, 6000], OrderStatus.COMPLETE)
    assert [one.amount_minor for one in rows(order_id)] == [0, 3000, 6000, 3000]
    assert rows(order_id)[3].merged_into_id == rows(order_id)[2].id
    assert (of(order_id).total_minor, sum(one.paid_minor for one in rows(order_id))) == (9000, 9000)
    advance(clock_id, START + 365 * DAY)
    assert taken(order_id) == [3000, 6000]


@pytest.mark.parametrize("method", ["test_soft_decline", "test_hard_decline"])
def test_a_decline_leaves_the_order_and_its_days_as_they_were(order_id, clock_id, method):
    before = [(one.status, one.amount_minor, one.collect_at, one.declined_at) for one in rows(order_id)]
    change(order_id, method)
    payment = pay_rest(order_id)
    assert [(one.status, one.amount_minor, one.collect_at, one.declined_at) for one in rows(order_id)] == before
    assert of(order_id).status is OrderStatus.ACTIVE
    found = next(one for one in paid.payments(order_id) if one.id == payment)
    assert (found.status, found.reason, found.amount_minor) == (PaymentStatus.DECLINED, PaymentReason.REST, 9000)
    change(order_id, "test_ok")
    advance(clock_id, START + 100 * DAY)
    assert taken(order_id) == [3000, 3000, 3000]


def test_what_was_declined_before_is_paid_with_it_and_else_tried_again_on_its_day(order_id, clock_id):
    change(order_id, "test_soft_decline")
    advance(clock_id, START + 28 * DAY)
    assert statuses(order_id)[1] == "soft-declined"
    again = rows(order_id)[1].collect_at
    assert again == START + 29 * DAY
    pay_rest(order_id)
    assert (statuses(order_id)[1], rows(order_id)[1].collect_at) == ("soft-declined", again)
    change(order_id, "test_ok")
    pay_rest(order_id)
    assert statuses(order_id) == ["complete", "recovered", "merged", "merged"]
    assert (taken(order_id), of(order_id).status) == ([9000], OrderStatus.COMPLETE)


def test_what_was_refused_for_good_stays_so_when_the_rest_is_declined(order_id, clock_id):
    change(order_id, "test_hard_decline")
    advance(clock_id, START + 28 * DAY)
    pay_rest(order_id)
    assert (statuses(order_id), of(order_id).status) == (
        ["complete", "hard-declined", "scheduled", "scheduled"], OrderStatus.SUSPENDED)
    assert [one.collect_at for one in rows(order_id)] == [None] * 4


@pytest.mark.parametrize("method", ["test_answer_lost", "test_request_lost", "test_down_hour", "test_notify_late"])
def test_an_outcome_that_is_not_known_keeps_everything_waiting_until_it_is(order_id, clock_id, method):
    change(order_id, method)
    pay_rest(order_id)
    if method != "test_notify_late":
        assert statuses(order_id) == ["complete", *["processing"] * 3]
        assert refused(order_id) == "has no payments that could be collected together now"
    advance(clock_id, START + 100 * DAY)
    assert (taken(order_id), of(order_id).status) == ([9000], OrderStatus.COMPLETE)


def test_a_step_that_nobody_confirms_gives_everything_back(order_id, clock_id):
    change(order_id, "test_requires_action")
    pay_rest(order_id)
    change(order_id, "test_ok")
    advance(clock_id, START + 10 * DAY)
    assert statuses(order_id) == ["complete", *["scheduled"] * 3]
    advance(clock_id, START + 100 * DAY)
    assert taken(order_id) == [3000, 3000, 3000]


def test_an_order_that_ends_meanwhile_is_asked_for_nothing_more(order_id, clock_id):
    change(order_id, "test_request_lost")
    pay_rest(order_id)
    with transaction():
        order_verbs.cancel(SYSTEM, orders.locked(order_id))
    advance(clock_id, START + 100 * DAY)
    assert (statuses(order_id), taken(order_id)) == (["complete", *["cancelled"] * 3], [])


def test_another_amount_than_was_asked_for_is_left_to_a_person(order_id):
    with transaction():
        attempt = paying_off.begin(SYSTEM, orders.locked(order_id))
    with transaction():
        booking.book(SYSTEM, attempt.payment_id, Answer(
            outcome=Outcome.APPROVED, reference="x", amount_minor=1, currency="EUR"))
    assert statuses(order_id) == ["complete", "review", "scheduled", "scheduled"]
    assert of(order_id).status is OrderStatus.SUSPENDED


def test_an_approval_after_a_decline_counts_and_too_much_is_left_to_a_person(order_id, clock_id):
    change(order_id, "test_soft_decline")
    payment = pay_rest(order_id)
    change(order_id, "test_ok")
    advance(clock_id, START + 30 * DAY)
    with transaction():
        booking.book(SYSTEM, payment, Answer(
            outcome=Outcome.APPROVED, reference="late", amount_minor=9000, currency="EUR"))
    assert statuses(order_id) == ["complete", "complete", "merged", "merged"]
    assert (of(order_id).status, rows(order_id)[1].paid_minor) == (OrderStatus.REVIEW, 12000)


def test_what_cannot_be_collected_together_is_refused(merchant, order_id):
    assert refused(active(merchant)) == "is not paid in instalments"
    assert refused(paid.make_order(merchant, billing="instalment")) == "is pending"
    with transaction():
        orders.locked(order_id).payment_method = None
    assert refused(order_id) == "is missing"


def test_a_payment_that_is_covered_cannot_be_changed_or_recorded_meanwhile(merchant, order_id):
    change(order_id, "test_answer_lost")
    pay_rest(order_id)
    last, actor = rows(order_id)[-1].id, actor_of(merchant)
    with pytest.raises(Conflict, match="being collected"), transaction():
        scheduled.skip(actor, scheduled.LISTING.get(actor, last, lock=True))
    with pytest.raises(Conflict, match="being collected"), transaction():
        payments.record(actor, payments.PaymentInput(scheduled_payment_id=last, amount=30))
    assert test_bank.ledger([order_id])
