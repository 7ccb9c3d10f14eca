"""The payment page: paid once at the gateway's page, declined, confirmed, waiting, timed out, by transfer."""

import re
from datetime import timedelta
from html import unescape

import orjson
import pytest
import time_machine

from analytics.log.spool import encode
from blueprints.pay.guess_limits import OF_ADDRESS
from database import db, transaction
from domain import clock
from domain.payments import gateway_accounts
from domain.payments.orders import order_verbs
from domain.payments.schedule import scheduled
from domain.sales.orders import orders
from domain.vault import vault
from models.audit import AuditEntry
from models.order import Order, OrderStatus, ScheduledPayment
from outbound.gateways.test_bank import test_bank
from outbound.payments.collecting import Collector
from tests import paying

CHECKOUT = re.compile(r"^/pay/test/[\w-]+$")


def text(reply):
    return unescape(reply.text).replace("\u00a0", " ")


def address_of(order_id):
    return f"/pay/{vault.decrypt(paying.of(order_id).link_token)}"


def change(order_id, deed, **more):
    with transaction():
        order = orders.locked(order_id)
        deed(paying.actor_of(order.merchant_id), order, **more)


@pytest.fixture
def order(alder):
    return paying.make_order(alder, create_checkout=True)


@pytest.fixture
def address(order):
    return address_of(order)


@pytest.fixture
def transfers(alder):
    """Alder takes transfers."""
    with transaction():
        account = gateway_accounts.ensure(alder, "manual", test=True, now=clock.now())
        known = {"name": "Alder & Sons", "iban": "DE89370400440532013000", "bic": ""}
        account.settings = vault.encrypt(orjson.dumps(known).decode())


def pay(browser, address, method="test_ok"):
    """Press the button, choose what the test bank answers, and come back as the browser does."""
    reply = browser.post(address, data={"method": "test"})
    assert reply.status_code == 303, text(reply)
    page = reply.headers["Location"]
    assert CHECKOUT.match(page)
    assert browser.get(page).status_code == 200
    return browser.post(page, data={"method": method}, follow_redirects=True)


def status(order_id):
    return paying.of(order_id).status


def test_the_page_says_what_is_due_now_and_what_later(browser, address):
    with time_machine.travel("2026-11-28T12:00Z"):
        page = text(browser.get(address))
    for words in ("Alder & Sons", "Lamp", "€10.00", "today", "Order and pay €10.00", "every month", "until you cancel",
                  "This order is held for you until", "Test page"):
        assert words in page, words


def test_an_instalment_order_shows_every_payment(browser, alder):
    page = text(browser.get(address_of(paying.make_order(alder, billing="instalment", price="310.00"))))
    for words in ("Payment 1 of 4", "Payment 4 of 4", "Total of the order", "in 4 payments"):
        assert words in page, words


def test_instalments_that_were_taken_off_are_neither_counted_nor_owed(browser, alder):
    order = paying.make_order(alder, billing="instalment", price="310.00")
    address, who = address_of(order), paying.actor_of(alder)
    for sequence, end in ((1, scheduled.skip), (2, scheduled.cancel)):
        with transaction():
            end(who, paying.rows_of(order)[sequence])
    page = text(browser.get(address))
    for words in ("Payments taken off</dt><dd>−€", "Payment 1 of 2", "Payment 2 of 2", "in 2 payments"):
        assert words in page, words
    page = text(pay(browser, address))
    page = text(browser.get(address.replace("/pay/", "/order/")))
    for words in ("Payment 1 of 2", "Taken off the total", "Payment 2 of 2"):
        assert words in page, words
    assert "of 4" not in page


def test_paying_makes_the_order_active_and_shows_what_comes_next(browser, order, address):
    page = text(pay(browser, address))
    assert "Paid. Thank you." in page
    assert "€10.00 reached Alder & Sons" in page
    assert "Next payment" in page
    assert status(order) is OrderStatus.ACTIVE
    assert paying.charged(order) == {paying.rows(order)[0].id: [1000]}
    assert paying.of(order).payment_method.token == "test_ok"


