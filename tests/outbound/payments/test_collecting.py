"""What is due is collected once, on its day, whatever the gateway answers or does not answer."""

from datetime import timedelta

import pytest

from database import transaction
from domain.actor import Actor
from domain.payments import booking, gateway_accounts, paying
from domain.payments.gateways import Account
from domain.payments.orders import order_verbs
from domain.sales.orders import orders
from models.order import OrderStatus
from models.payment import PaymentStatus
from outbound.gateways.test_bank import test_bank
from outbound.payments import gateway_calls, notifications
from tests import cast
from tests.paying import (
    START,
    active,
    actor_of,
    change,
    charged,
    collect_due,
    make_order,
    of,
    pay,
    payments,
    rows,
    rows_of,
    statuses,
)

pytestmark = pytest.mark.usefixtures("at")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def days(order_id):
    """The days after the first payment on which something was attempted."""
    return [(one.created_at - START).days for one in payments(order_id) if one.created_at > START]


def test_the_first_payment_makes_a_subscription_active_and_the_next_period_follows_from_its_day(merchant):
    order_id = make_order(merchant)
    assert of(order_id).status is OrderStatus.PENDING
    pay(order_id)
    assert of(order_id).status is OrderStatus.ACTIVE
    assert [(one.sequence, str(one.status), one.due_at.day) for one in rows(order_id)] == [
        (0, "complete", 31), (1, "scheduled", 28)]


@pytest.mark.parametrize(("method", "afterwards"), [
    ("test_soft_decline", OrderStatus.FAILED), ("test_hard_decline", OrderStatus.FAILED),
    ("test_ok", OrderStatus.ACTIVE),
])
def test_what_is_told_of_an_attempt_during_a_pause_does_not_end_the_pause(merchant, at, method, afterwards):
    order_id = active(merchant, method)
    at(START + 28 * DAY)
    who = actor_of(merchant)
    with transaction():
        attempt = paying.execute(who, rows_of(order_id)[1])
    with transaction():
        order_verbs.pause(who, orders.locked(order_id))
    gateway_calls.finish(attempt)
    assert of(order_id).status is OrderStatus.PAUSED
    assert statuses(order_id)[1] == ("complete" if method == "test_ok" else "paused")
    at(START + 29 * DAY)
    collect_due()
    assert len(payments(order_id)) == 2
    with transaction():
        order_verbs.resume(who, orders.locked(order_id))
    assert of(order_id).status is afterwards


def test_a_single_payment_completes_its_order(merchant):
    order_id = make_order(merchant, billing="single_payment")
    pay(order_id)
    assert of(order_id).status is OrderStatus.COMPLETE
    assert of(order_id).payment_method.token == "test_ok"


def test_every_period_is_collected_once_on_its_day(merchant, at):
    order_id = active(merchant)
    for day in range(0, 92):
        at(START + day * DAY)
        collect_due()
        collect_due()
    assert statuses(order_id) == ["complete"] * 4 + ["scheduled"]
    assert [one.due_at.strftime("%m-%d") for one in rows(order_id)] == ["01-31", "02-28", "03-31", "04-30", "05-31"]
    assert [one.created_at.strftime("%m-%d") for one in payments(order_id)] == ["01-31", "02-28", "03-31", "04-30"]
    assert all(taken == [1000] for taken in charged(order_id).values())
    assert len(charged(order_id)) == 4


def test_after_a_standstill_everything_due_is_collected_once(merchant, at):
    order_id = active(merchant)
    at(START + 100 * DAY)
    collect_due()
    collect_due()
    assert statuses(order_id) == ["complete"] * 4 + ["scheduled"]
    assert all(taken == [1000] for taken in charged(order_id).values())


def test_instalments_are_collected_until_the_order_is_complete(merchant, at):
    order_id = active(merchant, billing="instalment", price="100.00")
    at(START + 100 * DAY)
    collect_due()
    assert of(order_id).status is OrderStatus.COMPLETE
    assert sum(sum(taken) for taken in charged(order_id).values()) == 10000


def test_a_soft_decline_is_tried_again_on_the_merchants_days_and_then_no_more(merchant, at):
    order_id = active(merchant, "test_soft_decline", billing="instalment", instalments=1)
    for day in range(0, 60):
        at(START + day * DAY)
        collect_due()
    assert days(order_id) == [28, 29, 31, 33, 35]
    assert statuses(order_id) == ["complete", "soft-declined"]
    assert of(order_id).status is OrderStatus.FAILED
    assert rows(order_id)[1].collect_at is None


