"""Mails in a merchant's name: a kind that is off is not queued, all have samples, the merchant gets its own."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from blueprints.pay.mails import composing
from database import db, transaction
from domain import clock
from domain.errors import Invalid
from domain.payments import customer_mails
from domain.payments.collecting import gateway_notifications
from domain.payments.gateways import Account, Answer, DisputeNotice, Notification, Outcome
from domain.people import merchant_mails, merchants
from domain.people.merchant_mails import KINDS, OPTIONAL
from domain.sales.budgets import budget_links, budgets
from domain.sales.budgets.budget_links import AnswerInput, RequestInput
from domain.sales.orders import orders
from models.budget_link import Answer as Reply
from models.merchant import Merchant
from models.outbox import Task
from models.payment import Decline, DisputeStatus, PaymentReason
from tests import cast, paying
from tests.pay.mailed import BASE, collect, waiting

APPROVED = Answer(outcome=Outcome.APPROVED, amount_minor=3000, currency="EUR")
DECLINED = Answer(outcome=Outcome.DECLINED, decline=Decline.SOFT, message="not enough money")
WITHOUT_BUTTON = {"ticket_answer", "ticket_received"}
STEP = Answer(outcome=Outcome.REQUIRES_ACTION, confirm_url="https://bank.example/step")


def off(merchant_id, *names):
    with transaction():
        own, merchant = merchants.LISTING.lock(cast.actor_for(merchant_id), merchant_id)
        merchants.update(own, merchant, {"mails_off": list(names)})


def written(kind):
    (task,) = waiting(kind)
    return composing.compose(task.payload, task.merchant_id, BASE)


def dispute(order_id, status=DisputeStatus.OPEN, reference="du_1"):
    payment = paying.payments(order_id)[0]
    told = Notification(
        reference=f"evt_{reference}_{status}", kind="charge.dispute", key=payment.key,
        dispute=DisputeNotice(reference=reference, amount_minor=3000, currency="EUR", status=status, reason="fraud"),
    )
    with transaction():
        account = Account(merchant_id=payment.merchant_id, test=payment.test)
        return gateway_notifications.take(cast.actor_for(payment.merchant_id), payment.gateway, account, told)


def quote(alder, **more):
    customer = cast.make_customer(alder, "Orchard Trading", email="accounts@orchard.example")
    key = cast.make_budget(alder, customer, **more)
    with transaction():
        return budget_links.find(budget_links.share(*budgets.LISTING.lock(cast.actor_for(alder), key))).id


def answered(link, reply=Reply.ACCEPTED):
    with transaction():
        given = AnswerInput(name="Ada", comment="Begin in March")
        return budget_links.answer(link, reply, given, ip=None, request_id=None)


CAUSES = {
    "receipt": lambda order: collect(order, 1, APPROVED),
    "payment_failed": lambda order: collect(order, 1, DECLINED),
    "payment_confirm": lambda order: collect(order, 1, STEP),
    "dispute": dispute,
    "payment_disputed": dispute,
}


@pytest.mark.parametrize("kind", CAUSES)
@pytest.mark.parametrize("is_off", [False, True])
def test_a_kind_that_is_off_is_not_queued_and_the_others_are(order, alder, kind, is_off):
    before = len(waiting(kind))
    if is_off and kind in OPTIONAL:
        off(alder, kind)
    elif is_off:
        with pytest.raises(Invalid):
            off(alder, kind)
    CAUSES[kind](order)
    assert len(waiting(kind)) - before == (0 if is_off and kind in OPTIONAL else 1)
    others = {"dispute": "payment_disputed", "payment_disputed": "dispute"}
    if kind in others:
        assert len(waiting(others[kind])) == 1


def test_reminders_that_are_off_are_not_queued_and_do_not_hold_up_those_of_others(order, alder):
    off(alder, "reminder")
    with time_machine.travel(paying.rows(order)[1].due_at - timedelta(days=4)):
        with transaction():
            assert customer_mails.remind_due() == 0
        assert waiting("reminder") == []
        off(alder)
        with transaction():
            assert customer_mails.remind_due() == 1


def test_a_dispute_is_told_once_and_not_again_when_it_is_decided(order):
    assert dispute(order)
    assert dispute(order, DisputeStatus.WON)
    mail, told = written("dispute"), written("payment_disputed")
    assert mail.to == "ada@example.org"
    for words in ("your bank decides", "€30.00", "Candle <Club>"):
        assert words in " ".join(mail.text.split()), words
    assert (told.to, told.reply_to) == ("hello@alder.example", None)
    for words in ("Ada disputes a payment", "fraud", f"{BASE}/admin/payments/"):
        assert words in told.text, words


def test_a_dispute_that_was_decided_before_it_was_heard_of_is_not_mailed(order):
    assert dispute(order, DisputeStatus.LOST)
    assert waiting("dispute") == waiting("payment_disputed") == []


@pytest.mark.parametrize(("reply", "words"), [(Reply.ACCEPTED, "accepted your quote"),
                                              (Reply.DECLINED, "declined your quote")])
def test_an_answer_to_a_quote_is_told_to_the_merchant_once(alder, reply, words):
    link = quote(alder)
    assert answered(link, reply)
    assert not answered(link, reply)
    cast.make_user("boss@alder.example", "admin_user", [alder])
    cast.make_user("clerk@alder.example", "normal_user", [alder])
    mail = written("quote_answered")
    assert (mail.to, mail.reply_to) == ("boss@alder.example", "accounts@orchard.example")
    for said in (words, "“Begin in March”", f"{BASE}/admin/budgets/"):
        assert said in mail.text, said
    with transaction():
        db.session.get(Merchant, alder).email = "sales@alder.example"
    assert written("quote_answered").to == "sales@alder.example"


def test_a_wish_for_a_new_quote_is_told(alder):
    link = quote(alder, valid_until=clock.now() + timedelta(days=1))
    with time_machine.travel(clock.now() + timedelta(days=3)):
        with transaction():
            assert budget_links.ask_again(link, RequestInput(comment="Two lamps"), ip=None, request_id=None)
        with transaction():
            db.session.get(Merchant, alder).email = "sales@alder.example"
        assert "asked for a new one of your quote" in written("quote_answered").text


def test_an_answer_that_is_off_is_not_queued(alder):
    off(alder, "quote_answered")
    assert answered(quote(alder))
    assert waiting("quote_answered") == []


def test_without_anybody_to_read_it_a_mail_to_the_merchant_is_not_written(alder):
    answered(quote(alder))
    assert written("quote_answered") is None


@pytest.mark.parametrize("currency", ["EUR", "JPY", "KWD"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_sample_in_text_and_html_that_no_table_keeps(kind, currency):
    merchant = cast.make_merchant("Alder <& Sons>", currency=currency)
    mail = composing.sample(kind, merchant, BASE)
    assert any(name in mail.text for name in ("Ada Lovelace", "Candle Club", "Web shop"))
    assert "Alder <& Sons>" in mail.text + mail.subject
    assert "Alder &lt;&amp; Sons&gt;" in mail.html
    if kind not in WITHOUT_BUTTON:
        assert f'href="{BASE}/' in mail.html
    assert 'href="' not in composing.sample(kind, merchant, BASE, has_links=False).html
    assert not db.session.new
    assert not db.session.dirty


def test_a_sample_says_that_it_is_one_and_goes_to_who_asked(alder):
    lin = cast.make_user("lin@alder.example", "admin_user", [alder])
    actor = replace(cast.actor_for(alder), user_id=lin)
    off(alder, "receipt")
    with transaction():
        assert merchant_mails.put_sample(actor, db.session.get(Merchant, alder), "receipt") == "lin@alder.example"
    mail = written("receipt")
    assert (mail.to, mail.reply_to) == ("lin@alder.example", None)
    assert mail.subject.startswith("Sample: Receipt")
    assert re.search(r"This\s+is\s+a\s+sample", mail.text)
    assert db.session.scalars(select(Task)).one().test is False


def test_a_switch_changes_its_own_kind_only(alder):
    def switch(name, *, on):
        with transaction():
            own, merchant = merchants.LISTING.lock(cast.actor_for(alder), alder)
            return merchants.switch_mail(own, merchant, name, on=on).mails_off

    assert switch("receipt", on=False) == ["receipt"]
    assert switch("reminder", on=False) == ["reminder", "receipt"]
    assert switch("reminder", on=False) == ["reminder", "receipt"]
    assert switch("receipt", on=True) == ["reminder"]
    assert switch("receipt", on=True) == ["reminder"]


def test_a_payment_by_the_page_is_still_receipted_when_only_failures_are_off(order, alder):
    off(alder, "payment_failed")
    with transaction():
        assert orders.locked(order).customer_email
    collect(order, 1, DECLINED)
    collect(order, 1, APPROVED, PaymentReason.CHECKOUT)
    assert waiting("payment_failed") == []
    assert len(waiting("receipt")) == 2
