"""Mails to customers: one receipt for each payment, one word for a decline and before a payment, test ones kept."""

import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_string, policy

import pytest
import time_machine

from blueprints.pay.mails import composing
from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.outbox.leases import Lease
from domain.payments import booking, customer_mails
from domain.payments.gateways import Answer, Outcome
from domain.payments.schedule import scheduled_collecting
from domain.sales.orders import orders
from models.merchant import Merchant
from models.order import ScheduledStatus
from models.outbox import Task, TaskStatus
from models.payment import Decline, PaymentReason
from outbound.mail import mailer
from outbound.runner import prepare
from tests import paying
from tests.pay.mailed import BASE, collect, waiting


def written(kind):
    (task,) = waiting(kind)
    return composing.compose(task.payload, task.merchant_id, BASE)


DECLINED = Answer(outcome=Outcome.DECLINED, decline=Decline.SOFT, message="not enough money")


def test_a_receipt_says_what_was_paid_and_what_comes_next(order):
    mail = written("receipt")
    assert (mail.to, mail.reply_to, mail.subject) == (
        "ada@example.org", "hello@alder.example", "Receipt: €30.00 to Alder & Sons")
    for words in ("€30.00", "from your Visa ending in 4242", "Next payment", f"{BASE}/order/"):
        assert words in mail.text, words
    assert "Candle <Club>" in mail.text
    assert "Candle &lt;Club&gt;" in mail.html
    assert "<img" not in mail.html
    assert "<script" not in mail.html


def test_the_same_outcome_twice_gives_one_receipt(order):
    payment = paying.payments(order)[0].id
    with transaction():
        booking.book(Actor.system(), payment, Answer(outcome=Outcome.APPROVED, amount_minor=3000, currency="EUR"))
    assert len(waiting("receipt")) == 1


def test_a_decline_is_told_with_the_way_to_pay_once_until_it_is_final(order):
    collect(order, 1, DECLINED)
    mail = written("payment_failed")
    for words in ("did not go through", "Nothing was charged", "not enough money", "We try again on", f"{BASE}/pay/"):
        assert words in mail.text, words
    for days, decline, count in ((1, Decline.SOFT, 1), (2, Decline.HARD, 2)):
        with time_machine.travel(clock.now() + timedelta(days=days)):
            collect(order, 1, replace(DECLINED, decline=decline), PaymentReason.RETRY)
        assert len(waiting("payment_failed")) == count
    task = waiting("payment_failed")[1]
    assert "We do not try the old card again" in composing.compose(task.payload, task.merchant_id, BASE).text


def test_a_decline_that_was_settled_meanwhile_is_not_told(order):
    collect(order, 1, DECLINED)
    collect(order, 1, Answer(outcome=Outcome.APPROVED, amount_minor=3000, currency="EUR"), PaymentReason.CHECKOUT)
    assert written("payment_failed") is None


def test_a_decline_on_the_page_is_not_mailed(order):
    collect(order, 1, DECLINED, PaymentReason.CHECKOUT)
    assert waiting("payment_failed") == []


def test_who_is_not_on_the_page_is_asked_by_mail_to_confirm(browser, order):
    asked = Answer(outcome=Outcome.REQUIRES_ACTION, confirm_url="https://bank.example/step")
    collect(order, 1, asked)
    mail = written("payment_confirm")
    assert "Nothing is charged until you have confirmed" in mail.text
    page = browser.get(re.search(rf"{BASE}(/pay/\S+)", mail.text)[1]).text
    assert "Your bank wants to be sure it is you" in page
    assert paying.rows(order)[1].status is ScheduledStatus.PROCESSING
    with transaction():
        booking.book(Actor.system(), paying.payments(order)[1].id, DECLINED)
    assert written("payment_confirm") is None


def test_a_reminder_comes_once_within_five_days(order):
    due = paying.rows(order)[1].due_at
    for moment, count in ((clock.now(), 0), (due - timedelta(days=4), 1), (due - timedelta(days=3), 1)):
        with time_machine.travel(moment):
            with transaction():
                customer_mails.remind_due()
            assert len(waiting("reminder")) == count
    assert "You need not do anything" in written("reminder").text


def test_mails_of_the_test_world_are_kept_and_not_sent(alder, monkeypatch):
    monkeypatch.setattr(mailer, "url", "smtp://127.0.0.1:1")
    order = paying.make_order(alder)
    with transaction():
        orders.locked(order).customer_email = "tess@example.org"
    paying.pay(order)
    (task,) = waiting("receipt")
    assert task.test
    with transaction():
        assert prepare([lease(task)]) == []
    db.session.expire_all()
    assert db.session.get(Task, task.id).status is TaskStatus.CANCELLED
    assert "€10.00" in composing.compose(task.payload, task.merchant_id, BASE).text


def lease(task):
    return Lease(id=task.id, kind=task.kind, lane=task.lane, pool=task.pool, payload=task.payload,
                 attempts=0, merchant_id=task.merchant_id, test=task.test)


def test_the_mail_has_both_parts_and_the_merchants_name(order, alder, monkeypatch):
    monkeypatch.setattr(mailer, "url", "smtp://127.0.0.1:1")
    monkeypatch.setattr(mailer, "sender", "Billing <billing@pay.example.com>")
    with transaction():
        db.session.get(Merchant, alder).name = "Alder\r\nBcc: all@example.org"
    mail = message_from_string(mailer.message(lease(waiting("receipt")[0])).as_string(), policy=policy.default)
    assert mail["From"].addresses[0].addr_spec == "billing@pay.example.com"
    assert mail["From"].addresses[0].display_name == "Alder Bcc: all@example.org"
    assert mail["Bcc"] is None
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_without_an_address_nothing_is_written(alder):
    order = paying.make_order(alder)
    paying.pay(order)
    assert waiting("receipt") == []


def test_who_is_asked_for_another_card_gets_the_way_to_pay_until_it_is_paid(order):
    collect(order, 1, replace(DECLINED, decline=Decline.HARD))
    with transaction():
        scheduled_collecting.ask_for_card(Actor.system(), paying.rows_of(order)[1])
    mail = written("another_card")
    for words in ("with another card", "Your Visa ending in 4242 was declined", f"{BASE}/pay/"):
        assert words in mail.text, words
    with pytest.raises(Conflict, match="within the last 24 hours"), transaction():
        scheduled_collecting.ask_for_card(Actor.system(), paying.rows_of(order)[1])
    collect(order, 1, Answer(outcome=Outcome.APPROVED, amount_minor=3000, currency="EUR"), PaymentReason.CHECKOUT)
    assert written("another_card") is None
    with pytest.raises(Conflict, match="was not declined"), transaction():
        scheduled_collecting.ask_for_card(Actor.system(), paying.rows_of(order)[1])