def test_the_days_of_retries_are_the_merchants(merchant, at):
    order_id = active(merchant, "test_soft_decline", billing="instalment", instalments=1)
    with transaction():
        gateway_accounts.ensure(merchant, "test", test=True, now=START).retry_days = "2,31"
    for day in range(0, 70):
        at(START + day * DAY)
        collect_due()
    assert days(order_id) == [28, 30]


def test_a_recovered_payment_makes_the_order_active_again(merchant, at):
    order_id = active(merchant, "test_soft_then_ok")
    at(START + 28 * DAY)
    collect_due()
    assert (of(order_id).status, statuses(order_id)[1]) == (OrderStatus.FAILED, "soft-declined")
    at(START + 29 * DAY)
    collect_due()
    assert (of(order_id).status, statuses(order_id)[:2]) == (OrderStatus.ACTIVE, ["complete", "recovered"])


def test_a_hard_decline_is_never_tried_again_and_suspends_until_the_payment_method_is_changed(merchant, at):
    order_id = active(merchant, "test_hard_decline")
    for day in range(0, 70):
        at(START + day * DAY)
        collect_due()
    assert days(order_id) == [28]
    assert of(order_id).status is OrderStatus.SUSPENDED
    change(order_id, "test_ok")
    assert of(order_id).status is OrderStatus.ACTIVE
    collect_due()
    assert statuses(order_id)[:2] == ["complete", "hard-declined"]


def test_a_lost_answer_is_unknown_until_it_is_looked_up_and_charged_once(merchant, at):
    order_id = active(merchant, "test_answer_lost")
    at(START + 28 * DAY)
    collect_due()
    assert (payments(order_id)[1].status, statuses(order_id)[1]) == (PaymentStatus.UNKNOWN, "processing")
    at(START + 28 * DAY + 4 * MINUTE)
    collect_due()
    assert payments(order_id)[1].status is PaymentStatus.UNKNOWN
    at(START + 28 * DAY + 5 * MINUTE)
    collect_due()
    assert (payments(order_id)[1].status, statuses(order_id)[1]) == (PaymentStatus.APPROVED, "complete")
    assert list(charged(order_id).values()) == [[1000], [1000]]


def test_a_lost_request_is_asked_again_with_its_key(merchant, at):
    order_id = active(merchant, "test_request_lost")
    at(START + 28 * DAY)
    collect_due()
    key = payments(order_id)[1].key
    at(START + 28 * DAY + 5 * MINUTE)
    collect_due()
    assert [(one.key, one.status) for one in payments(order_id)[1:]] == [(key, PaymentStatus.APPROVED)]
    assert list(charged(order_id).values()) == [[1000], [1000]]


def test_a_lost_request_of_an_order_that_ended_meanwhile_is_not_asked_again(merchant, at):
    order_id = active(merchant, "test_request_lost")
    at(START + 28 * DAY)
    collect_due()
    with transaction():
        order_verbs.cancel(Actor.system(), orders.locked(order_id))
    at(START + 29 * DAY)
    collect_due()
    assert (payments(order_id)[1].status, statuses(order_id)[1]) == (PaymentStatus.DECLINED, "cancelled")
    assert len(charged(order_id)) == 1


def test_a_gateway_that_is_down_for_an_hour_is_asked_until_it_answers(merchant, at):
    order_id = active(merchant, "test_down_hour")
    for minutes in (0, 5, 64, 65, 66):
        at(START + 28 * DAY + minutes * MINUTE)
        collect_due()
    assert statuses(order_id)[:2] == ["complete", "complete"]
    assert list(charged(order_id).values()) == [[1000], [1000]]


def test_another_amount_than_was_asked_for_is_no_payment_and_not_asked_again(merchant, at):
    order_id = active(merchant, "test_by_amount", price="10.62")
    for day in range(28, 60):
        at(START + day * DAY)
        collect_due()
    assert payments(order_id)[1].status is PaymentStatus.DECLINED
    assert "Not counted" in payments(order_id)[1].message
    assert statuses(order_id)[1] == "review"
    assert of(order_id).status is OrderStatus.SUSPENDED
    assert len(payments(order_id)) == 2


def test_an_extra_step_waits_for_the_customer(merchant, at):
    order_id = active(merchant, "test_requires_action")
    at(START + 28 * DAY)
    collect_due()
    payment = payments(order_id)[1]
    assert payment.status is PaymentStatus.REQUIRES_ACTION
    assert payment.confirm_url.startswith("http")
    test_bank.confirm(payment.confirm_url.rpartition("/")[2], approve=True, at=START + 28 * DAY)
    at(START + 28 * DAY + 5 * MINUTE)
    collect_due()
    assert statuses(order_id)[1] == "complete"


