"""An accepted budget becomes an order of exactly what was agreed, once."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from database import db, transaction
from domain.errors import Conflict
from domain.payments.checkout import budget_orders
from domain.payments.orders import order_verbs
from domain.sales.budgets import budgets
from domain.sales.budgets.budget_listing import LISTING
from domain.sales.orders import orders
from models.budget import Budget
from models.money import Money
from models.order import Order, OrderStatus, ScheduledPayment
from tests import cast


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


def make(alder, items=None, *, approved=True, **more):
    budget = cast.make_budget(alder, cast.make_customer(alder, "Ada", email="ada@example.org"), items, **more)
    if approved:
        with transaction():
            budgets.approve(*LISTING.lock(cast.actor_for(alder), budget))
    return budget


def convert(alder, budget, **more):
    with transaction():
        return budget_orders.convert(*LISTING.lock(cast.actor_for(alder), budget), **more).id


def cents(value):
    return Decimal(value).scaleb(-2)


LINES = st.lists(st.fixed_dictionaries({
    "description": st.just("Work"), "quantity": st.integers(1, 100_000).map(lambda one: Decimal(one).scaleb(-4)),
    "unit_price": st.integers(0, 10**9).map(lambda one: Decimal(one).scaleb(-6)),
    "tax_percent": st.sampled_from([Decimal(0), Decimal(20), Decimal("9.975")]),
}), min_size=1, max_size=6)


def test_the_order_is_the_budgets_to_the_cent(app):
    @given(LINES, st.integers(0, 5000), st.integers(0, 5000))
    @settings(max_examples=25)
    def check(lines, discount, tax):
        alder = cast.make_merchant("Alder")
        sums = cast.make_budget(alder, cast.make_customer(alder), lines)
        whole = db.session.get(Budget, sums).subtotal_minor
        budget = make(alder, lines, discount=cents(min(discount, whole)), tax=cents(tax))
        agreed, order = db.session.get(Budget, budget), db.session.get(Order, convert(alder, budget))
        for name in ("total_minor", "tax_minor", "discount_minor", "currency", "customer_id", "customer_name"):
            assert getattr(order, name) == getattr(agreed, name), name
        assert sum(one.total_minor for one in order.items) == order.total_minor
        assert sum(one.tax_minor for one in order.items) == order.tax_minor
        assert sum(one.discount_minor for one in order.items) == order.discount_minor
        rows = db.session.scalars(select(ScheduledPayment).where(ScheduledPayment.order_id == order.id)).all()
        assert [(one.sequence, one.amount_minor) for one in rows] == [(0, order.total_minor)]

    check()


def test_a_budget_becomes_one_order_and_another_after_that_was_cancelled(alder):
    budget = make(alder)
    first = convert(alder, budget)
    assert convert(alder, budget) == first
    with pytest.raises(Conflict) as refused:
        convert(alder, budget, again=True)
    assert refused.value.details == {"order_id": first}
    with transaction():
        order_verbs.cancel(cast.actor_for(alder), orders.locked(first))
    assert convert(alder, budget) == first              # unless another one is asked for
    second = convert(alder, budget, again=True)
    assert budget_orders.order_of(budget).id == second == convert(alder, budget)
    assert db.session.get(Order, second).status is OrderStatus.PENDING
    assert Money(db.session.get(Order, second).total_minor, "EUR").decimal == 100
    assert cast.count(Order) == 2


@pytest.mark.parametrize("deed", [None, budgets.reject])
def test_a_budget_that_was_not_accepted_becomes_no_order(alder, deed):
    budget = make(alder, approved=False)
    if deed is not None:
        with transaction():
            deed(*LISTING.lock(cast.actor_for(alder), budget))
    with pytest.raises(Conflict):
        convert(alder, budget)
    assert cast.count(Order) == 0
