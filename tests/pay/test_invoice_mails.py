"""Mails about invoices: with PDF and payment link, reminders in the merchant's steps, each once."""

from datetime import date, timedelta

import pytest
import time_machine

from blueprints.pay.mails import composing
from database import db, transaction
from domain import clock, inputs
from domain.errors import Conflict, Invalid
from domain.invoicing.paying import sending
from domain.payments.bank import manual_payments
from domain.people import merchants
from domain.sales.orders import orders
from models.merchant import Merchant
from outbound.mail import Letter
from outbound.payments import charging
from tests import cast, paying
from tests.domain.invoicing.paying.money import give_back, pay
from tests.domain.invoicing.paying.test_lateness import by_transfer
from tests.invoicing import actor_of, credit, locked, make_draft, make_issued, of
from tests.pay.mailed import BASE, waiting
from tests.pay.test_invoice_links import address, checkout, choose
from tests.stored_cards import make_card

STEPS = "10: It is late.\n3: Perhaps you forgot.\n\n20: This is the last reminder."


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, email="ada@example.org")


def send(key, deed=sending.send):
    with transaction():
        deed(*locked(key))


def written(kind, place=-1):
    task = waiting(kind)[place]
    return composing.compose(task.payload, task.merchant_id, BASE)


def remind_on(alder, text=STEPS):
    with transaction():
        own, row = merchants.LISTING.lock(cast.actor_for(alder), alder)
        merchants.update(own, row, inputs.changes(merchants.MerchantInput, {"invoice_reminders": text}))


def remind_due():
    with transaction():
        return sending.remind_due()


def test_an_invoice_is_sent_with_its_pdf_and_the_link_to_pay_it(browser, alder, ada):
    key = make_issued(alder, ada, due_on=date(2099, 5, 1))
    send(key)
    mail = written("invoice")
    assert (mail.to, mail.subject) == ("ada@example.org", "Invoice INV-000001 from Alder & Sons")
    for words in ("€120.00", "Please pay it by 1 May 2099", f"{BASE}/pay/"):
        assert words in mail.text, words
    link = next(word for word in mail.text.split() if word.startswith(f"{BASE}/pay/"))
    assert browser.get(link.removeprefix(BASE)).status_code == 200
    (file,) = mail.files
    assert (file.mime_type, file.make()[:4]) == ("application/pdf", b"%PDF")
    assert of(key).sent_at is not None
    letter = Letter()
    letter.set_content("x")
    letter.files = mail.files
    letter.attach_files(lambda digest: b"")
    assert [one.get_content_type() for one in letter.iter_attachments()] == ["application/pdf"]


def test_a_paid_one_is_sent_without_a_button_and_a_draft_not_at_all(alder, ada):
    key = make_issued(alder, ada)
    pay(alder, 120, key)
    send(key)
    assert "/pay/" not in written("invoice").text
    with pytest.raises(Conflict):
        send(make_draft(alder, ada))
    with pytest.raises(Conflict, match="no e-mail address"):
        send(make_issued(alder))


def test_reminders_come_on_their_days_once_each_and_stop_when_it_is_paid(alder, ada):
    remind_on(alder)
    due = clock.now().date()
    key, paid, other = (make_issued(alder, ada, due_on=due) for _ in range(3))
    make_issued(alder, ada, due_on=due + timedelta(days=60))
    pay(alder, 120, paid)
    counts, texts = [], []
    for day in (0, 2, 3, 4, 9, 10, 11, 19, 20, 40):
        with time_machine.travel(clock.now() + timedelta(days=day, minutes=1)):
            counts.append(remind_due())
            assert remind_due() == 0
            if counts[-1]:
                texts.append(written("invoice_reminder").text)
            if day == 10:
                pay(alder, 120, other)
    assert counts == [0, 0, 2, 0, 0, 2, 0, 0, 1, 0]
    assert [words in text for words, text in zip(
        ("Perhaps you forgot.", "It is late.", "This is the last reminder."), texts, strict=True)] == [True] * 3
    assert of(key).reminded_days == 20


