"""Stored cards pay invoices: one charge, whoever presses how often, and whatever happens on the way."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from database import DatabaseBusy, db, transaction
from domain import clock, inputs
from domain.errors import Conflict, Invalid
from domain.invoicing.paying import card_charges, due_charges, invoice_checkouts, invoice_links
from domain.payments import gateway_accounts
from domain.people import merchants
from models.invoice import InvoiceStatus
from models.merchant import Merchant
from models.outbox import Task
from models.payment import Payment, PaymentReason, PaymentStatus
from models.payment_method import PaymentMethod
from outbound.gateways.test_bank import test_bank
from outbound.payments import charging, collecting, gateway_calls
from tests import cast
from tests.domain.invoicing.paying.money import check_sums, give_back, pay, status
from tests.invoicing import actor_of, locked, make_issued, of
from tests.stored_cards import make_card

S = PaymentStatus


@pytest.fixture
def alder():
    return cast.make_merchant("Alder & Sons")


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, actor=actor_of(alder, test=True), email="ada@example.org")


@pytest.fixture
def bill(alder, ada):
    """An invoice of 120.00 in the test world."""
    return make_issued(alder, ada, test=True)


def begin(key, card=None):
    """Commit an attempt by staff; the gateway is not asked."""
    with transaction():
        own, invoice = locked(key, test=True)
        given = inputs.parse(card_charges.CardInput, {"payment_method_id": card})
        return card_charges.charge(own, invoice, given)


def charge(key, card=None):
    gateway_calls.finish(begin(key, card))


def payments():
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Payment).order_by(Payment.id)))


def charged():
    return [one.amount_minor for one in test_bank.book.charges() if one.status == "approved"]


def mails():
    return [one.payload["mail"] for one in db.session.scalars(select(Task).where(Task.kind == "mail"))]


def look_up_after(**time):
    with time_machine.travel(clock.now() + timedelta(**time), tick=False):
        while collecting.look_up_due():
            pass


def test_a_stored_card_pays_what_is_open(alder, ada, bill):
    make_card(alder, ada, "test_hard_decline")
    card = make_card(alder, ada)
    pay(alder, 20, bill, test=True)
    charge(bill)
    payment = payments()[-1]
    assert (payment.status, payment.reason, payment.payment_method_id) == (S.APPROVED, PaymentReason.MANUAL, card)
    assert (charged(), status(bill)[0], mails()) == ([10000], InvoiceStatus.PAID, ["invoice_paid"])
    with pytest.raises(Conflict, match="nothing to pay"):
        begin(bill)
    check_sums()


def test_a_decline_leaves_it_open_and_another_card_pays(alder, ada, bill):
    card = make_card(alder, ada)
    charge(bill, make_card(alder, ada, "test_soft_decline"))
    assert (payments()[0].status, status(bill)[0]) == (S.DECLINED, InvoiceStatus.UNPAID)
    charge(bill, card)
    assert (charged(), status(bill)[0]) == ([12000], InvoiceStatus.PAID)


def test_while_one_runs_no_other_is_begun_on_whichever_link(alder, ada, bill):
    card, other = make_card(alder, ada), make_issued(alder, ada, test=True)
    begin(bill)
    with pytest.raises(Conflict, match="under way"):
        begin(bill, card)
    both = [of(key) for key in (bill, other)]
    with pytest.raises(Conflict, match="under way"), transaction():
        card_charges.begin(actor_of(alder, test=True), both, card)
    with transaction():
        link = invoice_links.find(invoice_links.share(actor_of(alder, test=True), [of(bill)]))
        assert invoice_checkouts.state(link, invoice_checkouts.running(link)) == "waiting"
    with pytest.raises(Conflict, match="under way"), transaction():
        invoice_checkouts.begin(actor_of(alder, test=True), invoice_links.locked(link.id), "test", "https://x.example")


def test_a_card_page_that_is_open_is_waited_for(alder, ada, bill):
    make_card(alder, ada)
    with transaction():
        who = actor_of(alder, test=True)
        link = invoice_links.find(invoice_links.share(who, [of(bill)]))
        invoice_checkouts.begin(who, invoice_links.locked(link.id), "test", "https://x.example")
    with pytest.raises(Conflict, match="card page"):
        begin(bill)


def test_killed_before_the_gateway_was_asked_it_is_asked_later_with_its_own_key(alder, ada, bill):
    make_card(alder, ada)
    attempt = begin(bill)
    look_up_after(minutes=4)
    assert (charged(), payments()[0].status) == ([], S.PENDING)
    look_up_after(minutes=6)
    assert (charged(), status(bill)[0]) == ([12000], InvoiceStatus.PAID)
    assert [one.key for one in test_bank.book.charges()] == [attempt.request.key]
    gateway_calls.finish(attempt)                                       # who was slow asks with the same key
    assert charged() == [12000]
    check_sums()


@pytest.mark.parametrize("token", ["test_answer_lost", "test_request_lost", "test_down_hour"])
def test_without_an_answer_the_janitor_finds_out_and_it_is_charged_once(alder, ada, bill, token):
    make_card(alder, ada, token)
    charge(bill)
    assert payments()[0].status is S.UNKNOWN
    with pytest.raises(Conflict, match="under way"):
        begin(bill)
    for minutes in (6, 70, 140):
        look_up_after(minutes=minutes)
    assert (charged(), status(bill)[0], len(payments())) == ([12000], InvoiceStatus.PAID, 1)


def test_what_was_paid_otherwise_meanwhile_is_not_asked_for_again(alder, ada, bill):
    make_card(alder, ada)
    begin(bill)
    pay(alder, 50, bill, test=True)
    look_up_after(minutes=6)
    assert (charged(), payments()[0].status, payments()[0].decline) == ([], S.DECLINED, None)
    charge(bill)
    assert charged() == [7000]


def test_a_card_that_was_removed_meanwhile_is_not_asked(alder, ada, bill):
    card = make_card(alder, ada)
    begin(bill)
    with transaction():
        db.session.get(PaymentMethod, card).removed_at = clock.now()
    look_up_after(minutes=6)
    assert charged() == []
    with pytest.raises(Conflict, match="no stored card"):
        begin(bill)


def test_one_more_step_is_mailed_to_a_customer_who_is_away(alder, ada, bill):
    make_card(alder, ada, "test_requires_action")
    with transaction():
        own, invoice = locked(bill, test=True)
        attempt = card_charges.begin(own, [invoice], None, PaymentReason.SCHEDULE)
    gateway_calls.finish(attempt)
    assert (payments()[0].status, mails()) == (S.REQUIRES_ACTION, ["invoice_confirm"])
    waiting = test_bank.book.charge(key=payments()[0].key)
    test_bank.confirm(waiting.token, approve=True, at=clock.now())
    look_up_after(minutes=6)
    assert (charged(), status(bill)[0]) == ([12000], InvoiceStatus.PAID)


def test_cards_of_others_of_the_other_world_and_of_gateways_that_are_off_are_refused(alder, ada, bill):
    bea = cast.make_customer(alder, "Bea", actor=actor_of(alder, test=True))
    live = cast.make_customer(alder, "Live")
    birch = cast.make_merchant("Birch")
    cleo = cast.make_customer(birch, "Cleo", actor=actor_of(birch, test=True))
    for card in (make_card(alder, bea), make_card(birch, cleo), make_card(alder, live, "x", test=False, label="x"),
                 make_card(alder, ada, "cus:pm", gateway="stripe", label="Visa"), 999):
        with pytest.raises(Invalid) as refused:
            begin(bill, card)
        assert set(refused.value.fields) == {"payment_method_id"}
    with pytest.raises(Conflict, match="no stored card"):
        begin(bill)
    assert payments() == []


def test_pressed_by_many_at_once_it_is_charged_once(workshop):
    with workshop.app_context():
        alder = cast.make_merchant("Alder & Sons")
        ada = cast.make_customer(alder, actor=actor_of(alder, test=True))
        bill, card = make_issued(alder, ada, test=True), make_card(alder, ada)
    ready, refused = threading.Barrier(8), []

    def press(_):
        with workshop.app_context():
            ready.wait()
            try:
                charge(bill, card)
            except (Conflict, DatabaseBusy) as problem:
                refused.append(problem)
            finally:
                db.session.remove()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(press, range(8)))
    with workshop.app_context():
        assert (charged(), len(refused), status(bill)[0]) == ([12000], 7, InvoiceStatus.PAID)
        check_sums()
        db.session.remove()


# On the due date -----------------------------------------------------------------------------------


def rule(alder, *, on=True):
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"invoices_charged": on})


def on_day(key, days=0):
    """On the invoice's due date, or so many days later."""
    return time_machine.travel(of(key).overdue_at + timedelta(days=days - 1, hours=1), tick=False)