def test_a_step_that_is_not_taken_in_a_day_is_a_decline(merchant, at):
    order_id = active(merchant, "test_requires_action")
    for hours in (0, 1, 3, 28, 52):
        at(START + 28 * DAY + hours * HOUR)
        collect_due()
    assert payments(order_id)[1].status is PaymentStatus.DECLINED


def told(*given):
    return notifications.take("test", Account(merchant_id=0, test=True), *given)


@pytest.fixture
def telling(monkeypatch):
    """Notifications of the test bank are obeyed, and what that did is kept."""
    done = []
    monkeypatch.setattr(test_bank, "_send", lambda *given: done.append(told(*given)))
    return done


def test_a_notification_before_the_answer_books_the_payment_once(merchant, at, telling):
    order_id = active(merchant, "test_notify_first")
    at(START + 28 * DAY)
    collect_due()
    assert telling == [True]
    assert statuses(order_id)[1:] == ["complete", "scheduled"]
    assert rows(order_id)[1].paid_minor == 1000


def test_a_notification_that_comes_thrice_is_obeyed_once(merchant, at, telling):
    order_id = active(merchant, "test_notify_thrice")
    at(START + 28 * DAY)
    collect_due()
    for _ in range(4):
        test_bank.send_due(START + 28 * DAY)
    assert telling == [True, False, False]
    assert rows(order_id)[1].paid_minor == 1000


def test_a_dispute_is_kept_beside_its_payment(merchant, at, telling):
    order_id = make_order(merchant, billing="single_payment", price="10.60")
    pay(order_id, "test_by_amount")
    test_bank.send_due(START + 5 * DAY)
    assert telling == [True]
    assert [one.amount_minor for one in payments(order_id)[0].disputes] == [1060]


def test_a_merchant_collects_no_faster_than_its_setting(merchant, at):
    orders = [active(merchant) for _ in range(5)]
    with transaction():
        gateway_accounts.ensure(merchant, "test", test=True, now=START).per_minute = 2
    done = []
    for minutes in (0, 1, 2, 3):
        at(START + 28 * DAY + minutes * MINUTE + timedelta(seconds=minutes))
        collect_due()
        done.append(sum(statuses(one)[1] == "complete" for one in orders))
    assert done == [2, 4, 5, 5]


def test_a_merchant_whose_gateway_fails_is_parked_and_stops_nobody_else(merchant, at, monkeypatch):
    other = cast.make_merchant("Birch")
    bad, good = [active(merchant) for _ in range(5)], active(other)
    real = test_bank.charge

    def charge(account, request):
        if account.merchant_id == merchant:
            raise ConnectionError("refused")
        return real(account, request)

    monkeypatch.setattr(test_bank, "charge", charge)
    at(START + 28 * DAY)
    collect_due()
    assert sum(statuses(one)[1] == "processing" for one in bad) == 3
    assert statuses(good)[1] == "complete"
    account = gateway_accounts.find(merchant, "test", test=True)
    assert (account.failures_in_row, account.parked_until) == (3, START + 28 * DAY + MINUTE)
    assert "refused" in account.parked_reason
    monkeypatch.setattr(test_bank, "charge", real)
    at(START + 28 * DAY + 6 * MINUTE)
    collect_due()
    collect_due()
    assert [statuses(one)[1] for one in bad] == ["complete"] * 5
    assert gateway_accounts.find(merchant, "test", test=True).failures_in_row == 0


def test_an_order_without_a_payment_method_is_left_to_people(merchant, at):
    order_id = make_order(merchant)
    with transaction():
        booking.paid(Actor.system(), orders.locked(order_id), paying.initial(orders.locked(order_id)), 1000)
    at(START + 28 * DAY)
    collect_due()
    assert statuses(order_id)[1] == "scheduled"
    assert rows(order_id)[1].collect_at is None


def test_an_outcome_is_asked_for_after_five_minutes_an_hour_and_then_daily(merchant, at, monkeypatch):
    order_id, asked = active(merchant, "test_answer_lost"), []

    def silent(account, key, about, moment, reference):
        asked.append(moment - START - 28 * DAY)
        raise ConnectionError("no answer")

    monkeypatch.setattr(test_bank, "look_up", silent)
    for minutes in (0, 4, 5, 6, 10, 64, 65, 66, 120, 1504, 1505, 1506, 2944, 2945):
        at(START + 28 * DAY + minutes * MINUTE)
        collect_due()
    assert asked == [5 * MINUTE, 65 * MINUTE, 65 * MINUTE + DAY, 65 * MINUTE + 2 * DAY]
    assert payments(order_id)[1].status is PaymentStatus.UNKNOWN
