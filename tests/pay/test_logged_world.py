"""The request log says whose customers' pages were opened, and of which world."""

import pytest

from database import db, transaction
from domain.invoicing.paying import invoice_links
from domain.sales.budgets import budget_links, budgets
from domain.sales.orders import payment_links
from models.merchant import Merchant
from models.order import Order
from tests import cast, paying
from tests.client.conftest import Browser
from tests.invoicing import actor_of, locked, make_issued

BOTH = pytest.mark.parametrize("test", [False, True], ids=["live", "test"])


def logged(records):
    return [(one["mode"], one["merchant_id"], one["customer_id"]) for one in records]


def customer(alder, *, test):
    return cast.make_customer(alder, "Ada", email="ada@example.org", actor=actor_of(alder, test=test))


@BOTH
def test_the_page_of_an_order(browser, records, alder, test):
    order = db.session.get(Order, paying.make_order(alder, test=test))
    link = payment_links.path_of(order.link_token)
    records.clear()
    assert browser.get(link).status_code == 200
    assert logged(records) == [("test" if test else "live", alder, order.customer_id)]


@BOTH
def test_the_page_of_an_invoice(browser, records, alder, test):
    ada = customer(alder, test=test)
    key = make_issued(alder, ada, test=test)
    with transaction():
        own, row = locked(key, test=test)
        link = f"/pay/{invoice_links.share(own, [row])}"
    records.clear()
    assert browser.get(link).status_code == 200
    assert logged(records) == [("test" if test else "live", alder, ada)]


@BOTH
def test_the_page_of_a_quote(browser, records, alder, test):
    ada, actor = customer(alder, test=test), actor_of(alder, test=test)
    key = cast.make_budget(alder, ada, actor=actor)
    with transaction():
        link = f"/quote/{budget_links.share(*budgets.LISTING.lock(actor, key))}"
    records.clear()
    assert browser.get(link).status_code == 200
    assert logged(records) == [("test" if test else "live", alder, ada)]


@BOTH
def test_the_client_area(app, records, alder, test):
    ada = customer(alder, test=test)
    one = Browser(app)
    assert db.session.get(Merchant, alder).area_key
    one.sign_in(alder, "ada@example.org", test=test)
    records.clear()
    assert one.get("/client/").status_code == 200
    assert logged(records) == [("test" if test else "live", alder, ada)]