def test_on_the_due_date_the_newest_card_is_charged_once(alder, ada, bill):
    make_card(alder, ada)
    with on_day(bill):
        charging.charge_due()
        assert payments() == []                                         # off by default
    rule(alder)
    with on_day(bill, -1):
        charging.charge_due()
        assert payments() == []
    with on_day(bill):
        charging.charge_due()
        charging.charge_due()
        assert (charged(), status(bill)[0], payments()[0].reason) == ([12000], InvoiceStatus.PAID, "schedule")
        assert of(bill).charged_at is not None
    check_sums()


def test_a_soft_decline_is_tried_again_on_the_days_of_orders_and_the_customer_is_told_twice(alder, ada, bill):
    make_card(alder, ada, "test_soft_decline")
    rule(alder)
    for days in range(12):
        with on_day(bill, days):
            charging.charge_due()
            charging.charge_due()
    assert [(one.status, one.reason) for one in payments()] == [
        (S.DECLINED, "schedule"), *[(S.DECLINED, "retry")] * 4]
    first = payments()[0].executed_at
    assert [(one.executed_at - first).days for one in payments()] == [0, 1, 3, 5, 7]
    assert (mails(), of(bill).charge_again_at) == (["invoice_payment_failed"] * 2, None)


def test_what_is_paid_before_the_next_try_is_not_tried_and_another_card_pays_with_it(alder, ada, bill):
    make_card(alder, ada, "test_soft_decline")
    rule(alder)
    other = make_issued(alder, ada, test=True)
    with on_day(bill):
        charging.charge_due()
        pay(alder, 120, bill, test=True)
    make_card(alder, ada)
    with on_day(bill, 1):
        charging.charge_due()
    assert (charged(), [status(key)[0] for key in (bill, other)]) == ([12000], [InvoiceStatus.PAID] * 2)


