"""Cards that expire before a payment: the gateway is asked once in two weeks, and the customer told once."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from blueprints.pay.mails import composing
from database import db, transaction
from domain import clock
from domain.payments.collecting import expiring as finding
from domain.payments.gateways import NoAnswer
from domain.people import merchants
from domain.sales.orders import orders
from models.outbox import Task
from models.payment_method import PaymentMethod
from outbound.gateways.stripe_gateway import stripe_gateway
from outbound.gateways.test_bank import test_bank
from outbound.payments import expiring
from tests import cast, paying, stripe_paying

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def alder():
    return cast.make_merchant("Alder & Sons")


@pytest.fixture
def order(alder):
    """A monthly order of the test world, paid on 10 March, whose card expires on the day on which it is asked."""
    with time_machine.travel(NOON, tick=False):
        key = paying.active(alder, "test_expiring")
        with transaction():
            orders.locked(key).customer_email = "tess@example.org"
    return key


def mails():
    db.session.expire_all()
    return [one for one in db.session.query(Task).order_by(Task.id) if one.payload.get("mail") == "card_expires"]


def ask(days):
    """What the worker does this many days after the first payment."""
    with time_machine.travel(NOON + timedelta(days=days), tick=False):
        assert expiring.ask_due() is False
    return len(mails())


def asked_at(order):
    db.session.expire_all()
    method = paying.of(order).payment_method_id
    return db.session.get(PaymentMethod, method).expiry_asked_at


def test_the_customer_is_told_once_within_two_weeks(order):
    assert ask(10) == 0
    assert asked_at(order) is None, "the next payment is far away: nobody is asked"
    assert [ask(20), ask(20.5), ask(29)] == [1, 1, 1]
    (task,) = mails()
    assert task.about == f"order_{order}"
    mail = composing.compose(task.payload, task.merchant_id, "https://pay.example")
    assert mail.to == "tess@example.org"
    for words in ("expires before your next payment", "€10.00", "10 April 2026", "https://pay.example/order/"):
        assert words in " ".join(mail.text.split()), words


def test_a_card_that_is_good_on_the_day_is_asked_about_once_and_nobody_is_told(order, monkeypatch):
    asked = []

    def valid_until(account, token, at):
        asked.append(token)
        return date(2026, 4, 10)

    monkeypatch.setattr(test_bank, "valid_until", valid_until)
    assert [ask(20), ask(21), ask(29)] == [0, 0, 0]
    assert asked == ["test_expiring"]


def test_the_day_of_the_payment_is_the_merchants(order, alder, monkeypatch):
    """Due at noon in UTC, which is the next day on Kiritimati."""
    monkeypatch.setattr(test_bank, "valid_until", lambda account, token, at: date(2026, 4, 10))
    with transaction():
        own, merchant = merchants.LISTING.lock(cast.actor_for(alder), alder)
        merchants.update(own, merchant, {"timezone": "Pacific/Kiritimati"})
    assert ask(20) == 1


@pytest.mark.parametrize("problem", [NoAnswer("closed"), RuntimeError("a fault of ours")])
def test_without_an_answer_it_is_asked_again_a_day_later(order, monkeypatch, problem):
    asked = []

    def valid_until(account, token, at):
        asked.append(at)
        if len(asked) == 1:
            raise problem
        return at.date()

    monkeypatch.setattr(test_bank, "valid_until", valid_until)
    assert [ask(20), ask(20.5), ask(21)] == [0, 0, 1]
    assert len(asked) == 2


def test_a_kind_that_is_off_asks_nobody(order, alder, monkeypatch):
    monkeypatch.setattr(test_bank, "valid_until", None)
    with transaction():
        own, merchant = merchants.LISTING.lock(cast.actor_for(alder), alder)
        merchants.update(own, merchant, {"mails_off": ["card_expires"]})
    assert ask(20) == 0
    assert asked_at(order) is None


def test_an_order_that_ended_or_has_no_address_asks_nobody(order, monkeypatch):
    monkeypatch.setattr(test_bank, "valid_until", None)
    with transaction():
        orders.locked(order).customer_email = None
    assert ask(20) == 0
    assert asked_at(order) is None


def test_a_mail_has_no_sense_after_the_card_was_changed(order):
    assert ask(20) == 1
    (task,) = mails()
    paying.change(order, "test_ok")
    assert composing.compose(task.payload, task.merchant_id, "https://pay.example") is None


def test_each_card_is_asked_about_by_one_worker(order):
    now = NOON + timedelta(days=20)
    with transaction():
        (key,) = finding.to_ask(now, 20)
        assert finding.take(key, now) is not None
        assert finding.take(key, now) is None
        assert finding.to_ask(now, 20) == []


@pytest.mark.parametrize(("month", "year", "last"), [(12, 2026, date(2026, 12, 31)), (2, 2028, date(2028, 2, 29))])
def test_stripe_says_the_end_of_the_month_on_the_card(alder, monkeypatch, month, year, last):
    with stripe_paying.in_place_of_stripe(monkeypatch) as stand_in:
        stripe_paying.enter_keys(alder)
        token = stand_in.customer()
        card = stand_in.objects[token.partition(":")[2]]
        card["card"] |= {"exp_month": month, "exp_year": year}
        account = stripe_paying.account(alder)
        assert stripe_gateway.valid_until(account, token, clock.now()) == last
        assert stripe_gateway.valid_until(account, "cus_1:pm_unknown", clock.now()) is None
        assert stripe_gateway.valid_until(account, "nothing", clock.now()) is None