def test_the_link_of_a_paid_order_leads_to_the_order(browser, order, address):
    pay(browser, address)
    reply = browser.get(address)
    assert (reply.status_code, reply.headers["Location"]) == (303, address.replace("/pay/", "/order/"))
    assert "Cancel the subscription" in text(browser.get(address, follow_redirects=True))
    assert "Paid. Thank you." in text(browser.get(address + "/done"))


THANKS, SORRY = "https://shop.example/thanks?order=1&lang=français", "https://shop.example/sorry"
LED = {"redirect_url": THANKS, "failed_redirect_url": SORRY}


def test_after_the_payment_the_customer_is_led_to_the_merchants_pages(browser, alder):
    order = paying.make_order(alder, **LED)
    address = address_of(order)
    assert "Refresh" not in browser.get(address).headers
    assert "Refresh" not in browser.get(address + "/done").headers
    declined = pay(browser, address, "test_soft_decline")
    assert declined.headers["Refresh"] == f"0; url={SORRY}"
    assert SORRY in declined.text
    paid = pay(browser, address)
    assert paid.headers["Refresh"] == "0; url=https://shop.example/thanks?order=1&lang=fran%C3%A7ais"


def test_who_pays_nothing_today_is_led_on_too(browser, alder):
    address = address_of(paying.make_order(alder, trial_days=14, test=False, **LED))
    assert browser.post(address, follow_redirects=True).headers["Refresh"].startswith("0; url=https://shop.example/t")


def test_who_pays_what_was_declined_later_stays_on_the_order(browser, alder):
    row = db.session.get(ScheduledPayment, paying.declined(alder, **LED))
    address = address_of(row.order_id)
    assert "Refresh" not in pay(browser, address, "test_hard_decline").headers
    assert "Refresh" not in pay(browser, address).headers


def test_the_order_page_shows_schedule_and_receipts(browser, order, address):
    pay(browser, address)
    page = text(browser.get(address.replace("/pay/", "/order/")))
    for words in ("Active", "Paid", "Next", "Every month after that", "Receipt ", "Cancel the subscription"):
        assert words in page, words
    receipt = re.search(r'href="(/order/[^"]+/receipt/\d+)"', browser.get(address.replace("/pay/", "/order/")).text)[1]
    assert "€10.00" in text(browser.get(receipt))
    assert browser.get(receipt + "7").status_code == 404


def test_before_the_first_payment_the_order_page_is_the_payment_page(browser, address):
    reply = browser.get(address.replace("/pay/", "/order/"))
    assert (reply.status_code, reply.headers["Location"]) == (303, address)


def test_two_presses_lead_to_one_checkout_and_pay_once(browser, order, address):
    pages = {browser.post(address, data={"method": "test"}).headers["Location"] for _ in range(3)}
    assert len(pages) == 1
    assert len(paying.payments(order)) == 1
    page = pages.pop()
    for _ in range(2):
        browser.post(page, data={"method": "test_ok"})
    for _ in range(2):
        browser.get(address + "/back")
    assert browser.post(address, data={"method": "test"}).status_code == 409
    assert paying.charged(order) == {paying.rows(order)[0].id: [1000]}


def test_a_decline_is_said_first_and_another_card_pays(browser, order, address):
    page = text(pay(browser, address, "test_soft_decline"))
    assert "Your bank declined the payment. You have not been charged." in page
    assert status(order) is OrderStatus.PENDING
    assert "Paid. Thank you." in text(pay(browser, address))
    assert status(order) is OrderStatus.ACTIVE


def test_a_hard_decline_can_be_paid_otherwise(browser, order, address):
    assert "declined the payment" in text(pay(browser, address, "test_hard_decline"))
    assert "Paid. Thank you." in text(pay(browser, address))