def test_a_hard_decline_is_final_and_told(alder, ada, bill):
    make_card(alder, ada, "test_hard_decline")
    rule(alder)
    for days in range(9):
        with on_day(bill, days):
            charging.charge_due()
    assert [one.status for one in payments()] == [S.DECLINED]
    assert mails() == ["invoice_payment_failed"]


def test_killed_between_a_retry_and_the_question_it_is_still_charged_once(alder, ada, bill):
    make_card(alder, ada, "test_soft_decline")
    rule(alder)
    with on_day(bill):
        charging.charge_due()
    make_card(alder, ada)
    with on_day(bill, 1):
        with transaction():
            assert due_charges.Round().begin_next()[1] is not None
        charging.charge_due()
        assert charged() == []
        look_up_after(minutes=6)
    for days in (2, 3, 5, 7):
        with on_day(bill, days):
            charging.charge_due()
    assert (charged(), status(bill)[0]) == ([12000], InvoiceStatus.PAID)


def test_staff_is_answered_and_the_customer_told_of_a_decline(alder, ada, bill):
    make_card(alder, ada, "test_soft_decline")
    charge(bill)
    assert of(bill).charge_again_at is None
    assert mails() == (["invoice_payment_failed"] if payments()[0].created_by_user_id else [])


@pytest.mark.parametrize(("credit", "asked"), [(50, [7000]), (120, []), (200, [])])
def test_credit_pays_before_a_card_is_charged_on_the_due_date(alder, ada, bill, credit, asked):
    make_card(alder, ada)
    rule(alder)
    pay(alder, credit, customer_id=ada, currency="EUR", test=True)
    with on_day(bill):
        charging.charge_due()
    assert (charged(), status(bill)[0]) == (asked, InvoiceStatus.PAID)
    check_sums()


def test_killed_between_the_attempt_and_the_question_it_is_still_charged(alder, ada, bill):
    make_card(alder, ada)
    rule(alder)
    with on_day(bill):
        with transaction():
            assert due_charges.Round().begin_next()[1] is not None
        charging.charge_due()
        assert charged() == []
        look_up_after(minutes=6)
        assert charged() == [12000]


def test_old_invoices_those_of_orders_and_what_was_paid_back_are_left_to_people(alder, ada, bill):
    make_card(alder, ada)
    rule(alder)
    with on_day(bill, 3):
        charging.charge_due()
        assert payments() == []
    paid = make_issued(alder, ada, test=True)
    give_back(pay(alder, 120, paid, test=True))
    with on_day(paid):
        charging.charge_due()
        assert [one.amount_minor for one in test_bank.book.charges()] == [12000]      # the other one
        assert status(paid)[0] is InvoiceStatus.REFUNDED


def test_a_gateway_that_is_left_alone_and_a_payment_that_runs_are_waited_for(alder, ada, bill):
    make_card(alder, ada)
    rule(alder)
    with on_day(bill):
        with transaction():
            account = gateway_accounts.ensure(alder, "test", test=True, now=clock.now())
            account.parked_until = clock.now() + timedelta(minutes=1)
        charging.charge_due()
        assert (payments(), of(bill).charged_at) == ([], None)
        with transaction():
            gateway_accounts.find(alder, "test", test=True).parked_until = None
            link = invoice_links.find(invoice_links.share(actor_of(alder, test=True), [of(bill)]))
            invoice_checkouts.begin(
                actor_of(alder, test=True), invoice_links.locked(link.id), "test", "https://x.example")
        charging.charge_due()
        assert [one.reason for one in payments()] == ["checkout"]
        look_up_after(hours=2)
    with on_day(bill, 1):
        charging.charge_due()
        assert charged() == [12000]


def test_invoices_that_have_to_wait_keep_nobody_else_waiting(alder, ada, bill):
    make_card(alder, ada)
    rule(alder)
    grace = cast.make_customer(alder, "Grace", actor=actor_of(alder, test=True))
    make_card(alder, grace)
    others = make_issued(alder, grace, test=True)
    with on_day(bill):
        begin(bill)                                          # its payment runs
        assert charging.charge_due(most=1) is True
        assert of(others).balance_minor == 0
        assert charging.charge_due(most=1) is False
