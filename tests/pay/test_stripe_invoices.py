"""Invoices that are paid at Stripe: on its hosted page under a link, and from a card that Stripe keeps."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from sqlalchemy import select

from database import db, transaction
from domain import clock, inputs
from domain.invoicing.paying import card_charges, invoice_links
from models.invoice import InvoiceStatus
from models.payment import Payment, PaymentStatus
from outbound.payments import collecting, gateway_calls
from tests import cast, stripe_paying
from tests.domain.invoicing.paying.money import check_sums, pay, status
from tests.invoicing import actor_of, line, locked, make_issued
from tests.stored_cards import make_card

S = PaymentStatus


@pytest.fixture
def stand_in(stand_in, alder):
    stripe_paying.enter_keys(alder)
    return stand_in


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, actor=actor_of(alder, test=True), email="ada@example.org")


@pytest.fixture
def bill(alder, ada):
    """An invoice of 120.00."""
    return make_issued(alder, ada, test=True)


def address(*keys):
    with transaction():
        rows = [locked(key, test=True) for key in keys]
        return f"/pay/{invoice_links.share(rows[0][0], [row for _, row in rows])}"


def pressed(browser, page, stand_in):
    """The checkout to which the form leads: the policy of the answer lets the browser go there."""
    reply = browser.post(page, data={"method": "stripe"})
    assert reply.status_code == 303, reply.text
    assert reply.headers["Location"].startswith(stand_in.url)
    assert stand_in.url in reply.headers["Content-Security-Policy"].partition("form-action")[2].partition(";")[0]
    return reply.headers["Location"].rpartition("/")[2]


def payments():
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Payment).order_by(Payment.id)))


def text(reply):
    return unescape(reply.text).replace("\u00a0", " ")


def look_up_after(**time):
    with time_machine.travel(clock.now() + timedelta(**time), tick=False):
        while collecting.look_up_due():
            pass


def test_invoices_are_paid_together_on_the_hosted_page(browser, alder, ada, bill, stand_in):
    page = address(bill, make_issued(alder, ada, test=True))
    session = pressed(browser, page, stand_in)
    asked = stand_in.objects[session]["given"]
    assert asked["line_items"]["0"]["price_data"]["unit_amount"] == "24000"
    assert asked["line_items"]["0"]["price_data"]["product_data"]["name"] == "Invoice TEST-INV-000001 and 1 more"
    assert asked["customer_email"] == "ada@example.org"
    assert "order" not in asked["metadata"]
    back = stand_in.pay_page(session, "pay")
    assert back.endswith(f"{page}/back")
    browser.get(f"{page}/back")
    assert (stand_in.taken_for_invoices(), status(bill)[0]) == ([24000], InvoiceStatus.PAID)
    payment = payments()[0]
    assert (payment.status, payment.order_id, payment.allocated_minor) == (S.APPROVED, None, 24000)
    assert payment.reference.startswith("pi_")
    assert payment.payment_method_id is None                             # nothing is kept that pays nothing later
    assert "Thank you" in text(browser.get(f"{page}/done"))
    check_sums()


def test_a_second_press_finds_the_same_page_and_pays_once(browser, bill, stand_in):
    page = address(bill)
    session = pressed(browser, page, stand_in)
    assert pressed(browser, page, stand_in) == session
    stand_in.pay_page(session, "pay")
    assert browser.post(page, data={"method": "stripe"}).status_code == 409     # it is paid: nothing is to pay
    assert (stand_in.taken_for_invoices(), len(payments()), status(bill)[0]) == ([12000], 1, InvoiceStatus.PAID)


def test_who_does_not_come_back_is_told_by_stripe_however_often(browser, alder, bill, stand_in):
    stand_in.pay_page(pressed(browser, address(bill), stand_in), "pay")
    assert status(bill)[0] is InvoiceStatus.UNPAID
    for _ in range(2):
        assert all(said is not None for said in stripe_paying.deliver(stand_in, alder))
    assert (status(bill)[0], len(payments())) == (InvoiceStatus.PAID, 1)
    forged = stand_in.signed(stand_in.events[0], "whsec_of_somebody")
    assert stripe_paying.notifications.received("stripe", alder, *forged) is None
    check_sums()


def test_a_decline_on_the_hosted_page_leaves_it_open_there(browser, bill, stand_in):
    page = address(bill)
    session = pressed(browser, page, stand_in)
    stand_in.pay_page(session, "decline")
    browser.get(f"{page}/back")
    assert (payments()[0].status, status(bill)[0]) == (S.PENDING, InvoiceStatus.UNPAID)
    stand_in.pay_page(session, "pay")
    browser.get(f"{page}/back")
    assert (payments()[0].status, status(bill)[0]) == (S.APPROVED, InvoiceStatus.PAID)


def test_a_page_that_nobody_finishes_is_ended_there_and_begun_anew(browser, bill, stand_in):
    page = address(bill)
    session = pressed(browser, page, stand_in)
    look_up_after(minutes=40)
    assert (stand_in.objects[session]["status"], payments()[0].status) == ("expired", S.DECLINED)
    stand_in.pay_page(pressed(browser, page, stand_in), "pay")
    browser.get(f"{page}/back")
    assert (stand_in.taken_for_invoices(), status(bill)[0]) == ([12000], InvoiceStatus.PAID)


def test_where_stripe_does_not_answer_the_page_says_so_and_the_next_press_works(browser, bill, stand_in):
    page = address(bill)
    stand_in.page_faults.append("never arrived")
    refused = browser.post(page, data={"method": "stripe"})
    assert refused.status_code == 503
    assert "The card service does not answer" in refused.text
    stand_in.pay_page(pressed(browser, page, stand_in), "pay")
    browser.get(f"{page}/back")
    assert (stand_in.taken_for_invoices(), len(payments())) == ([12000], 1)


def test_an_amount_that_stripe_does_not_take_is_said(browser, alder, ada, stand_in):
    small = make_issued(alder, ada, [line("0.30", rate=0)], test=True)
    refused = browser.post(address(small), data={"method": "stripe"})
    assert refused.status_code == 409
    assert "This cannot be paid by card." in refused.text
    assert payments()[0].status is S.DECLINED


def test_a_payment_that_came_twice_is_credit(browser, alder, ada, bill, stand_in):
    session = pressed(browser, page := address(bill), stand_in)
    pay(alder, 120, bill, test=True)
    stand_in.pay_page(session, "pay")
    browser.get(f"{page}/back")
    assert (payments()[0].status, payments()[0].allocated_minor, status(bill)[0]) == (
        S.APPROVED, 0, InvoiceStatus.PAID)
    check_sums()


# Stored cards ---------------------------------------------------------------------------------------


@pytest.fixture
def card(alder, ada, stand_in):
    return make_card(alder, ada, stand_in.customer(), gateway="stripe", label="Visa ending in 4242")


def begin(key):
    with transaction():
        own, invoice = locked(key, test=True)
        return card_charges.charge(own, invoice, inputs.parse(card_charges.CardInput, {}))


def test_a_card_that_stripe_keeps_is_charged_with_the_attempts_key(bill, card, stand_in):
    attempt = begin(bill)
    for _ in range(2):
        gateway_calls.finish(attempt)
    assert (stand_in.taken_for_invoices(), status(bill)[0]) == ([12000], InvoiceStatus.PAID)
    intent = stand_in.all("payment_intent")[0]
    assert intent["metadata"]["countinghouse_key"] == attempt.request.key
    assert payments()[0].reference == intent["id"]
    check_sums()


@pytest.mark.parametrize("fault", ["never arrived", "answer lost"])
def test_what_got_lost_is_found_out_and_charged_once(bill, card, stand_in, fault):
    stand_in.faults.append(fault)
    gateway_calls.finish(begin(bill))
    assert payments()[0].status is S.UNKNOWN
    look_up_after(minutes=6)
    assert (stand_in.taken_for_invoices(), status(bill)[0]) == ([12000], InvoiceStatus.PAID)


def test_killed_before_stripe_was_asked_it_is_asked_later(bill, card, stand_in):
    begin(bill)
    look_up_after(minutes=6)
    assert (stand_in.taken_for_invoices(), status(bill)[0]) == ([12000], InvoiceStatus.PAID)


def test_a_decline_is_kept_with_its_reason(bill, card, stand_in, ada, alder):
    stand_in.declines[stand_in.all("payment_method")[0]["id"]] = "insufficient_funds"
    gateway_calls.finish(begin(bill))
    assert (payments()[0].status, status(bill)[0]) == (S.DECLINED, InvoiceStatus.UNPAID)
    assert "insufficient_funds" in payments()[0].message


def test_one_more_step_is_a_link_on_the_invoices_page(browser, bill, card, stand_in):
    stand_in.steps.add(stand_in.all("payment_method")[0]["id"])
    gateway_calls.finish(begin(bill))
    page = address(bill)
    said = browser.get(page)
    link = re.search(rf'href="({re.escape(stand_in.url)}/step/\w+)"', said.text)[1]
    back = stand_in.take_step(link.rpartition("/")[2], "confirm")
    assert back == f"https://pay.example{page}/back"
    browser.get(f"{page}/back")
    assert (stand_in.taken_for_invoices(), status(bill)[0]) == ([12000], InvoiceStatus.PAID)