@pytest.mark.parametrize(("step", "said"), [("confirm", "Paid. Thank you."), ("refuse", "declined the payment")])
def test_an_extra_step_is_taken_or_refused(browser, order, address, step, said):
    page = text(pay(browser, address, "test_requires_action"))
    assert "Is it you who pays this?" in page
    browser.get(address + "/back")
    shown = browser.get(address)
    assert "Your bank wants to be sure it is you" in text(shown)
    assert browser.post(address, data={"method": "test"}).status_code == 409
    link = re.search(r'href="(/pay/test/confirm/[^"]+)"', shown.text)[1]
    assert said in text(browser.post(link, data={"answer": step}, follow_redirects=True))


def test_a_lost_answer_is_found_when_the_customer_comes_back(browser, order, address):
    assert "Paid. Thank you." in text(pay(browser, address, "test_answer_lost"))
    assert paying.charged(order) == {paying.rows(order)[0].id: [1000]}


def test_without_an_answer_the_page_asks_not_to_pay_again(browser, order, address):
    page = text(pay(browser, address, "test_down_hour"))
    assert "Please do not pay again" in page
    assert browser.post(address, data={"method": "test"}).status_code == 409
    assert len(paying.payments(order)) == 1


def test_who_goes_back_without_paying_can_try_again(browser, order, address):
    browser.post(address, data={"method": "test"})
    assert "Order and pay" in text(browser.get(address + "/back", follow_redirects=True))
    assert "Paid. Thank you." in text(pay(browser, address))
    assert len(paying.payments(order)) == 1


def test_after_25_minutes_nothing_is_charged_and_it_starts_again(browser, order, address):
    page = browser.post(address, data={"method": "test"}).headers["Location"]
    with time_machine.travel(clock.now() + timedelta(minutes=26)):
        assert "This page has timed out" in text(browser.get(address))
        assert browser.post(address, data={"method": "test"}).status_code == 409
        assert "timed out" in text(browser.get(page))
        browser.post(page, data={"method": "test_ok"})
        assert paying.charged(order) == {}
        assert browser.post(address + "/again").status_code == 303
        assert "Order and pay" in text(browser.get(address))
        assert "Paid. Thank you." in text(pay(browser, address))
    assert sum(map(len, paying.charged(order).values())) == 1


def test_amounts_come_from_the_row_and_not_from_the_form(browser, order, address):
    data = {"method": "test", "amount": "1", "amount_minor": "1", "currency": "JPY", "order_id": "7"}
    page = browser.post(address, data=data).headers["Location"]
    browser.post(page, data={"method": "test_ok", "amount_minor": "1"}, follow_redirects=True)
    assert paying.charged(order) == {paying.rows(order)[0].id: [1000]}


@pytest.mark.parametrize("method", ["", "stripe", "nothing", "manual", "test_ok"])
def test_a_way_that_the_merchant_does_not_have_is_refused(browser, order, address, method):
    assert browser.post(address, data={"method": method}).status_code == 409
    assert paying.payments(order) == []


def test_a_transfer_shows_account_reference_and_code_and_waits(browser, transfers, order, address):
    assert "Bank transfer" in text(browser.get(address))
    assert browser.post(address, data={"method": "manual"}).status_code == 303
    page = browser.get(address)
    for words in ("Now send the transfer", "DE89 3704 0044 0532 0130 00", "RF", "<svg", "€10.00"):
        assert words in text(page), words
    assert " style=" not in page.text
    assert status(order) is OrderStatus.PENDING
    browser.post(address + "/again")
    assert "Paid. Thank you." in text(pay(browser, address))


def test_a_trial_is_taken_without_a_payment_where_no_card_can_be_kept(browser, alder):
    order = paying.make_order(alder, trial_days=14, test=False)
    address = address_of(order)
    assert "Nothing to pay today" in text(browser.get(address))
    assert "Your order is taken" in text(browser.post(address, follow_redirects=True))
    assert status(order) is OrderStatus.ACTIVE


def test_a_declined_later_payment_is_paid_on_the_page_with_another_card(browser, alder):
    order = paying.active(alder, method="test_soft_decline")
    row = paying.rows(order)[1]
    with time_machine.travel(row.due_at + timedelta(minutes=1)):
        Collector().round()
        assert status(order) is OrderStatus.FAILED
        address = address_of(order)
        page = text(browser.get(address.replace("/pay/", "/order/")))
        assert "Payment needed" in page
        assert "Pay €10.00 now" in page
        assert "Paid. Thank you." in text(pay(browser, address))
    assert status(order) is OrderStatus.ACTIVE
    assert paying.of(order).payment_method.token == "test_ok"


