"""Quantities with decimals, taxes by rate and by amount, and discounts on the whole budget."""

import json
from decimal import Decimal

import pytest

from database import db, transaction
from domain import inputs
from domain.catalog import pricing
from models.product import PriceRule
from tests import cast
from tests.api.public.test_envelope import assert_error


@pytest.fixture
def rule(alder):
    """A function that makes a tax and a product that carries it; the product's id as the API says it."""
    def make(percentage, price=8500):
        with transaction():
            new = inputs.parse(pricing.PriceRuleInput, {"name": f"VAT {percentage}", "kind": "tax",
                                                        "percentage": Decimal(percentage)})
            key = pricing.create_rule(cast.actor_for(alder), new).id
        return f"product_{cast.make_product(alder, 'Work', price=price, tax_id=key)}"

    return make


@pytest.fixture
def make(api, alder):
    """A function that makes a budget of these lines."""
    customer = f"customer_{cast.make_customer(alder)}"

    def send(*items, **more):
        reply = api.post("/budgets", {"customerId": customer, "items": list(items), **more})
        assert reply.status_code == 201, reply.json
        return reply.json["data"]

    return send


def change_rule(percentage):
    with transaction():
        row = db.session.get(PriceRule, 1)
        changes = inputs.changes(pricing.PriceRuleInput, {"percentage": percentage})
        pricing.update_rule(cast.actor_for(row.merchant_id), row, changes)


@pytest.mark.parametrize(("sent", "shown", "total"), [
    ("2.25", b'"quantity":2.25,', 180), ("2", b'"quantity":2,', 160), ("2.0", b'"quantity":2,', 160),
    ("0.0001", b'"quantity":0.0001,', 0.01), ("1000000", b'"quantity":1000000,', 80_000_000),
    ("2.5000", b'"quantity":2.5,', 200), ("1.5e1", b'"quantity":15,', 1200),
])
def test_a_quantity_is_returned_as_it_was_sent(api, make, sent, shown, total):
    make({"description": "Hours", "quantity": 1, "unitPrice": 80})
    body = b'{"items":[{"description":"Hours","unitPrice":80,"quantity":%s}]}' % sent.encode()
    reply = api.put("/budgets/budget_1", data=body, content_type="application/json")
    assert reply.status_code == 200, reply.json
    for data in (reply.data, api.get("/budgets/budget_1").data, api.get("/budgets").data):
        assert shown in data
    assert reply.json["data"]["total"] == total


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize("sent", ["0", "-1", "1000000.0001", "1000001", "0.00001", "2.00001", "1e-5", "true", '"2"'])
def test_any_other_quantity_is_refused(api, make, sent):
    make({"description": "Hours", "quantity": 1, "unitPrice": 80})
    body = b'{"items":[{"description":"Hours","unitPrice":80,"quantity":%s}]}' % sent.encode()
    reply = api.put("/budgets/budget_1", data=body, content_type="application/json")
    assert assert_error(reply, 422, "validation_error")["details"].keys() == {"items[0].quantity"}


def test_a_discount_on_the_whole_lowers_the_base_of_taxes_that_come_from_rates(make, rule):
    data = make({"productId": rule("19"), "quantity": 1}, discount=7500)
    assert (data["subtotal"], data["discount"], data["tax"], data["total"]) == (8500, 7500, 190, 1190)
    assert data["items"][0]["tax"] == 190


def test_a_document_discounted_to_zero_asks_for_no_tax(make, rule):
    data = make({"productId": rule("19"), "quantity": 0.3333}, {"productId": rule("9.975"), "quantity": 2},
                discount=19833.05)
    assert (data["tax"], data["total"]) == (0, 0)


def test_the_shares_go_by_what_each_line_is_after_its_own_discount(make, rule):
    product = rule("10", price=100)
    lines = [{"productId": product, "quantity": 1}, {"productId": product, "quantity": 3, "discount": 100},
             {"description": "Free of tax", "quantity": 1, "unitPrice": 100, "tax": 7}]
    data = make(*lines, discount=100)
    assert [one["tax"] for one in data["items"]] == [7.5, 15, 7]        # shares 25, 50, 25
    assert data["total"] == 500 - 200 + 29.5


