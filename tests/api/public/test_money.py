"""Amounts of money through the API are exact to the minor unit."""

import json
import os
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from database import transaction
from domain import inputs
from domain.catalog import pricing
from domain.sales.totals import Totals
from models.money import exponent
from tests import cast
from tests.api.public.test_envelope import assert_error

EXAMPLES = os.environ.get("COUNTINGHOUSE_TEST_EXAMPLES")
RANDOM = settings(
    max_examples=int(EXAMPLES or 60), derandomize=EXAMPLES is None, database=None, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def total_of(api, alder):
    """A function that sends a budget as JSON text and gives its amounts."""
    cast.make_customer(alder)

    def send(items, **more):
        body = json.dumps({"customerId": "customer_1", "items": items, **more}, default=str)
        reply = api.post("/budgets", data=body, content_type="application/json")
        assert reply.status_code == 201, reply.json
        data = json.loads(reply.data, parse_float=Decimal)["data"]
        return data["subtotal"], data["discount"], data["tax"], data["total"], [one["total"] for one in data["items"]]

    return send


def line(quantity, price, **more):
    return {"description": "x", "quantity": quantity, "unitPrice": price, **more}


@pytest.mark.parametrize(("quantity", "price", "expected"), [
    (3, 0.1, "0.3"), (1, 4.35, "4.35"), (100, 4.35, "435"), (1, 1.15, "1.15"), (100, 1.15, "115"), (7, 19.99, "139.93"),
    (3, 1.005, "3.02"), (1, 1.005, "1.01"), (1, 2.675, "2.68"), (1, 0.005, "0.01"), (1, 0.004999, "0"),
    (1_000_000, 0.000001, "1"), (1_000_000, 0.0000005, None), (9, 0.29, "2.61"), (1, 8.165, "8.17"),
    (3, 33.333333, "100"),    (1, 1e3, "1000"), (1, 1.1e1, "11"), (6, 16.65, "99.9"), (1, 0, "0"), (57, 1.10, "62.7"),
])
def test_quantity_times_price_is_exact_and_rounds_half_up_once(total_of, api, quantity, price, expected):
    if expected is None:
        reply = api.post("/budgets", {"customerId": "customer_1", "items": [line(quantity, price)]})
        assert_error(reply, 422, "validation_error")
    else:
        assert total_of([line(quantity, price)])[3] == Decimal(expected)


@pytest.mark.parametrize(("currency", "quantity", "price", "expected"), [
    ("JPY", 3, 33.5, "101"), ("JPY", 1, 0.5, "1"), ("JPY", 1, 0.49, "0"), ("JPY", 1, 100, "100"),
    ("KWD", 1, 1.2345, "1.235"), ("KWD", 3, 0.0005, "0.002"), ("BHD", 1, 0.0004, "0"),
    ("CLF", 1, 1.00005, "1.0001"), ("EUR", 1, 1.2345, "1.23"), ("HUF", 1, 9.995, "10"),
])
def test_each_currency_rounds_to_its_own_minor_unit(total_of, currency, quantity, price, expected):
    assert total_of([line(quantity, price)], currency=currency)[3] == Decimal(expected)


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize(("currency", "tax", "taken"), [
    ("JPY", 1, True), ("JPY", 0.5, False), ("KWD", 0.125, True), ("KWD", 0.1255, False), ("EUR", 0.01, True),
    ("EUR", 0.001, False), ("CLF", 0.0001, True),
])
def test_amounts_have_no_more_decimals_than_their_currency(api, alder, currency, tax, taken):
    cast.make_customer(alder)
    body = {"customerId": "customer_1", "currency": currency, "items": [line(1, 10)], "tax": tax}
    assert api.post("/budgets", body).status_code == (201 if taken else 422)


# items, header, and subtotal, discount, tax, total
WORKED = [
    ([(2, 1000), (1, 100)], {"tax": 400}, ("2100", "0", "400", "2500")),
    ([(2, 500), (1, 210)], {}, ("1210", "0", "0", "1210")),
    ([(1, 100, {"discount": 10, "tax": 18.9})], {}, ("100", "10", "18.9", "108.9")),
    ([(1, 100, {"discount": 100})], {}, ("100", "100", "0", "0")),
    ([(1, 100, {"discount": 40})], {"discount": 60}, ("100", "100", "0", "0")),
    ([(1, 100)], {"discount": 100, "tax": 21}, ("100", "100", "21", "21")),
    ([(3, 0.335), (3, 0.335)], {}, ("2.02", "0", "0", "2.02")),
    ([(1, 0)], {"tax": 5}, ("0", "0", "5", "5")),
    ([(10, 9.99, {"tax": 20.98}), (1, 0.01, {"discount": 0.01})], {"discount": 0.9},
     ("99.91", "0.91", "20.98", "119.98")),
]


@pytest.mark.parametrize(("items", "header", "expected"), WORKED)
def test_worked_examples_add_up_as_documented(total_of, items, header, expected):
    amounts = total_of([line(one[0], one[1], **(one[2] if len(one) > 2 else {})) for one in items], **header)
    assert amounts[:4] == tuple(Decimal(one) for one in expected)
    assert sum(amounts[4]) == amounts[3] + Decimal(str(header.get("discount", 0))) - Decimal(str(header.get("tax", 0)))


@pytest.mark.parametrize(("percent", "quantity", "price", "more", "tax"), [
    (21, 1, 100, {}, "21"), (21, 1, 42.74, {}, "8.98"), (21, 3, 0.33, {}, "0.21"), (0, 1, 100, {}, "0"),
    (21, 1, 100, {"discount": 10}, "18.9"), (21, 1, 100, {"tax": 5}, "5"), (21, 1, 100, {"tax": 0}, "0"),
    (8.25, 1, 19.99, {}, "1.65"), (5.5, 1, 1, {}, "0.06"), (1000, 1, 1, {}, "10"), (12.5, 1, 0.04, {}, "0.01"),
])
def test_a_products_tax_comes_on_top_of_the_discounted_line(api, alder, total_of, percent, quantity, price, more, tax):
    actor = cast.actor_for(alder)
    with transaction():
        rule = inputs.parse(pricing.PriceRuleInput, {"name": "VAT", "kind": "tax", "percentage": Decimal(str(percent))})
        pricing.create_rule(actor, rule)
    cast.make_product(alder, "Lamp", 1, tax_id=1)
    item = {"productId": "product_1", "quantity": quantity, "unitPrice": price, **more}
    assert total_of([item])[2] == Decimal(tax)


def test_totals_below_two_to_the_53_are_exact_and_nothing_above_is_taken(api, alder, total_of):
    most = [line(1_000_000, 90_071_992.547409)]         # 90,071,992,547,409.00
    assert total_of(most)[3] == Decimal("90071992547409")
    assert total_of([*most, line(1, 0.91)])[3] == Decimal("90071992547409.91")
    for items, more in (
        ([*most, line(1, 0.92)], {}), ([line(1_000_000, 90_071_993)], {}), ([line(1_000_000, 10**9)], {}),
        ([line(1, 1)], {"tax": 90_071_992_547_409.91}), ([line(1, 1, tax=2**53)], {}), ([line(1, 1, tax=10**30)], {}),
        ([line(1, 1e308)], {}), ([line(1, 1)], {"discount": 1e300}),
    ):
        reply = api.post("/budgets", {"customerId": "customer_1", "items": items, **more})
        assert_error(reply, 422, "validation_error")


@pytest.mark.parametrize("number", [
    "1e400", "1e30", "1e-400", "1e-999999", "0e999999", "-0.0000001", "1E+400000000", "9" * 400, "0." + "1" * 400,
    "1e-999999999", "-1e400", "0.1000000000000000055511151231257827",
])
@pytest.mark.parametrize("field", ["unitPrice", "discount", "tax", "quantity"])
def test_numbers_at_the_edge_of_arithmetic_are_refused_or_exact(api, alder, field, number):
    cast.make_customer(alder)
    item = json.dumps(line(1, 10) | {field: "@"}).replace('"@"', number)
    body = f'{{"customerId":"customer_1","items":[{item}]}}'
    reply = api.post("/budgets", data=body, content_type="application/json")
    if number.startswith("0e"):
        assert reply.status_code in (201, 422)
    else:
        assert_error(reply, 422, "validation_error")


@pytest.mark.parametrize("price", ["1e-999999999", "1e-13", "0.0000001"])
def test_a_price_too_fine_to_keep_is_refused_not_rounded_away(api, price):
    reply = api.post("/products", data=b'{"name":"Lamp","price":%s}' % price.encode(), content_type="application/json")
    body = assert_error(reply, 422, "validation_error")
    assert body["details"]["price"] in ("has more than 6 decimals", "has too many digits")


@pytest.mark.parametrize("price", [
    "0", "0.0", "-0.0", "0.000001", "999999999.999999", "1000000000", "1.10", "1e2", "1E-2", "0e999999", "0e-999999",
])
def test_a_price_is_returned_as_it_was_sent(api, price):
    api.post("/products", data=b'{"name":"Lamp","price":%s}' % price.encode(), content_type="application/json")
    shown = json.loads(api.get("/products/product_1").data, parse_float=Decimal)["data"]["price"]
    assert shown == Decimal(price)


def test_numbers_have_no_rounding_errors_of_floats(api, alder, total_of):
    total_of([line(3, 0.1), line(1, 1499.7)])
    assert b'"total":1500.0,' in api.get("/budgets/budget_1").data
    for price in (0.07, 1.13, 8.2, 33.1, 1499.99, 703687441.66):
        total_of([line(1, price)])
        shown = api.get("/budgets").data
        assert str(price).encode() in shown


CENTS = st.integers(0, 10**7)
LINES = st.lists(st.tuples(
    st.integers(1, 1_000_000), st.integers(0, 10**9), st.integers(0, 100), st.none() | st.integers(0, 10**6),
), min_size=1, max_size=6)
CURRENCIES = st.sampled_from(["EUR", "JPY", "KWD", "CLF"])


def reference(currency, lines, discount_share, tax):
    """The sums as specified, in Decimal alone."""
    unit = Decimal(1).scaleb(-exponent(currency))
    subtotal = discounts = taxes = Decimal(0)
    items = []
    for quantity, micro, percent, item_tax in lines:
        price = Decimal(micro).scaleb(-6)
        amount = (quantity * price).quantize(unit, ROUND_HALF_UP)
        discount = (amount * percent / 100).quantize(unit, "ROUND_DOWN")
        extra = Decimal(item_tax or 0) * unit
        items.append((quantity, price, discount, extra, amount - discount + extra))
        subtotal, discounts, taxes = subtotal + amount, discounts + discount, taxes + extra
    header = ((subtotal - discounts) * discount_share / 100).quantize(unit, "ROUND_DOWN")
    return items, header, tax * unit, (subtotal, discounts + header, taxes + tax * unit)


@pytest.mark.slow
@RANDOM
@given(CURRENCIES, LINES, st.integers(0, 100), st.integers(0, 10**6))
def test_random_budgets_equal_a_decimal_reference(total_of, currency, lines, share, tax):
    items, header, header_tax, (subtotal, discount, taxes) = reference(currency, lines, share, Decimal(tax))
    sent = [line(quantity, Number(price), discount=Number(off), tax=Number(extra))
            for quantity, price, off, extra, _ in items]
    amounts = total_of(sent, currency=currency, discount=Number(header), tax=Number(header_tax))
    assert amounts[:4] == (subtotal, discount, taxes, subtotal - discount + taxes)
    assert amounts[4] == [total for *_, total in items]


class Number(float):
    """A decimal that json writes digit by digit."""

    def __new__(cls, value):
        made = super().__new__(cls, value)
        made.text = format(value, "f")
        return made

    def __repr__(self):
        return self.text


def test_the_sums_of_a_budget_add_up():
    assert Totals(subtotal=2100, discount=100, tax=400).total == 2400
