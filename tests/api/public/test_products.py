"""Products of the Public API."""

import pytest

from database import db
from models import Billing, Product
from tests import cast
from tests.api.public.test_envelope import assert_error

KEYS = [
    "id", "name", "description", "price", "currency", "sku", "category", "unit", "type", "isActive", "status",
    "metadata", "createdAt", "updatedAt",
]


@pytest.fixture
def product(api):
    """A function that makes a product."""
    def make(**more):
        reply = api.post("/products", {"name": "Lamp", "price": 19.99, **more})
        assert reply.status_code == 201, reply.json
        return reply.json["data"]

    return make


def put(api, **changes):
    return api.put("/products/product_1", changes)


def row():
    db.session.rollback()
    return db.session.get(Product, 1)


def test_a_product_shows_everything_and_nothing_more(api, product):
    data = product(description="Bright", sku="L-1", category="Light", unit="piece", type="SERVICE", metadata={"a": "b"})
    assert sorted(data) == sorted(KEYS)
    assert data | {"createdAt": 0, "updatedAt": 0} == {
        "id": "product_1", "name": "Lamp", "description": "Bright", "price": 19.99, "currency": "EUR", "sku": "L-1",
        "category": "Light", "unit": "piece", "type": "SERVICE", "isActive": True, "status": "ACTIVE",
        "metadata": {"a": "b"}, "createdAt": 0, "updatedAt": 0}
    assert api.get("/products/product_1").json["data"] == data == api.get("/products").json["data"][0]


def test_left_out_it_is_an_active_product_in_the_merchants_currency(rival):
    data = rival.post("/products", {"name": "Lamp", "price": 1}).json["data"]
    assert (data["type"], data["status"], data["isActive"], data["currency"]) == ("PRODUCT", "ACTIVE", True, "USD")


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize(("more", "field", "words"), [
    ({"name": None}, "name", "must be a string"), ({"name": " "}, "name", "blank"),
    ({"name": "x" * 201}, "name", "at most 200"),
    ({"price": None}, "price", "must be a number"), ({"price": "1"}, "price", "must be a number"),
    ({"price": -0.01}, "price", "at least 0"), ({"price": True}, "price", "must be a number"),
    ({"price": 10**9 + 1}, "price", "at most"), ({"price": 1e-7}, "price", "6 decimals"),
    ({"currency": "EURO"}, "currency", "ISO 4217"), ({"currency": "usd"}, "currency", "ISO 4217"),
    ({"sku": "x" * 101}, "sku", "at most 100"), ({"sku": 7}, "sku", "must be a string"),
    ({"category": "x" * 101}, "category", "at most 100"), ({"unit": "x" * 33}, "unit", "at most 32"),
    ({"description": "x" * 5001}, "description", "at most 5000"), ({"description": ["x"]}, "description", "string"),
    ({"type": "product"}, "type", "must be one of PRODUCT, SERVICE, SUBSCRIPTION"), ({"type": None}, "type", "one of"),
    ({"status": "active"}, "status", "must be one of ACTIVE, INACTIVE"), ({"status": 1}, "status", "must be one of"),
    ({"isActive": "true"}, "isActive", "must be one of true, false"), ({"isActive": 1}, "isActive", "one of"),
    ({"isActive": None}, "isActive", "one of"), ({"metadata": {"a": 1}}, "metadata", "strings"),
])
def test_a_product_that_cannot_be_is_422_and_says_where(api, more, field, words):
    body = assert_error(api.post("/products", {"name": "Lamp", "price": 1, **more}), 422, "validation_error")
    assert body["details"].keys() == {field}
    assert words in body["details"][field]


def test_name_and_price_are_required(api):
    assert_error(api.post("/products", {}), 422, "validation_error", {"name": "is required", "price": "is required"})


def test_a_sku_belongs_to_one_product(api, product):
    product(sku="L-1")
    product(sku="L-2")
    body = assert_error(api.post("/products", {"name": "x", "price": 1, "sku": "L-1"}), 409, "conflict")
    assert body["details"] == {"sku": "is already used by another product"}
    assert_error(api.put("/products/product_2", {"sku": "L-1"}), 409, "conflict")
    assert put(api, sku="L-1").status_code == 200


@pytest.mark.parametrize(("first", "second"), [("l-1", "L-1"), ("MASSE", "Maße"), ("caf\u00e9", "CAFE\u0301")])
def test_a_sku_is_taken_whatever_its_case(api, product, first, second):
    product(sku=first)
    assert_error(api.post("/products", {"name": "x", "price": 1, "sku": second}), 409, "conflict")
    assert product(sku="e-1")["sku"] == "e-1"