def test_three_decimals_of_a_percentage_count(make, rule):
    assert make({"productId": rule("9.975", price=100), "quantity": 1})["tax"] == 9.98
    assert make({"productId": rule("9.9749", price=100), "quantity": 1})["tax"] == 9.97


def test_a_rule_that_changes_changes_no_written_budget(api, make, rule):
    product = rule("19", price=100)
    make({"productId": product, "quantity": 1}, {"productId": product, "quantity": 1, "tax": 5})
    change_rule(25)
    shown = api.get("/budgets/budget_1").json["data"]
    assert [one["tax"] for one in shown["items"]] == [19, 5]
    shown = api.put("/budgets/budget_1", {"discount": 100}).json["data"]
    assert [one["tax"] for one in shown["items"]] == [9.5, 5]           # the rate of then; the amount as it was written
    shown = api.put("/budgets/budget_1", {"tax": 1, "notes": "x"}).json["data"]
    assert [one["tax"] for one in shown["items"]] == [9.5, 5]
    shown = api.put("/budgets/budget_1", {"items": [{"productId": product, "quantity": 1}]}).json["data"]
    assert (shown["items"][0]["tax"], shown["discount"], shown["total"]) == (0, 100, 1)


def test_a_product_that_loses_its_tax_leaves_the_budgets_rate(api, make, rule):
    make({"productId": rule("19", price=100), "quantity": 1})
    with transaction():
        db.session.execute(db.text("UPDATE products SET tax_id = NULL"))
        db.session.delete(db.session.get(PriceRule, 1))
    assert api.put("/budgets/budget_1", {"discount": 50}).json["data"]["tax"] == 9.5


def test_every_wrong_line_is_named_at_once(api, make):
    make({"description": "x", "quantity": 1, "unitPrice": 1})
    lines = [{"quantity": 1, "unitPrice": 1}, {"description": "x", "quantity": 1},
             {"description": "x", "quantity": 1, "unitPrice": 1}, {"productId": "product_9", "quantity": 1}]
    details = assert_error(api.put("/budgets/budget_1", {"items": lines}), 422, "validation_error")["details"]
    assert details.keys() == {"items[0].description", "items[1].unitPrice", "items[3].productId"}


def test_items_replace_the_list_and_those_with_the_id_that_was_read_stay(api, make):
    line = {"description": "x", "quantity": 1, "unitPrice": 1}
    read = make(line, line)["items"]
    after = api.put("/budgets/budget_1", {"items": [line, read[1] | {"quantity": 2}]}).json["data"]["items"]
    assert [(one["id"], one["quantity"]) for one in after] == [("item_3", 1), ("item_2", 2)]


def test_another_currency_needs_items_and_amounts_on_the_whole_again(api, make):
    line = {"description": "x", "quantity": 1, "unitPrice": 100}
    make(line, discount=1, tax=2)
    details = assert_error(api.put("/budgets/budget_1", {"currency": "JPY"}), 422, "validation_error")["details"]
    assert details == dict.fromkeys(["items", "discount", "tax"], "must be sent again when the currency changes")
    data = api.put("/budgets/budget_1", {"currency": "JPY", "items": [line], "discount": 5, "tax": 0}).json["data"]
    assert (data["currency"], data["total"]) == ("JPY", 95)


def test_the_webhook_payload_says_the_quantity_as_the_api_does(api, alder, make):
    cast.make_key(alder, webhook_url="https://hooks.example.com/x", scopes=["WEBHOOKS", "READ_BUDGETS"])
    make({"description": "Hours", "quantity": 2.25, "unitPrice": 80})
    bodies = db.session.execute(db.text("SELECT body FROM webhook_deliveries")).scalars().all()
    assert bodies
    for body in bodies:
        event = json.loads(bytes(body).decode() if not isinstance(body, str) else body)
        assert event["data"]["items"][0]["quantity"] == 2.25
