"""The payment page of invoices: one or several at once, paid once at the gateway, whatever happens meanwhile."""

import re
from datetime import timedelta
from html import unescape

import orjson
import pytest
import time_machine
from sqlalchemy import func, select

from blueprints.pay import invoices
from database import db, transaction
from domain import clock
from domain.errors import Conflict, Invalid
from domain.invoicing.paying import invoice_links
from domain.payments import gateway_accounts
from domain.vault import vault
from models.merchant import Merchant
from models.payment import Payment, PaymentStatus
from outbound.gateways.test_bank import test_bank
from outbound.payments import collecting
from tests import cast
from tests.domain.invoicing.paying.money import check_sums, credit_of, give_back, pay
from tests.domain.payments.bank.formats.camt_files import document, entry, import_file
from tests.domain.payments.bank.formats.camt_files import transaction as details
from tests.invoicing import actor_of, locked, make_draft, make_issued, of

CHECKOUT = re.compile(r"^/pay/test/[\w-]+$")


def text(reply):
    return unescape(reply.text).replace("\u00a0", " ")


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, actor=actor_of(alder, test=True), email="ada@example.org")


def issued(alder, ada, **more):
    return make_issued(alder, ada, test=True, **more)


def address(*keys, renew=False):
    """The page of these invoices."""
    with transaction():
        rows = [locked(key, test=True) for key in keys]
        deed = invoice_links.renew if renew else invoice_links.share
        return f"/pay/{deed(rows[0][0], [row for _, row in rows])}"


def checkout(browser, page):
    reply = browser.post(page, data={"method": "test"})
    assert reply.status_code == 303, text(reply)
    assert CHECKOUT.match(reply.headers["Location"])
    return reply.headers["Location"]


def choose(browser, page, method="test_ok"):
    return browser.post(page, data={"method": method}, follow_redirects=True)


def payments():
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Payment).order_by(Payment.id)).all()


def charged():
    return [one.amount_minor for one in test_bank.book.charges() if one.status == "approved"]


def test_an_invoice_is_paid_on_its_page_which_says_so(browser, alder, ada):
    key = issued(alder, ada)
    page = address(key)
    shown = text(browser.get(page))
    for words in ("Invoice TEST-INV-000001", "€120.00", "Pay €120.00", "Test page", "Nothing else is taken"):
        assert words in shown, words
    said = text(choose(browser, checkout(browser, page)))
    assert "Paid. Thank you." in said
    assert "€120.00 reached Alder & Sons" in said
    assert "Paid. Thank you." in text(browser.get(page))
    assert (of(key).balance_minor, charged()) == (0, [12000])
    (payment,) = payments()
    assert (payment.status, payment.customer_id, payment.order_id) == (PaymentStatus.APPROVED, ada, None)
    assert browser.post(page, data={"method": "test"}).status_code == 409
    assert browser.get(f"{page}/invoice/{key}.pdf").data[:4] == b"%PDF"
    check_sums()


def test_several_invoices_are_paid_with_one_payment_the_oldest_first(browser, alder, ada):
    with time_machine.travel(clock.now() - timedelta(days=9)):
        early = issued(alder, ada)
    late = issued(alder, ada)
    page = address(late, early)
    assert address(early, late) == page
    shown = text(browser.get(page))
    assert "and 1 more" in shown
    assert "Pay €240.00" in shown
    begun = checkout(browser, page)
    pay(alder, 50, late, test=True)                                # meanwhile, by hand
    choose(browser, begun)
    assert [of(key).balance_minor for key in (early, late)] == [0, 0]
    assert charged() == [24000]
    assert [one.allocated_minor for one in payments()] == [19000, 5000]
    check_sums()


def test_the_page_asks_for_what_is_open_now_and_no_browser_says_how_much(browser, alder, ada):
    key = issued(alder, ada)
    page = address(key)
    assert "Pay €120.00" in text(browser.get(page))
    pay(alder, 45, key, test=True)
    assert "Pay €75.00" in text(browser.get(page))
    begun = browser.post(page, data={"method": "test", "amount": "1", "amount_minor": "1"}).headers["Location"]
    choose(browser, begun)
    assert charged() == [7500]


def test_an_invoice_that_was_paid_otherwise_is_not_charged(browser, alder, ada):
    key = issued(alder, ada)
    page = address(key)
    pay(alder, 120, key, test=True)
    reply = browser.post(page, data={"method": "test"})
    assert (reply.status_code, "Paid. Thank you." in text(reply)) == (409, True)
    assert charged() == []


def test_a_second_press_finds_the_same_checkout_and_another_link_waits(browser, alder, ada):
    key, other = issued(alder, ada), issued(alder, ada)
    page, both = address(key), address(key, other)
    begun = checkout(browser, page)
    assert checkout(browser, page) == begun
    reply = browser.post(both, data={"method": "test"})
    assert (reply.status_code, "A payment of another amount was begun" in text(reply)) == (409, True)
    choose(browser, begun)
    choose(browser, begun)
    assert charged() == [12000]
    choose(browser, checkout(browser, both))
    assert charged() == [12000, 12000]
    assert (of(other).balance_minor, credit_of(ada)) == (0, 0)


def test_a_decline_is_said_and_another_card_pays(browser, alder, ada):
    key = issued(alder, ada)
    page = address(key)
    assert "You have not been charged" in text(choose(browser, checkout(browser, page), "test_hard_decline"))
    assert of(key).balance_minor == 12000
    choose(browser, checkout(browser, page))
    assert (of(key).balance_minor, charged()) == (0, [12000])