def test_cancelling_asks_first_and_ends_the_order(browser, order, address):
    pay(browser, address)
    page = address.replace("/pay/", "/order/")
    assert "Nothing is taken after that" in text(browser.get(page + "/cancel"))
    assert status(order) is OrderStatus.ACTIVE
    assert "Complete" in text(browser.post(page + "/cancel", data={"when": "now"}, follow_redirects=True))
    assert status(order) is OrderStatus.COMPLETE
    entry = db.session.query(AuditEntry).filter_by(action="order.completed").one()
    assert (entry.actor, entry.source) == ("customer (by link)", "link")
    assert browser.post(page + "/cancel").status_code == 409


def test_instalments_cannot_be_cancelled_by_the_customer(browser, alder):
    order = paying.active(alder, billing="instalment")
    page = address_of(order).replace("/pay/", "/order/")
    assert "/cancel" not in browser.get(page).text
    assert browser.post(page + "/cancel").status_code == 409


def test_a_cancelled_order_is_not_paid(browser, order, address):
    change(order, order_verbs.cancel)
    assert "This order was cancelled" in text(browser.get(address))
    assert browser.post(address, data={"method": "test"}).status_code == 409


def test_a_draft_has_no_page(browser, alder):
    assert browser.get(address_of(paying.make_order(alder, draft=True))).status_code == 404


def test_unknown_links_are_limited_for_payments_too(browser, address):
    for _ in range(OF_ADDRESS.amount):
        assert browser.get("/pay/" + "x" * 43).status_code == 404
    for path in ("/pay/" + "y" * 43, "/order/1", "/pay/test/nothing", "/quote/nothing"):
        assert browser.get(path).status_code == 429
    assert browser.get(address).status_code == 200


def test_the_page_tells_its_address_to_no_other_site(browser, order, address, records):
    pay(browser, address)
    browser.get(address.replace("/pay/", "/order/"))
    token = address.removeprefix("/pay/")
    assert all(token not in encode(record).decode() for record in records)
    reply = browser.get(address)
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in reply.headers


def test_the_form_may_lead_to_the_gateways_hosts_and_nowhere_else(browser, address, monkeypatch):
    assert "form-action 'self';" in browser.get(address).headers["Content-Security-Policy"]
    monkeypatch.setattr(test_bank, "hosts", ("checkout.bank.example",))
    for method in ("GET", "POST"):
        policy = browser.open(address, method=method, data={"method": "test"}).headers["Content-Security-Policy"]
        assert "form-action 'self' https://checkout.bank.example;" in policy


def test_another_orders_receipt_is_not_there(browser, alder, order, address):
    other = paying.active(alder)
    pay(browser, address)
    key = paying.payments(other)[0].id
    assert browser.get(f"{address.replace('/pay/', '/order/')}/receipt/{key}").status_code == 404
    assert db.session.get(Order, other).status is OrderStatus.ACTIVE


def test_the_card_is_changed_among_those_that_the_customer_has(browser, alder, order, address):
    assert browser.get(address.replace("/pay/", "/order/") + "/card").status_code == 303, "nothing was paid yet"
    pay(browser, address)
    page = address.replace("/pay/", "/order/")
    assert "Change card" in text(browser.get(page))
    assert "Nothing is charged now" in text(browser.get(page + "/card"))
    stranger = paying.active(alder)
    foreign = paying.of(stranger).payment_method_id
    for wrong in ("", "test nothing", "stored 999", f"stored {foreign}", "test test_ok"):
        assert browser.post(page + "/card", data={"method": wrong}).status_code == 409, wrong
    assert browser.post(page + "/card", data={"method": "test test_soft_decline"}).status_code == 303
    assert paying.of(order).payment_method.token == "test_soft_decline"
    assert len(paying.payments(order)) == 1
