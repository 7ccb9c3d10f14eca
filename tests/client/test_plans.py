"""Customers change the plan of a service: to products of its group, if the merchant allows it, at the cost shown."""

import re
from datetime import timedelta

import pytest

from database import db, transaction
from domain import clock, inputs
from domain.catalog import pricing
from domain.people import merchants
from models.merchant import Merchant
from models.order import Order, OrderStatus
from tests import cast
from tests.client.reached import make_service


def monthly(alder, name, price, **more):
    return cast.make_product(
        alder, name, price=price, currency="EUR", billing="subscription", scheduled_unit="MONTH",
        scheduled_interval=1, **more)


@pytest.fixture
def plans(alder):
    """Small, medium and large hosting, and things that are no other plan of it."""
    with transaction():
        who = cast.actor_for(alder)
        group = pricing.create_group(who, inputs.parse(pricing.GroupInput, {"name": "Hosting"})).id
    found = {name: monthly(alder, name, price, group_id=group)
             for name, price in (("Medium", 20), ("Large", 40), ("Small", 10))}
    monthly(alder, "Of another group", 5)
    monthly(alder, "Not sold", 5, group_id=group, status="inactive")
    cast.make_product(alder, "Once", price=5, currency="EUR", group_id=group)
    return found


@pytest.fixture
def service(alder, ada, plans):
    due = clock.now().date() + timedelta(days=9)
    return make_service(cast.actor_for(alder), ada, plans["Medium"], next_due_on=due)


@pytest.fixture
def allowed(alder):
    with transaction():
        merchants.update(cast.actor_for(alder), db.session.get(Merchant, alder), {"customer_changes": True})


def stored(key):
    db.session.expire_all()
    return db.session.get(Order, key)


def names(page):
    return re.findall(r'name="product" value="\d+"[^>]*><span><b>([^<]+)</b>', page)


def confirm(signed_in, path, page):
    """Send the second form of the page as it is."""
    form = page[page.index('method="post"', page.index('id="what"')):]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form))
    return signed_in.post(path, {name: fields[name] for name in ("product", "when", "seen")})


def test_no_plan_is_offered_unless_the_merchant_allows_it(signed_in, service, plans):
    assert "Change the plan" not in signed_in.get(f"/client/services/{service}").text
    assert signed_in.get(f"/client/services/{service}/change").status_code == 303
    sent = {"product": str(plans["Large"]), "when": "period_end", "seen": "0-4000"}
    assert signed_in.post(f"/client/services/{service}/change", sent).status_code == 409
    assert signed_in.post(f"/client/services/{service}/change/withdraw").status_code == 409


def test_other_subscriptions_of_the_group_are_offered_the_cheapest_first(signed_in, service, allowed):
    assert "Change the plan" in signed_in.get(f"/client/services/{service}").text
    assert names(signed_in.get(f"/client/services/{service}/change").text) == ["Small", "Large"]


def test_prices_are_those_of_as_many_as_the_customer_has(signed_in, alder, ada, plans, service, allowed):
    assert "€40.00" in signed_in.get(f"/client/services/{service}/change").text
    assert "× €40.00" not in signed_in.get(f"/client/services/{service}/change").text
    three = make_service(cast.actor_for(alder), ada, plans["Medium"], quantity=3, billing_cycle="every_1_weeks")
    page = signed_in.get(f"/client/services/{three}/change").text
    assert "€60.00 each time" in page
    assert re.search(r"Large</b>.*3 × €40\.00", page, re.DOTALL)
    page = re.sub(r"<[^>]+>|\s+", " ", signed_in.get(f"/client/services/{three}").text)
    assert re.search(r"Paid\s+weekly\s+Each time\s+€60\.00", page)


def test_a_plan_changes_with_the_next_payment_and_back(signed_in, service, allowed, plans):
    path = f"/client/services/{service}/change"
    page = signed_in.get(f"{path}?product={plans['Large']}&when=period_end").text
    assert "Nothing is taken now." in page
    assert page.count("€40.00") >= 3
    assert stored(service).planned_change is None
    assert confirm(signed_in, path, page).status_code == 303
    assert stored(service).planned_change is not None
    shown = signed_in.get(f"/client/services/{service}").text
    assert "The plan changes with the next payment." in shown
    assert "Change the plan" not in shown
    assert signed_in.post(f"{path}/withdraw").status_code == 303
    assert stored(service).planned_change is None


def test_what_costs_something_else_than_was_shown_is_shown_again(signed_in, service, allowed, plans):
    path = f"/client/services/{service}/change"
    sent = {"product": str(plans["Large"]), "when": "period_end", "seen": "0-3999"}
    again = signed_in.post(path, sent)
    assert (again.status_code, "What it costs has changed meanwhile" in again.text) == (409, True)
    assert stored(service).planned_change is None
    assert confirm(signed_in, path, again.text).status_code == 303


@pytest.mark.parametrize("product", ["", "x", "0", "99999999", "Of another group", "Not sold", "Once", "Medium"])
def test_nothing_but_what_is_offered_can_be_chosen(signed_in, service, allowed, plans, product):
    known = dict(db.session.execute(db.text("SELECT name, id FROM products")).all())
    sent = {"product": str(known.get(product, product)), "when": "now", "seen": ""}
    assert signed_in.post(f"/client/services/{service}/change", sent).status_code == 409
    assert signed_in.get(f"/client/services/{service}/change?product={sent['product']}").status_code == 200
    assert stored(service).items[0].product_id == plans["Medium"]


def test_a_service_that_cannot_be_changed_offers_none(signed_in, service, allowed):
    with transaction() as session:
        session.get(Order, service).status = OrderStatus.SUSPENDED
    assert signed_in.get(f"/client/services/{service}/change").status_code == 303
