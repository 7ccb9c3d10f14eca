"""Products on the Merchant API: exact keys, amounts as text, what is paid first; they are only read."""

from decimal import Decimal

import pytest

from database import transaction
from domain import inputs
from domain.catalog import pricing
from tests import cast

KEYS = {
    "id", "product_id", "currency", "price", "product_type", "product_status", "lock_price", "lock_payment_config",
    "product_group", "scheduled_interval", "scheduled_unit", "fee_for_initial_payment_only",
    "discount_for_initial_payment_only", "deposit_amount", "created_at", "discount", "tax", "fee",
}


def rule(merchant, kind, percentage, name="Some"):
    with transaction():
        new = inputs.parse(pricing.PriceRuleInput, {
            "name": name, "kind": kind, "percentage": Decimal(percentage), "description": f"The {kind}"})
        return pricing.create_rule(cast.actor_for(merchant), new).id


@pytest.fixture
def gym(alder):
    """The product of the documents: 44.99 less 5 %, with 21 % of tax in it."""
    with transaction():
        new = inputs.parse(pricing.GroupInput, {"name": "Memberships"})
        group = pricing.create_group(cast.actor_for(alder), new).id
    return cast.make_product(
        alder, "Gym", price=Decimal("44.99"), currency="GBP", billing="subscription", group_id=group,
        scheduled_interval=1, scheduled_unit="MONTH", discount_id=rule(alder, "discount", "5"),
        tax_id=rule(alder, "tax", "21"))


def test_a_product_has_the_documented_keys_and_texts(shop, gym):
    reply = shop.get(f"/products/{gym}")
    assert reply.status_code == 200
    one = reply.json
    assert set(one) == KEYS
    assert (one["price"], one["deposit_amount"], one["scheduled_interval"]) == ("44.99", "42.74", "1")
    assert (one["product_type"], one["product_status"], one["scheduled_unit"]) == ("subscription", "active", "MONTH")
    assert (one["product_group"], len(one["product_id"]), one["fee"]) == ("Memberships", 10, None)
    assert {name: one["discount"][name] for name in ("name", "percentage", "description")} == {
        "name": "Some", "percentage": "5.00", "description": "The discount"}
    assert one["tax"]["percentage"] == "21.00"
    assert set(one["tax"]) == {"name", "percentage", "description", "created_at", "updated_at"}
    assert one["created_at"].endswith("Z")
    assert shop.get("/products").json == [one]
    assert reply.headers["ETag"]


@pytest.mark.parametrize(("more", "first"), [
    ({"billing": "single_payment"}, "95.00"), ({"billing": "subscription"}, "95.00"),
    ({"billing": "instalment", "deposit": 30}, "30.00"), ({"billing": "instalment"}, "0.00"),
    ({"billing": "metered", "deposit": 7}, "7.00"), ({"billing": "metered"}, "0.00"),
    ({"price": Decimal("0.333333")}, "0.32"), ({"currency": "JPY", "price": 101}, "96"),
])
def test_what_is_paid_first(shop, alder, more, first):
    """The price less 10 % plus a fee of 5 % of the price before the discount; each is rounded once."""
    rules = {"discount_id": rule(alder, "discount", 10), "fee_id": rule(alder, "fee", 5)}
    key = cast.make_product(alder, "Lamp", **{"price": 100, "currency": "EUR", **rules, **more})
    one = shop.get(f"/products/{key}").json
    assert one["deposit_amount"] == first
    assert one["fee"]["percentage"] == "5.00"


def test_a_change_of_a_rule_shows_at_once(shop, gym):
    before = shop.get("/products").json[0]
    with transaction():
        own, row = pricing.RULES.lock(cast.Actor.operator(), 1)
        pricing.update_rule(own, row, {"percentage": Decimal("9.975")})
    after = shop.get("/products").json[0]
    assert (before["discount"]["percentage"], after["discount"]["percentage"]) == ("5.00", "9.975")


def test_products_are_listed_by_id_and_found_by_the_merchants_identifier(shop, alder):
    keys = [cast.make_product(alder, f"Lamp {number}") for number in range(3)]
    listed = shop.get("/products").json
    assert [one["id"] for one in listed] == keys
    found = shop.get(f"/products?product_id={listed[1]['product_id']}").json
    assert [one["id"] for one in found] == keys[1:2]
    assert shop.get("/products?product_id=NOTHING").json == []


@pytest.mark.parametrize(("method", "path"), [
    ("POST", "/products"), ("PUT", "/products/1"), ("PATCH", "/products/1"), ("DELETE", "/products/1"),
    ("DELETE", "/customers/1"), ("DELETE", "/customers"),
])
def test_what_is_only_read_answers_405_and_says_what_is_allowed(shop, gym, method, path):
    reply = shop(method, path, json={"product": {}})
    assert (reply.status_code, reply.json) == (405, {"base": ["method not allowed"]})
    assert reply.headers["Allow"] == {"/customers": "GET, POST", "/customers/1": "GET, PUT"}.get(path, "GET")
