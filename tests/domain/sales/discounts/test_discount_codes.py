"""Discount codes: what they take off, whom they are refused, and that uses are counted exactly."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from database import transaction
from domain import clock, inputs
from domain.catalog import pricing
from domain.errors import Conflict, Invalid
from domain.payments.orders import order_codes, order_verbs, ordering
from domain.sales.discounts import discount_codes
from domain.sales.discounts.discount_amounts import take_off
from domain.sales.discounts.discount_codes import DiscountCodeInput
from domain.sales.orders import orders
from domain.sales.orders.order_amounts import Line
from domain.sales.orders.orders import OrderInput
from models.discount_code import DiscountCode
from models.order import OrderStatus
from models.product import Billing
from tests import cast
from tests.paying import actor_of, of, pay, rows


@pytest.fixture
def merchant():
    return cast.make_merchant()


@pytest.fixture
def ada(merchant):
    return cast.make_customer(merchant, actor=actor_of(merchant))


def make_code(merchant, code="SUMMER", **more):
    more = {"percentage": 10} | more if "amount" not in more else more
    with transaction():
        new = inputs.parse(DiscountCodeInput, {"code": code, **more})
        return discount_codes.create(actor_of(merchant), new).id


def change_code(merchant, key, **changes):
    actor = actor_of(merchant)
    with transaction():
        row = discount_codes.LISTING.get(actor, key, lock=True)
        discount_codes.update(actor, row, inputs.changes(DiscountCodeInput, changes))


def product(merchant, billing="single_payment", price="10.00", **more):
    return cast.make_product(merchant, actor=actor_of(merchant), price=Decimal(price), billing=billing, **more)


TERMS = {
    "subscription": {"interval_unit": "MONTH"}, "instalment": {"interval_unit": "MONTH", "instalments": 3},
    "metered": {"interval_unit": "MONTH"},
}


def order(merchant, customer, items, code=None, billing="single_payment", **more):
    """The id of a new order."""
    items = [{"product_id": one} for one in items] if isinstance(items, list) else [{"product_id": items}]
    sent = {"customer_id": customer, "items": items, "discount_code": code, **TERMS.get(billing, {}), **more}
    with transaction():
        return ordering.create(actor_of(merchant), inputs.parse(OrderInput, sent)).id


def uses(merchant, key):
    return discount_codes.LISTING.read(actor_of(merchant), key).row.uses


def refusal(run):
    with pytest.raises(Invalid) as refused:
        run()
    return str(refused.value.fields["discount_code"])


# What they take off --------------------------------------------------------------------------------


@pytest.mark.parametrize(("billing", "code", "more", "expected"), [
    ("single_payment", {}, {}, (900, 900, 0)),
    ("single_payment", {"amount": 4}, {}, (600, 600, 0)),
    ("single_payment", {"amount": 400}, {}, (0, 0, 0)),
    ("subscription", {}, {}, (900, 900, 900)),
    ("subscription", {"first_only": True}, {}, (900, 900, 1000)),
    ("subscription", {"amount": 4, "first_only": True}, {"trial_days": 7}, (600, 600, 1000)),
    ("instalment", {}, {"initial": 4}, (900, 360, 180)),                 # a tenth of each payment
    ("instalment", {"first_only": True}, {"initial": 4}, (900, 300, 200)),
    ("instalment", {"amount": 9, "first_only": True}, {"initial": 4}, (600, 0, 200)),
    ("metered", {}, {"initial": 4}, (360, 360, 0)),
    ("metered", {"amount": 9}, {"initial": 4}, (0, 0, 0)),
])
def test_a_code_takes_its_part_off_the_first_payment_and_the_later_ones(merchant, ada, billing, code, more, expected):
    make_code(merchant, **code)
    found = of(order(merchant, ada, product(merchant, billing), "summer ", billing, **more))
    assert (found.total_minor, found.initial_minor, found.later_minor) == expected
    assert found.discount_code == "SUMMER"
    planned = rows(found.id)
    assert planned[0].amount_minor == (0 if "trial_days" in more else expected[1])
    if billing == "instalment":
        assert sum(one.amount_minor for one in planned) == expected[0]


def test_the_tax_is_that_of_what_is_left(merchant, ada):
    actor = actor_of(merchant)
    with transaction():
        tax = pricing.create_rule(actor, inputs.parse(pricing.PriceRuleInput, {
            "name": "VAT", "kind": "tax", "percentage": 25})).id
        off = pricing.create_rule(actor, inputs.parse(pricing.PriceRuleInput, {
            "name": "Off", "kind": "discount", "percentage": 50})).id
    make_code(merchant, amount=1)
    found = of(order(merchant, ada, product(merchant, tax_id=tax, discount_id=off), "SUMMER"))
    assert (found.total_minor, found.discount_minor, found.tax_minor) == (400, 600, 80)


def test_a_code_for_one_product_leaves_the_others(merchant, ada):
    lamp, desk = product(merchant), product(merchant, price="30.00")
    make_code(merchant, product_id=desk)
    found = of(order(merchant, ada, [lamp, desk], "SUMMER"))
    assert [one.code_discount_minor for one in found.items] == [0, 300]
    assert refusal(lambda: order(merchant, ada, lamp, "SUMMER")) == "is not for this product"
    assert refusal(lambda: order(merchant, ada, [lamp, lamp], "SUMMER")) == "is not for these products"


OFF = st.one_of(
    st.tuples(st.just("percent"), st.integers(1, 10**6)), st.tuples(st.just("amount"), st.integers(1, 10**7)))


@settings(max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.integers(1, 10**9), st.integers(0, 10**4)), min_size=1, max_size=6), OFF)
def test_a_code_takes_off_exactly_what_it_says(parts, value):
    lines = [
        Line(product_id=1, name="", currency="EUR", quantity_ten_thousandths=10_000, unit_price_micro=price * 10)
        for price, _ in parts
    ]
    for line, (_, off) in zip(lines, parts, strict=True):
        line.discount_minor = min(off, line.amount_minor)
    left = [one.amount_minor - one.discount_minor for one in lines]
    kind, number = value
    code = DiscountCode(
        percent_ten_thousandths=number if kind == "percent" else None, first_only=False,
        amount_minor=number if kind == "amount" else None, currency="EUR" if kind == "amount" else None,
    )
    try:
        take_off(code, lines, Billing.SINGLE_PAYMENT)
    except Invalid:
        assert not any(one.code_discount_minor for one in lines)
        assert not any(left) or kind == "percent"
    found = [one.code_discount_minor for one in lines]
    assert all(0 <= off <= most for off, most in zip(found, left, strict=True))
    if kind == "amount":
        assert sum(found) == min(number, sum(left))
    else:                                                  # half a cent up, in each line
        assert found == [(2 * most * number + 10**6) // (2 * 10**6) for most in left]


# Whom they are refused -----------------------------------------------------------------------------


def test_a_code_is_refused_in_clear_words(merchant, ada):
    lamp = product(merchant)
    assert refusal(lambda: order(merchant, ada, lamp, "SUMMER")) == "is not known"
    key = make_code(merchant, amount=3, currency="USD")
    assert refusal(lambda: order(merchant, ada, lamp, "SUMMER")) == "is for orders in USD"
    change_code(merchant, key, percentage=5, active=False)
    assert refusal(lambda: order(merchant, ada, lamp, "SUMMER")) == "is no longer offered"
    change_code(merchant, key, active=True, expires_at="2090-01-31")
    with time_machine.travel("2090-02-01T00:00:01Z"):
        assert refusal(lambda: order(merchant, ada, lamp, "SUMMER")) == "has expired"
    other = cast.make_merchant("Birch")
    make_code(other, "WINTER")
    assert refusal(lambda: order(merchant, ada, lamp, "WINTER")) == "is not known"
    free = product(merchant, price="0.00")
    assert refusal(lambda: order(merchant, ada, free, "SUMMER")) == "takes nothing off this order"
    assert uses(merchant, key) == 0


@pytest.mark.parametrize(("sent", "expected"), [
    ({"code": " "}, {"code": "can't be blank"}),
    ({"percentage": 101}, {"percentage": "must be at most 100"}),
    ({"percentage": 5, "amount": 5}, {"amount": "cannot be sent together with a percentage"}),
    ({"percentage": None}, {"percentage": "is required, or an amount"}),
    ({"amount": Decimal("0.001")}, {"amount": "has more than 2 decimals"}),
    ({"expires_at": "2020-01-01"}, {"expires_at": "must be in the future"}),
    ({"product_id": 999}, {"product_id": "must exist"}),
])
def test_a_code_that_makes_no_sense_is_refused(merchant, sent, expected):
    with pytest.raises(Invalid) as refused:
        make_code(merchant, **sent)
    assert {name: str(problem) for name, problem in refused.value.fields.items()} == expected


def test_a_code_reads_the_same_in_small_letters(merchant):
    make_code(merchant)
    with pytest.raises(Conflict, match="already reads like this"):
        make_code(merchant, "summer")


# How often they were used --------------------------------------------------------------------------


def test_a_code_is_used_up_in_all_and_by_one_customer(merchant, ada):
    lamp, bo = product(merchant), cast.make_customer(merchant, "Bo", actor=actor_of(merchant))
    key = make_code(merchant, max_uses=2, max_uses_per_customer=1)
    order(merchant, ada, lamp, "SUMMER")
    assert refusal(lambda: order(merchant, ada, lamp, "SUMMER")) == "was already used by this customer"
    order(merchant, bo, lamp, "SUMMER")
    cy = cast.make_customer(merchant, "Cy", actor=actor_of(merchant))
    assert refusal(lambda: order(merchant, cy, lamp, "SUMMER")) == "has been used up"
    assert uses(merchant, key) == 2


def test_an_order_cancelled_unpaid_gives_its_use_back_and_a_paid_one_does_not(merchant, ada):
    lamp = product(merchant)
    key = make_code(merchant, max_uses=1)
    first = order(merchant, ada, lamp, "SUMMER")
    with transaction():
        order_verbs.cancel(actor_of(merchant), orders.locked(first))
    assert (uses(merchant, key), of(first).discount_code) == (0, "SUMMER")
    paid = order(merchant, ada, product(merchant, "subscription"), "SUMMER", "subscription")
    pay(paid)
    with transaction():
        order_verbs.cancel(actor_of(merchant), orders.locked(paid))
    assert (uses(merchant, key), of(paid).status) == (1, OrderStatus.COMPLETE)


def test_a_draft_changes_its_code_and_gives_the_other_back(merchant, ada):
    summer, winter = make_code(merchant), make_code(merchant, "WINTER", amount=2)
    draft = order(merchant, ada, product(merchant), "SUMMER", draft=True)

    def change(**changes):
        with transaction():
            ordering.update(actor_of(merchant), orders.locked(draft), inputs.changes(OrderInput, changes))
        return of(draft).total_minor, uses(merchant, summer), uses(merchant, winter)

    assert change(discount_code="winter") == (800, 0, 1)
    assert change(description="A lamp") == (800, 0, 1)
    assert change(discount_code=None) == (1000, 0, 0)


def test_a_code_in_use_is_not_deleted(merchant, ada):
    key = make_code(merchant)
    order(merchant, ada, product(merchant), "SUMMER")
    with transaction(), pytest.raises(Conflict, match="1 order"):
        discount_codes.delete(actor_of(merchant), discount_codes.LISTING.get(actor_of(merchant), key, lock=True))


# Entered later -------------------------------------------------------------------------------------


def enter(order_id, text):
    with transaction():
        found = orders.locked(order_id)
        order_codes.enter(actor_of(found.merchant_id), found, text)


@pytest.mark.parametrize(("billing", "more"), [
    ("single_payment", {}), ("subscription", {}), ("instalment", {"initial": 4}), ("metered", {"initial": 4}),
])
def test_a_code_that_is_entered_later_gives_the_same_order(merchant, ada, billing, more):
    make_code(merchant)
    make_code(merchant, "WINTER", amount=3, first_only=True)
    thing = product(merchant, billing)

    def shown(order_id):
        found = of(order_id)
        return (
            found.total_minor, found.initial_minor, found.later_minor, found.later_tax_minor, found.discount_minor,
            found.code_initial_minor, found.discount_code, [one.metered for one in found.items],
            [(one.sequence, one.amount_minor, one.tax_minor) for one in rows(order_id)],
        )

    with time_machine.travel(clock.now() + timedelta(0), tick=False):
        plain = order(merchant, ada, thing, None, billing, **more)
        before = shown(plain)
        for code in ("WINTER", "SUMMER", "WINTER"):
            enter(plain, code)
            assert shown(plain) == shown(order(merchant, ada, thing, code, billing, **more))
        enter(plain, None)
        assert shown(plain)[:7] == before[:7]
        assert shown(plain)[8] == before[8]


def test_no_code_is_entered_once_something_was_paid(merchant, ada):
    make_code(merchant)
    paid = order(merchant, ada, product(merchant, "subscription"), None, "subscription")
    pay(paid)
    with pytest.raises(Conflict, match="can no longer be entered"):
        enter(paid, "SUMMER")


def test_a_code_that_is_refused_later_changes_nothing(merchant, ada):
    key = make_code(merchant, max_uses=1)
    order(merchant, ada, product(merchant), "SUMMER")
    plain = order(merchant, ada, product(merchant))
    assert refusal(lambda: enter(plain, "SUMMER")) == "has been used up"
    assert (of(plain).total_minor, rows(plain)[0].amount_minor, uses(merchant, key)) == (1000, 1000, 1)


