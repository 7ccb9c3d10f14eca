"""A signed-in customer pays invoices with a stored card, in the client area and on the payment page."""

import re

import pytest

from database import db
from domain.people import customers
from models.customer import Customer, CustomerStatus
from models.payment import Payment
from outbound.gateways.test_bank import test_bank
from tests import cast
from tests.client.conftest import Browser
from tests.invoicing import actor_of, make_issued, of
from tests.stored_cards import make_card


@pytest.fixture
def tess(alder):
    return cast.make_customer(alder, "Tess", actor=actor_of(alder, test=True), email="tess@example.org")


@pytest.fixture
def browser_of_tess(app, alder, tess):
    one = Browser(app)
    assert one.sign_in(alder, "tess@example.org", test=True).status_code == 303
    return one


def charged():
    return [one.amount_minor for one in test_bank.book.charges() if one.status == "approved"]


def form(page, label):
    """The hidden values of the form whose button says this."""
    name = re.search(rf'form="(card-\d+)">{re.escape(label)}', page)[1]
    found = re.search(rf'<form id="{name}".*?</form>', page, re.S)[0]
    pairs = re.findall(r'name="(\w+)" value="([^"]*)"', found)
    return {name: [value for key, value in pairs if key == name] for name, _ in pairs}


def test_an_invoice_is_paid_with_a_stored_card_once(browser_of_tess, alder, tess):
    bill = make_issued(alder, tess, test=True)
    page = browser_of_tess.get(f"/client/invoices/{bill}").text
    assert "Pay another way" not in page
    make_card(alder, tess)
    page = browser_of_tess.get(f"/client/invoices/{bill}").text
    sent = form(page, "Pay €120.00 with Approve")
    replies = [browser_of_tess.post("/client/invoices/card", sent) for _ in range(2)]
    assert replies[0].headers["Location"] == replies[1].headers["Location"]
    assert (charged(), of(bill).balance_minor) == ([12000], 0)
    done = browser_of_tess.get(replies[0].headers["Location"]).text
    assert "with Approve" not in done
    assert 'href="/client/invoices"' in done                    # the way back
    assert "€120.00" in done


def test_several_invoices_are_paid_on_their_page_by_whom_they_are_for_alone(browser_of_tess, browser, alder, tess):
    keys = [make_issued(alder, tess, test=True) for _ in range(2)]
    make_card(alder, tess, "test_soft_decline")
    make_card(alder, tess)
    browser_of_tess.get("/client/invoices")
    link = browser_of_tess.post("/client/invoices/pay", {"ids": keys}).headers["Location"]
    page = browser_of_tess.get(link).text
    assert page.count('action="/client/invoices/card"') == 2
    assert "Your invoices</a>" in page
    assert "Your invoices" not in browser().get(link).text
    assert 'action="/client/invoices/card"' not in browser().get(link).text      # nobody is signed in
    cast.make_customer(alder, "Bea", actor=actor_of(alder, test=True), email="bea@example.org")
    other = browser()
    other.sign_in(alder, "bea@example.org", test=True)
    assert 'action="/client/invoices/card"' not in other.get(link).text
    sent = form(page, "Pay with Decline")
    back = browser_of_tess.post("/client/invoices/card", sent)
    assert back.headers["Location"] == link
    page = browser_of_tess.get(link).text
    assert "Your bank declined the payment" in page
    browser_of_tess.post("/client/invoices/card", form(page, "Pay €240.00 with Approve"))
    assert (charged(), [of(key).balance_minor for key in keys]) == ([24000], [0, 0])


def test_one_more_step_is_led_to(browser_of_tess, alder, tess):
    bill = make_issued(alder, tess, test=True)
    make_card(alder, tess, "test_requires_action")
    page = browser_of_tess.get(f"/client/invoices/{bill}").text
    link = browser_of_tess.post("/client/invoices/card", form(page, "Pay €120.00 with Ask")).headers["Location"]
    page = browser_of_tess.get(link).text
    step = re.search(r'href="(/pay/test/confirm/[^"]+)"', page)[1]
    browser_of_tess.get(step)
    browser_of_tess.post(step, {"answer": "confirm"})
    browser_of_tess.get(f"{link}/back")
    assert (charged(), of(bill).balance_minor) == ([12000], 0)


def test_cards_and_invoices_of_others_charge_nothing(browser_of_tess, alder, tess):
    bill, mine = make_issued(alder, tess, test=True), make_card(alder, tess)
    bea = cast.make_customer(alder, "Bea", actor=actor_of(alder, test=True))
    theirs, card = make_issued(alder, bea, test=True), make_card(alder, bea)
    sent = form(browser_of_tess.get(f"/client/invoices/{bill}").text, "Pay €120.00 with Approve")
    for changed, code in (({"card": card}, 422), ({"ids": [theirs]}, 404), ({"ids": [bill, theirs]}, 404),
                          ({"card": "x"}, 422), ({"ids": []}, 422)):
        values = {name: value for name, value in (sent | changed).items() if value != []}
        assert browser_of_tess.post("/client/invoices/card", values).status_code == code, changed
    refused = browser_of_tess.post("/client/invoices/card", sent, headers={"Sec-Fetch-Site": "cross-site"})
    assert refused.status_code == 403
    assert (charged(), db.session.query(Payment).count(), mine > 0) == ([], 0, True)


def test_a_stopped_customer_may_still_pay(browser_of_tess, alder, tess):
    bill = make_issued(alder, tess, test=True)
    make_card(alder, tess)
    customers.update(actor_of(alder, test=True), db.session.get(Customer, tess), {"status": CustomerStatus.STOPPED})
    db.session.commit()
    page = browser_of_tess.get(f"/client/invoices/{bill}").text
    browser_of_tess.post("/client/invoices/card", form(page, "Pay €120.00 with Approve"))
    assert (charged(), of(bill).balance_minor) == ([12000], 0)
