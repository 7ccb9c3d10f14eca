"""A year of orders by the Core API and the worker equals an independent reckoning, row by row."""

import pytest

from bench.billing.agreements import Plan
from bench.billing_year import lived


@pytest.mark.timeout(120)
def test_a_year_of_orders_equals_an_independent_reckoning(app):
    found = lived(app, Plan(subscriptions=6, instalments=3, metered=2, seed=3), clocks=1)
    assert found.different == []
    assert found.orders == 11
    assert found.rows > 150