def test_after_a_pause_only_the_last_step_is_sent_and_none_to_whom_it_is_off(alder, ada):
    key = make_issued(alder, ada, due_on=clock.now().date())
    with time_machine.travel(clock.now() + timedelta(days=30)):
        assert remind_due() == 0
        remind_on(alder)
        with transaction():
            db.session.get(Merchant, alder).mails_off = ["invoice_reminder"]
        assert remind_due() == 0
        with transaction():
            db.session.get(Merchant, alder).mails_off = []
        assert remind_due() == 1
        assert remind_due() == 0
        assert "last reminder" in written("invoice_reminder").text
        credit(key)
        assert written("invoice_reminder") is None


def test_a_person_reminds_of_what_is_overdue_alone(alder, ada):
    key = make_issued(alder, ada, due_on=clock.now().date())
    with pytest.raises(Conflict, match="not overdue"):
        send(key, sending.remind)
    with time_machine.travel(clock.now() + timedelta(days=2)):
        send(key, sending.remind)
        assert "Perhaps you have overlooked it" in written("invoice_reminder").text
        pay(alder, 120, key)
        with pytest.raises(Conflict, match="Nothing is open"):
            send(key, sending.remind)


@pytest.mark.parametrize("wrong", ["3 Please", "0: Now", "366: Late", "3: a\n3: b", "x: y", "\n".join(
    f"{day}: text" for day in range(1, 12))])
def test_steps_that_cannot_be_read_are_refused(alder, wrong):
    with pytest.raises(Invalid) as refused:
        remind_on(alder, wrong)
    assert set(refused.value.fields) == {"invoice_reminders"}


def test_steps_are_kept_in_their_order(alder):
    remind_on(alder)
    assert db.session.get(Merchant, alder).invoice_reminders.splitlines() == [
        "3: Perhaps you forgot.", "10: It is late.", "20: This is the last reminder."]


def test_who_paid_on_the_page_is_thanked_once(browser, alder):
    who = cast.make_customer(alder, actor=actor_of(alder, test=True), email="ada@example.org")
    key = make_issued(alder, who, test=True)
    choose(browser, checkout(browser, address(key)))
    assert len(waiting("invoice_paid")) == 1
    assert "Thank you for your payment" in written("invoice_paid").text


def test_who_was_paid_back_is_not_reminded_by_itself(alder, ada):
    remind_on(alder)
    key = make_issued(alder, ada, due_on=clock.now().date())
    give_back(pay(alder, 120, key))
    with time_machine.travel(clock.now() + timedelta(days=30)):
        assert remind_due() == 0


def test_a_declined_charge_is_told_with_the_link_and_the_day_of_the_next_try(alder):
    who = cast.make_customer(alder, actor=actor_of(alder, test=True), email="ada@example.org")
    make_card(alder, who, "test_soft_decline")
    key = make_issued(alder, who, test=True)
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"invoices_charged": True})
    with time_machine.travel(of(key).overdue_at - timedelta(hours=1), tick=False):
        charging.charge_due()
        mail, day = written("invoice_payment_failed"), of(key).charge_again_at
        assert mail.to == ("ada@example.org" if isinstance(mail.to, str) else ["ada@example.org"])
        for words in ("could not be collected", f"once more on {day:%-d %B %Y}", f"{BASE}/pay/", "Pay €120.00"):
            assert words in mail.text, words
        pay(alder, 120, key, test=True)
        assert written("invoice_payment_failed") is None


def test_who_pays_in_parts_is_reminded_of_the_part_that_is_late_and_led_to_it(alder, browser):
    order, key = by_transfer(alder)
    row = paying.rows(order)[1]
    with transaction():
        sending.send(*locked(key, test=True))
    mail = written("invoice")
    assert f"It is paid in parts, as agreed: €30.00 is due on {row.due_at:%-d %B %Y}." in mail.text
    remind_on(alder, "1: Please pay.")
    with time_machine.travel(of(key).late_at, tick=False):
        assert remind_due() == 1
        mail = written("invoice_reminder")
        for words in ("€30.00", f"This part of it was due on {row.due_at:%-d %B %Y}.", "Pay €30.00", "Please pay."):
            assert words in mail.text, words
        link = next(word for word in mail.text.split() if word.startswith(f"{BASE}/pay/"))
        assert "€30.00" in browser.get(link.removeprefix(BASE)).text
        with transaction():
            manual_payments.record(
                actor_of(alder, test=True), orders.locked(order), paying.rows_of(order)[1], 3000, reference="2")
        assert written("invoice_reminder") is None