def test_an_extra_step_and_an_answer_that_is_lost_are_waited_for(browser, alder, ada):
    page = address(issued(alder, ada))
    step = text(choose(browser, checkout(browser, page), "test_requires_action"))
    assert "Confirm" in step
    assert "wants to be sure" in text(browser.get(page + "/back", follow_redirects=True))
    other = issued(alder, ada)
    choose(browser, checkout(browser, address(other)), "test_answer_lost")
    assert of(other).balance_minor == 0


@pytest.mark.parametrize("method", ["test_notify_thrice", "test_notify_late", "test_notify_first"])
def test_notifications_book_once_however_often_and_late_they_come(browser, alder, ada, method):
    key = issued(alder, ada)
    choose(browser, checkout(browser, address(key)), method)
    with time_machine.travel(clock.now() + timedelta(days=2)):
        for _ in range(3):
            test_bank.send_due(clock.now())
            test_bank.notify(test_bank.book.charges()[-1].id)
    assert (of(key).paid_minor, charged(), len(payments())) == (12000, [12000], 1)
    check_sums()


def test_a_checkout_times_out_and_begins_again(browser, alder, ada):
    key = issued(alder, ada)
    page = address(key)
    begun = checkout(browser, page)
    with time_machine.travel(clock.now() + timedelta(minutes=26)):
        assert "This page has timed out" in text(browser.get(page))
        choose(browser, begun)
        assert charged() == []
        assert "Pay €120.00" in text(browser.post(page + "/again", follow_redirects=True))
        choose(browser, checkout(browser, page))
    assert (charged(), of(key).balance_minor) == ([12000], 0)


def test_a_checkout_that_nobody_finishes_is_abandoned_by_the_worker(browser, alder, ada):
    key = issued(alder, ada)
    checkout(browser, address(key))
    with time_machine.travel(clock.now() + timedelta(minutes=27)):
        collecting.look_up_due()
        assert [one.status for one in payments()] == [PaymentStatus.DECLINED]
        assert "Pay €120.00" in text(browser.get(address(key)))


def test_a_renewed_link_is_another_one_and_the_old_one_works_no_more(browser, alder, ada):
    key = issued(alder, ada)
    old = address(key)
    new = address(key, renew=True)
    assert new != old
    assert (browser.get(old).status_code, browser.get(new).status_code) == (404, 200)
    assert address(key) == new


def test_a_transfer_shows_account_number_and_amount(browser, alder, ada):
    with transaction():
        account = gateway_accounts.ensure(alder, "manual", test=True, now=clock.now())
        known = {"name": "Alder & Sons", "iban": "DE89370400440532013000", "bic": ""}
        account.settings = vault.encrypt(orjson.dumps(known).decode())
    page = address(issued(alder, ada))
    said = text(browser.post(page, data={"method": "manual"}, follow_redirects=True))
    for words in ("Now send the transfer", "DE89 3704", "TEST-INV-000001", "€120.00"):
        assert words in said, words
    assert "How would you like to pay?" in text(browser.post(page + "/again", follow_redirects=True))


def test_what_was_paid_back_can_be_paid_again(browser, alder, ada):
    key = issued(alder, ada)
    page = address(key)
    choose(browser, checkout(browser, page))
    give_back(payments()[0].id)
    assert of(key).balance_minor == 12000
    assert "Pay €120.00" in text(browser.get(page))


@pytest.mark.parametrize("wrong", ["draft", "customers", "currencies", "paid"])
def test_what_cannot_be_paid_together_has_no_link(alder, ada, wrong):
    key = issued(alder, ada)
    keys = {
        "draft": lambda: [make_draft(alder, ada, test=True)], "customers": lambda: [key, make_issued(alder, test=True)],
        "currencies": lambda: [key, issued(alder, ada, currency="USD")], "paid": lambda: [key],
    }[wrong]()
    if wrong == "paid":
        pay(alder, 120, key, test=True)
    with pytest.raises((Conflict, Invalid)):
        address(*keys)


def test_a_merchant_that_is_switched_off_has_no_page(browser, alder, ada):
    page = address(issued(alder, ada))
    with transaction():
        db.session.get(Merchant, alder).active = False
    assert browser.get(page).status_code == 404
    assert db.session.scalar(select(func.count()).select_from(Payment)) == 0


def test_the_reference_of_a_transfer_is_what_statements_are_read_for_and_has_whole_numbers_only(browser, alder, ada):
    with transaction():
        account = gateway_accounts.ensure(alder, "manual", test=True, now=clock.now())
        known = {"name": "Alder & Sons", "iban": "DE89370400440532013000", "bic": ""}
        account.settings = vault.encrypt(orjson.dumps(known).decode())
    two = [issued(alder, ada), issued(alder, ada)]
    said = text(browser.post(address(*two), data={"method": "manual"}, follow_redirects=True))
    assert "TEST-INV-000001 TEST-INV-000002" in said
    transfer = entry("240.00", details("TEST-INV-000001 TEST-INV-000002"))
    assert import_file(actor_of(alder, test=True), document(transfer)).booked == 1
    assert [of(key).balance_minor for key in two] == [0, 0]
    rows = [of(key) for key in (issued(alder, ada) for _ in range(12))]
    reference = invoices.reference(rows)
    assert len(reference) <= 140
    assert reference.split() == [one.number for one in rows][:8]
    assert invoices.reference([]) == ""
