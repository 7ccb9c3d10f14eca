"""Sending a row back as it was read changes nothing, on every contract and for every noun."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from app import CONTRACTS
from blueprints.api.requests.sent_back import same
from database import Model, db, transaction
from domain import clock, inputs
from domain.actor import Actor
from domain.catalog import pricing, products
from domain.people import customers
from domain.sales.budgets import budgets
from models.budget import BudgetStatus
from models.customer import CustomerStatus
from models.order import ScheduledPayment
from models.product import ProductStatus
from tests import cast
from tests.api.core.conftest import Program, token_of
from tests.api.merchant.conftest import Shop
from tests.rows import exact, make, wrapped

UPDATES = [(contract, one) for contract in CONTRACTS for one in contract.operations if one.verb == "update"]


@pytest.fixture
def core(app, alder):
    return Program(app, token_of(cast.make_user("ops@example.org", "admin_user", all_merchants=True)))


@pytest.fixture
def callers(app, api, core, alder):
    """The caller of each contract, and how its item is taken from a reply."""
    user = cast.make_user("shop@alder.example", "admin_user", merchant_ids=[alder], api_access=True)
    return {
        "public": (api, lambda reply: reply["data"]), "core": (core, lambda reply: reply),
        "merchant": (Shop(app, token_of(user)), lambda reply: reply),
    }


def everything():
    """Every row of every business table, with audit trail, events and versions."""
    db.session.rollback()
    return {
        table.name: [str(row) for row in db.session.execute(table.select().order_by(*table.primary_key))]
        for table in Model.metadata.sorted_tables
    }


def named(value):
    return getattr(value, "name", "")


@pytest.mark.parametrize(("contract", "operation"), UPDATES, ids=named)
def test_a_row_of_any_noun_is_sent_back_as_it_was_read(callers, alder, contract, operation):
    call, item = callers[contract.name]
    exposure = operation.exposure
    if not exposure.resource.may_create(Actor.operator()):
        return                              # of the test world, which these callers do not see
    key = make(exposure.resource, alder, "Some text")
    path = operation.path.replace("{key}", f"{exposure.prefix}{key}")
    if "{order_id}" in path:
        path = path.replace("{order_id}", str(db.session.get(ScheduledPayment, key).order_id))
    row = item(call.get(path).json)
    before = everything()
    reply = call(operation.method, path, json=wrapped(exposure, row))
    assert reply.status_code == 200, reply.json
    assert everything() == before
    assert item(call.get(path).json) == row
    if contract.name == "core":
        assert call.result(operation.name, row) == 1
        assert everything() == before


# Budgets ------------------------------------------------------------------------------------------


@pytest.fixture
def product(alder):
    with transaction():
        new = inputs.parse(pricing.PriceRuleInput, {"name": "VAT", "kind": "tax", "percentage": 19})
        key = pricing.create_rule(cast.actor_for(alder), new).id
    return cast.make_product(alder, "Work", price=100, tax_id=key)


@pytest.fixture
def budget(alder, product):
    """A budget whose lines are taxed by rate and by amount, with discount and tax on the whole."""
    return cast.make_budget(alder, cast.make_customer(alder, email="ada@example.org"), exact([
        {"product_id": product, "quantity": 2.25, "discount": 5},
        {"description": "By amount", "quantity": 3, "unit_price": 0.333333, "tax": 7},
    ]), discount=10, tax=4, valid_until=(clock.now() + timedelta(days=3, microseconds=123_456)).isoformat())


def approve(key):
    change(budgets, key, status=BudgetStatus.APPROVED)


def reject(key):
    change(budgets, key, status=BudgetStatus.REJECTED)


def stop_selling(key):
    change(products, 1, status=ProductStatus.INACTIVE)
    change(customers, 1, status=CustomerStatus.ARCHIVED)


def change(noun, key, **changes):
    with transaction():
        own, row = noun.LISTING.lock(cast.Actor.operator(), key)
        noun.update(own, row, changes)


def read(callers, contract, key):
    """The budget as a contract shows it, and a function that sends it back."""
    call, item = callers[contract]
    path = f"/budgets/{'budget_' if contract == 'public' else ''}{key}"
    method = "PUT" if contract == "public" else "PATCH"

    def send(row):
        reply = call(method, path, json=row)
        assert reply.status_code == 200, reply.json
        return item(call.get(path).json)

    return item(call.get(path).json), send


CONTRACT_NAMES = [contract.name for contract in CONTRACTS
                  if any(one.name == "budgets.update" for one in contract.operations)]


@pytest.mark.parametrize("contract", CONTRACT_NAMES)
@pytest.mark.parametrize("meanwhile", [lambda key: None, approve, reject, stop_selling],
                         ids=["pending", "approved", "rejected", "with what is sold no more"])
def test_a_budget_in_any_state_is_sent_back_as_it_was_read(callers, budget, contract, meanwhile):
    meanwhile(budget)
    row, send = read(callers, contract, budget)
    before = everything()
    assert send(row) == row
    assert everything() == before


@pytest.mark.parametrize("contract", CONTRACT_NAMES)
def test_an_expired_budget_is_sent_back_as_it_was_read(callers, budget, contract):
    with time_machine.travel(clock.now() + timedelta(days=30)):
        row, send = read(callers, contract, budget)
        assert row["status"] == "EXPIRED"
        assert send(row) == row


@pytest.mark.parametrize("contract", CONTRACT_NAMES)
def test_one_field_of_a_budget_that_was_read_is_changed(callers, budget, contract):
    row, send = read(callers, contract, budget)
    after = send(row | {"notes": "Changed"})
    unlike = {name for name in row if row[name] != after[name]}
    assert unlike <= {"notes", "updatedAt", "u_dt"}


@pytest.mark.parametrize("contract", CONTRACT_NAMES)
def test_a_line_that_was_read_is_changed_and_taxed_as_before(callers, budget, contract):
    row, send = read(callers, contract, budget)
    first, second = row["items"]
    after = send(row | {"items": [first | {"quantity": 1}, second | {"quantity": 6}]})
    assert [one["id"] for one in after["items"]] == [first["id"], second["id"]]
    # 100 - 5 is 95 of 97, of 10 its share is 9.79: 19 % of 85.21. The second tax was written as an amount.
    assert [float(one["tax"]) for one in after["items"]] == [16.19, 7]
    assert [float(after[name]) for name in ("subtotal", "discount", "tax")] == [102, 15, 27.19]
    assert [float(one["tax"]) for one in send(after | {"items": after["items"][:1]})["items"]] == [16.15]


@pytest.mark.parametrize("contract", CONTRACT_NAMES)
def test_amounts_of_a_budget_that_differ_from_what_was_read_are_those_on_the_whole(callers, budget, contract):
    row, send = read(callers, contract, budget)
    after = send({"discount": 20, "tax": float(row["tax"])})
    assert float(after["discount"]) == 25
    with transaction():
        stored = budgets.LISTING.get(cast.Actor.operator(), budget)
        assert (stored.header_discount_minor, stored.header_tax_minor) == (2000, 400)


@pytest.mark.parametrize("contract", CONTRACT_NAMES)
def test_another_currency_takes_every_amount_as_it_is_sent(callers, budget, contract):
    change(products, 1, currency="USD", price=Decimal(100))
    row, send = read(callers, contract, budget)
    after = send(row | {"currency": "USD"})
    assert after["currency"] == "USD"
    assert [float(after[name]) for name in ("subtotal", "discount", "tax", "total")] == [
        float(row[name]) for name in ("subtotal", "discount", "tax", "total")]


def test_a_line_of_another_budget_is_a_new_line(callers, alder, budget):
    other = cast.make_budget(alder, 1)
    row, send = read(callers, "public", budget)
    foreign, _ = read(callers, "public", other)
    after = send({"items": [*row["items"], foreign["items"][0], row["items"][0]]})
    kept = [one["id"] for one in after["items"]]
    assert kept[:2] == [one["id"] for one in row["items"]]
    assert len({*kept, foreign["items"][0]["id"]}) == 5
    assert read(callers, "public", other)[0] == foreign


# Other nouns --------------------------------------------------------------------------------------


def test_a_price_that_stays_is_an_amount_of_the_new_currency(api, alder):
    cast.make_product(alder, price=10)
    row = api.get("/products/product_1").json["data"]
    after = api.put("/products/product_1", row | {"currency": "USD"}).json["data"]
    assert (after["price"], after["currency"]) == (10, "USD")


def test_a_stopped_customer_and_an_expired_key_stay_what_they_are(callers, api, core, alder):
    cast.make_customer(alder, status="stopped")
    row = api.get("/customers/customer_1").json["data"]
    assert api.put("/customers/customer_1", row | {"phone": "1"}).status_code == 200
    assert core.result("clients.get", {"id": 1})["status"] == "stop"
    key = cast.make_key(alder, expires_at=(clock.now() + timedelta(hours=1)).isoformat())[0]
    with time_machine.travel(clock.now() + timedelta(days=1)):
        shown = core.result("api_keys.get", {"id": key})
        assert core.result("api_keys.update", shown | {"description": "Over"}) == 1
        assert core.result("api_keys.get", {"id": key})["expires_dt"] == shown["expires_dt"]


def test_one_of_two_fields_that_say_the_same_is_changed(api, alder):
    cast.make_product(alder)
    row = api.get("/products/product_1").json["data"]
    assert api.put("/products/product_1", row | {"isActive": False}).json["data"]["status"] == "INACTIVE"


@pytest.mark.once("compares JSON")
@pytest.mark.parametrize(("sent", "shown", "equal"), [
    (1, True, False), (True, 1, False), (0, False, False), ("1", 1, False), (None, "", False), (1.0, 1, True),
    ([1], [1, 2], False), ({"a": 1}, {"a": 1, "b": None}, False), ({"a": [1]}, {"a": [1]}, True),
])
def test_values_are_compared_as_json_has_them(sent, shown, equal):
    assert same(Decimal(sent) if isinstance(sent, float) else sent, shown) is equal
