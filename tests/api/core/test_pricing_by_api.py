"""Taxes, discounts, fees and groups by the Core API, and the tiers and calls of metered products and orders."""

import json

import pytest

from tests import cast
from tests.api.core.conftest import Program
from tests.api.test_every_operation import token_for_tests
from tests.domain.payments.metered.test_metered import advance, log_calls, make_clock
from tests.paying import START, pay

VAT = {"kind": "tax", "name": "VAT", "percentage": 21, "description": "The standard rate"}
TIERS = [
    {"up_to": 1000, "unit_price": 0.01, "flat_amount": 5.0}, {"up_to": None, "unit_price": 0.002, "flat_amount": 0.0},
]
CALLS = {
    "keys_ids": [], "contracts": ["public"], "endpoints": [], "methods": ["GET"], "status_classes": [2],
    "sources": ["api"],
}


@pytest.fixture
def tester(app, alder):
    """A program of the test world."""
    return Program(app, token_for_tests(cast.make_user("tester@alder.example", merchant_ids=[alder])))


def test_a_price_rule_is_made_changed_found_and_deleted(caller, alder):
    made = caller.result("price_rules.create", {"companies_id": alder, **VAT})
    assert {name: made[name] for name in ("companies_id", *VAT)} == {"companies_id": alder, **VAT}
    assert caller.result("price_rules.update", {"id": made["id"], "percentage": 9.975, "kind": "tax"}) == 1
    caller.result("price_rules.create", {"companies_id": alder, "kind": "fee", "name": "Card", "percentage": 2})
    found = caller.get("/price-rules?kind=tax").json
    assert [(one["id"], one["percentage"]) for one in found] == [(made["id"], 9.975)]
    assert [one["name"] for one in caller.get("/price-rules?order=-name").json] == ["VAT", "Card"]
    assert caller("DELETE", f"/price-rules/{made['id']}").json == 1
    assert caller.get(f"/price-rules/{made['id']}").status_code == 404


def test_the_kind_of_a_price_rule_stays(caller, alder):
    made = caller.result("price_rules.create", {"companies_id": alder, **VAT})
    error = caller.error("price_rules.update", {"id": made["id"], "kind": "fee"})
    assert error["data"] == {"kind": "Cannot be changed"}


def test_a_group_is_made_named_by_a_product_and_kept_while_it_is(caller, alder):
    made = caller("POST", "/product-groups", {"companies_id": alder, "name": "Memberships"}).json
    product = caller.result("products.create", {
        "companies_id": alder, "name": "Gold", "price": 5, "groups_id": made["id"]})
    assert caller("DELETE", f"/product-groups/{made['id']}").status_code == 422
    caller.result("products.update", {"id": product["id"], "groups_id": None})
    assert caller("DELETE", f"/product-groups/{made['id']}").json == 1
    assert caller.error("product_groups.create", {"companies_id": alder})["data"] == {"name": "Is required"}


def test_a_metered_product_shows_the_tiers_that_were_sent(caller, alder):
    made = caller.result("products.create", {
        "companies_id": alder, "name": "Calls", "price": 0, "billing": "metered", "metered_scheme": "graduated",
        "metered_tiers": TIERS, "metered_ceiling": 100,
    })
    assert (made["metered_scheme"], made["metered_tiers"], made["metered_ceiling"]) == ("graduated", TIERS, 100)
    error = caller.error("products.update", {"id": made["id"], "metered_tiers": [{"unit_price": 1, "upto": 5}, {}]})
    assert error["data"]["metered_tiers[0].upto"] == "Is not known here; the nearest known name is up_to"
    error = caller.error("products.update", {"id": made["id"], "metered_tiers": [{"unit_price": 1}, {}]})
    assert error["data"] == {"metered_tiers[0].up_to": "Is required in all tiers but the last"}
    assert caller.result("products.update", {"id": made["id"], **made}) == 1
    assert caller.result("products.get", {"id": made["id"]})["metered_tiers"] == TIERS