@pytest.mark.parametrize("sku", ["a\u200bb", "\u202ea1", "a\u00adb", "\u3164", "a\tb"])
def test_a_sku_has_no_character_that_cannot_be_seen(api, sku):
    reply = api.post("/products", {"name": "x", "price": 1, "sku": sku})
    assert assert_error(reply, 422, "validation_error")["details"] == {"sku": "contains characters that cannot be seen"}


def test_products_without_sku_do_not_clash(product):
    assert product(sku="")["sku"] is None
    assert product(sku=None)["sku"] is None
    assert product()["sku"] is None


def test_merchants_may_have_the_same_sku(rival, product):
    product(sku="L-1")
    assert rival.post("/products", {"name": "x", "price": 1, "sku": "L-1"}).status_code == 201


def test_a_deleted_products_sku_is_free_and_its_id_is_not(api, product):
    product(sku="L-1")
    api.delete("/products/product_1")
    assert product(sku="L-1")["id"] == "product_2"
    assert_error(api.get("/products/product_1"), 404, "not_found")


def test_a_product_that_a_budget_names_is_only_switched_off(api, alder, product):
    product(sku="L-1")
    cast.make_budget(alder, cast.make_customer(alder), [{"product_id": 1, "quantity": 1}])
    answer = api.delete("/products/product_1").json["data"]
    assert answer == {"id": "product_1", "deleted": False, "status": "INACTIVE"}
    data = api.get("/products/product_1").json["data"]
    assert (data["status"], data["isActive"]) == ("INACTIVE", False)
    assert_error(api.post("/products", {"name": "x", "price": 1, "sku": "L-1"}), 409, "conflict")


@pytest.mark.parametrize(("sent", "active"), [
    ({"isActive": False}, False), ({"status": "INACTIVE"}, False), ({"isActive": True}, True),
    ({"status": "ACTIVE", "isActive": False}, True), ({"status": "INACTIVE", "isActive": True}, False),
])
def test_status_and_is_active_are_one_thing_and_status_wins_in_a_new_product(product, sent, active):
    assert product(**sent)["isActive"] is active


@pytest.mark.parametrize("sent", [
    {"isActive": False}, {"status": "INACTIVE"}, {"status": "ACTIVE", "isActive": False},
    {"status": "INACTIVE", "isActive": True},
])
def test_of_status_and_is_active_the_one_that_differs_is_the_change(api, product, sent):
    product()
    data = api.put("/products/product_1", sent).json["data"]
    assert (data["isActive"], data["status"]) == (False, "INACTIVE")


def test_only_what_is_sent_changes(api, product):
    before = product(sku="L-1", description="Bright", isActive=False, metadata={"a": "b"})
    after = put(api, price=5).json["data"]
    assert {name for name in before if before[name] != after[name]} <= {"price", "updatedAt"}
    assert after["price"] == 5.0


def test_a_subscription_is_paid_as_one(api, product):
    product(type="SUBSCRIPTION")
    assert row().billing is Billing.SUBSCRIPTION
    put(api, type="SERVICE")
    assert api.get("/products/product_1").json["data"]["type"] == "SERVICE"


def test_what_the_map_does_not_name_cannot_be_written(api, product):
    hidden = {"billing": "metered", "group_id": 1, "tax_id": 1, "lock_price": True, "merchant_id": 2, "code": "HACKED"}
    reply = api.post("/products", {"name": "Lamp", "price": 1, **hidden})
    assert_error(reply, 422, "validation_error")
    assert reply.json["details"].keys() - {"fields"} == hidden.keys()
    product()
    assert_error(api.put("/products/product_1", hidden), 422, "validation_error")
    assert (row().billing, row().tax_id) == (Billing.SINGLE_PAYMENT, None)
    assert (row().lock_price, row().merchant_id) == (False, 1)


def test_another_currency_needs_the_price_again(api):
    api.post("/products", {"name": "Lamp", "price": 19.99, "currency": "EUR"})
    body = assert_error(api.put("/products/product_1", {"currency": "JPY"}), 422, "validation_error")
    assert body["details"] == {"price": "must be sent again when the currency changes"}
    assert api.get("/products/product_1").json["data"]["currency"] == "EUR"
    assert api.put("/products/product_1", {"currency": "EUR", "name": "Same"}).status_code == 200
    data = api.put("/products/product_1", {"currency": "JPY", "price": 3000}).json["data"]
    assert (data["currency"], data["price"]) == ("JPY", 3000)
