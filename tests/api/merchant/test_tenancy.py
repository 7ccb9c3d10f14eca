"""Tenancy: no program of one merchant sees, changes or learns of a row of another, by any path, filter or reference."""

import json
import re

import pytest

from blueprints.api.merchant.contract import CONTRACT
from database import Model, db
from models.order import ScheduledPayment
from tests import cast, paying
from tests.ordered import make_waiting
from tests.rows import make, wrapped

MISSING = 987_654
CANARY = "canary-of-birch"
ON_A_ROW = [one for one in CONTRACT.operations if one.exposure is not None and "{key}" in one.path]
LISTS = [one for one in CONTRACT.operations if one.verb == "list" and "{order_id}" not in one.path]
NOUNS = {one.exposure.resource.name: one.exposure.resource for one in ON_A_ROW}


def rows_of(merchant, text=""):
    """The id of a row of every noun; the scheduled payment is one of the order's."""
    made = {name: make(resource, merchant, text) for name, resource in NOUNS.items() if resource.input and
            name not in ("customers", "payments", "products", "scheduled_payments")}
    made["customers"] = cast.make_customer(merchant, text or "Ada")         # samples have one e-mail address and sku
    made["products"] = cast.make_product(merchant, text or "Pen")
    waiting = make_waiting(cast.actor_for(merchant), text)
    made["scheduled_payments"] = waiting
    made["payments"] = paying.payments(paying.paid_by_hand(merchant, f"by hand {waiting}"))[0].id
    return made | {"orders": db.session.get(ScheduledPayment, waiting).order_id}


@pytest.fixture
def foreign(birch):
    """The rows of Birch; their ids are none of Alder's."""
    for _ in range(3):
        rows_of(birch, CANARY)
    return rows_of(birch, CANARY)


@pytest.fixture
def mine(alder, foreign):
    return rows_of(alder)


def everything():
    db.session.rollback()
    return {table.name: sorted(map(str, db.session.execute(table.select())))
            for table in Model.metadata.sorted_tables if table.name != "idempotent_replies"}


def at(path, key, order):
    return path.replace("{key}", str(key)).replace("{order_id}", str(order))


def same(reply):
    """An answer without ids."""
    return reply.status_code, re.sub(r"\d+", "N", json.dumps(reply.json)), reply.headers.get("ETag")


def changes(operation):
    """Bodies that a row of one's own would take."""
    if not operation.takes_body:
        return [None]
    name = operation.exposure.wrapper
    own = {"customer": [{"first_name": "Eve"}], "scheduled_payment": [{"status": "skipped"}, {"amount": "1.00"}]}
    return [wrapped(operation.exposure, body) for body in ({}, *own.get(name, []))]


def test_every_route_answers_a_foreign_id_as_a_missing_one_and_changes_nothing(shop, foreign, mine):
    assert {one.name for one in ON_A_ROW} >= {"orders.cancel", "orders.pause", "order_checkouts.create"}
    before = everything()
    for operation in ON_A_ROW:
        theirs = foreign[operation.exposure.resource.name]
        orders = (foreign["orders"], mine["orders"]) if "{order_id}" in operation.path else (0,)
        for order in orders:
            for body in changes(operation):
                replies = [shop(operation.method, at(operation.path, key, order), json=body)
                           for key in (theirs, MISSING)]
                assert replies[0].status_code == 404, (operation.name, replies[0].json)
                assert replies[0].json == {"base": ["not found"]}
                assert same(replies[0]) == same(replies[1]), operation.name
    assert everything() == before


def test_ones_own_payment_is_not_found_below_an_order_of_another(shop, foreign, mine):
    below = [one for one in ON_A_ROW if "{order_id}" in one.path]
    assert below
    for operation in below:
        reply = shop(operation.method, at(operation.path, mine["scheduled_payments"], foreign["orders"]),
                     json=changes(operation)[-1])
        assert (reply.status_code, reply.json) == (404, {"base": ["not found"]}), operation.name


def test_the_payments_of_a_foreign_order_are_those_of_a_missing_one(shop, foreign, mine):
    theirs, none = (shop.get(f"/orders/{order}/scheduled_payments") for order in (foreign["orders"], MISSING))
    assert same(theirs) == same(none)
    assert CANARY not in theirs.text


@pytest.mark.parametrize("operation", LISTS, ids=lambda one: one.name)
def test_lists_hold_and_count_own_rows_whatever_is_asked(shop, birch, foreign, mine, operation):
    for query in (
        "", "per_page=100", "merchant_id={birch}", "profile_id[]={birch}", "customer_id={customer}",
        "invoice_id=canary", "product_id=canary", "id={row}", "status=pending", "search=canary", "page=2&per_page=1",
    ):
        asked = query.format(birch=birch, customer=foreign["customers"], row=foreign[operation.exposure.resource.name])
        reply = shop.get(f"{operation.path}?{asked}")
        assert CANARY not in reply.text, asked
        if reply.status_code == 200:
            assert foreign[operation.exposure.resource.name] not in [one["id"] for one in reply.json], asked
            assert int(reply.headers["X-Total"]) <= 4, asked
    assert shop.get(f"{operation.path}?profile_id={birch}").status_code == 403


@pytest.mark.parametrize("spoil", [
    lambda order, ids: order | {"customer_id": ids["customers"]},
    lambda order, ids: order | {"order_products": [{"product_id": ids["products"]}]},
    lambda order, ids: order | {"order_products": [*order["order_products"], {"product_id": ids["products"]}]},
])
@pytest.mark.parametrize("path", ["/orders/create_single_order", "/orders/create_single_order?preview=true"])
def test_a_reference_to_a_foreign_row_is_one_to_a_missing_row(shop, alder, foreign, spoil, path):
    order = {"currency": "EUR", "customer_id": cast.make_customer(alder, email="a@b.example"),
             "order_products": [{"product_id": cast.make_product(alder, currency="EUR", billing="single_payment")}]}
    before = everything()
    theirs, none = (shop.post(path, {"order": spoil(order, ids)})
                    for ids in (foreign, {"customers": MISSING, "products": MISSING}))
    assert theirs.status_code == 422
    assert same(theirs) == same(none)
    assert CANARY not in theirs.text
    assert everything() == before
    assert shop.post(path, {"order": order}).status_code == 200


def test_if_match_and_unique_values_are_no_oracle(shop, birch, foreign):
    for tag in ('"1"', '"77"'):
        for path, body in (
            (f"/customers/{foreign['customers']}", {"customer": {"first_name": "Eve"}}),
            (f"/scheduled_payments/{foreign['scheduled_payments']}", {"scheduled_payment": {"status": "skipped"}}),
        ):
            reply = shop.put(path, body, headers={"If-Match": tag})
            assert (reply.status_code, reply.json) == (404, {"base": ["not found"]})
    cast.make_customer(birch, "Theirs", email="taken@example.org")
    taken = {"customer": {"first_name": "Ada", "last_name": "Byron", "email": "taken@example.org"}}
    assert shop.post("/customers", taken).status_code == 200


def test_an_idempotency_key_of_another_merchant_is_not_ones_own(shop, shop_of, birch):
    rival = shop_of(birch, email="rival@birch.example")
    body = {"customer": {"first_name": "Ada", "last_name": "Byron", "email": "ada@example.org"}}
    mine, theirs = (one.post("/customers", body, headers={"Idempotency-Key": "one"}) for one in (shop, rival))
    assert (mine.status_code, theirs.status_code) == (200, 200)
    assert mine.json["id"] != theirs.json["id"]
    assert "Idempotent-Replayed" not in theirs.headers