def test_calls_are_billed_shown_and_counted_again(app, tester, alder):
    clock_id, key_id = make_clock(alder), cast.make_key(alder, mode="test")[0]
    customer = tester.result("clients.create", {"companies_id": alder, "name": "Ada", "currencies_id": "EUR"})
    product = tester.result("products.create", {
        "companies_id": alder, "name": "Calls", "price": 0, "billing": "metered", "currency": "EUR",
        "metered_scheme": "graduated", "metered_tiers": TIERS,
    })
    calls = CALLS | {"keys_ids": [key_id]}
    made = tester.result("orders.create", {
        "companies_id": alder, "clients_id": customer["id"], "scheduled_unit": "MONTH", "test_clocks_id": clock_id,
        "items": [{"products_id": product["id"], "calls": calls}],
    })
    assert made["items"][0]["calls"] == calls
    pay(made["id"])
    waiting = tester.result("scheduled_payments.search", {"orders_id": [made["id"]], "order": ["id"]})
    assert [(one["amount"], one["depends_on_use"]) for one in waiting] == [(0, False), (0, True)]
    log_calls(alder, (START, 1200), key_id=key_id)
    advance(clock_id, START.replace(month=2, day=28))
    billed = tester.result("scheduled_payments.search", {"orders_id": [made["id"]], "order": ["id"]})
    assert [(one["amount"], one["status"]) for one in billed] == [
        (0, "complete"), (15.4, "complete"), (0, "scheduled")]

    shown, document = run(app, "show", str(made["id"]))
    assert (shown, document["periods"][0]["count"], document["periods"][0]["amount"]) == (0, 1200, "15.40")
    again, document = run(app, "recount", str(made["id"]))
    assert (again, [one["result"] for one in document["periods"]]) == (0, ["equal", "not counted"])
    log_calls(alder, (START, 1), key_id=key_id)
    again, document = run(app, "recount", str(made["id"]))
    assert (again, document["periods"][0]["result"]) == (1, "changed")
    assert document["periods"][0]["changed_days"] == {"2026-01-31": {"then": 1200, "now": 1201}}
    assert document["periods"][0]["now"]["count"] == 1201
    assert run(app, "recount", "999")[0] == 1


def run(app, *words):
    done = app.test_cli_runner().invoke(args=["metered", *words, "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_calls_do_not_apply_to_another_order(tester, alder):
    customer = tester.result("clients.create", {"companies_id": alder, "name": "Ada", "currencies_id": "EUR"})
    product = tester.result("products.create", {"companies_id": alder, "name": "Lamp", "price": 5})
    error = tester.error("orders.create", {
        "companies_id": alder, "clients_id": customer["id"], "items": [{"products_id": product["id"], "calls": CALLS}]})
    assert error["data"] == {"items[0].calls": "Does not apply to a single_payment order"}


def test_a_discount_code_is_made_used_by_an_order_and_switched_off(tester, alder):
    made = tester.result("discount_codes.create", {
        "companies_id": alder, "code": "WELCOME", "amount": 3, "currency": "EUR", "max_uses": 5,
        "expires_dt": "2090-01-31"})
    assert (made["code"], made["amount"], made["percentage"], made["uses"]) == ("WELCOME", 3, None, 0)
    customer = tester.result("clients.create", {"companies_id": alder, "name": "Ada", "currencies_id": "EUR"})
    product = tester.result("products.create", {"companies_id": alder, "name": "Lamp", "price": 10, "currency": "EUR"})
    body = {"companies_id": alder, "clients_id": customer["id"], "items": [{"products_id": product["id"]}]}
    order = tester.result("orders.create", {**body, "discount_code": "welcome"})
    assert (order["total"], order["discount"], order["discount_code"]) == (7, 3, "WELCOME")
    assert order["items"][0]["code_discount"] == 3
    assert tester.get("/discount-codes?code=Welcome").json[0]["uses"] == 1
    assert tester("POST", f"/discount-codes/{made['id']}/archive").json == 1
    assert tester.error("orders.create", {**body, "discount_code": "WELCOME"})["data"] == {
        "discount_code": "Is no longer offered"}
    assert tester("DELETE", f"/discount-codes/{made['id']}").status_code == 422
    tester.result("orders.cancel", {"id": order["id"]})
    assert tester.result("discount_codes.get", {"id": made["id"]})["uses"] == 0
