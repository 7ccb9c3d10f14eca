"""Sums of budgets are by currency, and read an index that holds nothing else."""

from datetime import timedelta

import pytest

from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.integrations import deliveries
from domain.pages import Query
from domain.sales.budgets import budget_sums, budgets
from domain.sales.budgets.budget_sums import Sum
from tests import cast
from tests.cast import actor_for
from tests.sql_statements import plans_of


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, "Ada")


def approve(alder, key):
    with transaction():
        return budgets.approve(actor_for(alder), budgets.RESOURCE.listing.get(actor_for(alder), key))


def test_pending_and_approved_are_added_up_by_currency(alder, birch, ada):
    for currency in ("EUR", "EUR", "USD"):
        cast.make_budget(alder, ada, currency=currency)
    approve(alder, cast.make_budget(alder, ada))
    cast.make_budget(birch, cast.make_customer(birch, "Grace"))
    who, now = actor_for(alder), clock.now()
    pending = [Sum("EUR", 20000, 2), Sum("USD", 10000, 1)]
    assert budget_sums.pending(who, now) == (pending, [])
    assert budget_sums.approved(who, now - timedelta(days=1), now + timedelta(days=1)) == ([Sum("EUR", 10000, 1)], [])
    assert budget_sums.approved(who, now + timedelta(days=1), now + timedelta(days=3)) == ([], [Sum("EUR", 10000, 1)])
    assert budget_sums.approved(who, now - timedelta(days=9), now - timedelta(days=8)) == ([], [])
    assert budget_sums.pending(Actor.operator(), now)[0][0] == Sum("EUR", 30000, 3)
    assert budget_sums.pending(who.in_world(test=True), now) == ([], [])


def test_what_expires_soon_is_a_part_of_what_is_pending(alder, ada):
    for days in (2, 20, 30):
        until = (clock.now() + timedelta(days=days)).date()
        cast.make_budget(alder, ada, valid_until=until.isoformat())
    assert budget_sums.pending(actor_for(alder), clock.now() + timedelta(days=7)) == (
        [Sum("EUR", 30000, 3)], [Sum("EUR", 10000, 1)])


def test_what_has_expired_is_not_pending(alder, ada):
    key = cast.make_budget(alder, ada)
    with transaction():
        budgets.RESOURCE.listing.get(actor_for(alder), key).valid_until = clock.now() - timedelta(minutes=1)
    assert budget_sums.pending(actor_for(alder), clock.now()) == ([], [])
    assert budget_sums.of_customer(actor_for(alder), ada, clock.now()) == ([], [])


def test_the_next_to_expire_come_first(alder, ada):
    for days in (20, 2, 30):
        until = (clock.now() + timedelta(days=days)).date()
        cast.make_budget(alder, ada, valid_until=until.isoformat())
    cast.make_budget(alder, ada)
    assert [one.id for one in budget_sums.next_to_expire(actor_for(alder), 2)] == [2, 1]
    assert budget_sums.next_to_expire(actor_for(alder).in_world(test=True), 2) == []


def test_a_customers_sums_are_of_that_customer(alder, ada):
    cast.make_budget(alder, cast.make_customer(alder, "Grace"))
    cast.make_budget(alder, ada)
    approve(alder, cast.make_budget(alder, ada))
    found = budget_sums.of_customer(actor_for(alder), ada, clock.now() - timedelta(days=1))
    assert found == ([Sum("EUR", 10000, 1)], [Sum("EUR", 10000, 1)])


WHO = {"own": lambda alder: actor_for(alder), "all": lambda alder: Actor.operator()}


@pytest.mark.parametrize("who", WHO)
def test_sums_read_only_their_index(on_postgresql, alder, ada, who):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    now = clock.now()
    asks = {
        "ix_budgets_status_test_merchant_id_valid_until": lambda: budget_sums.pending(WHO[who](alder), now),
        "ix_budgets_status_test_approved_at_merchant_id": lambda: budget_sums.approved(WHO[who](alder), now, now),
        "valid_until": lambda: budget_sums.next_to_expire(WHO[who](alder), 6),
        "ix_budgets_customer_id_test_merchant_id": lambda: budget_sums.of_customer(WHO[who](alder), ada, now),
    }
    for index, ask in asks.items():
        steps = plans_of(ask)
        assert any(index in step for step in steps), steps
        assert "status" not in index or any("COVERING INDEX" in step for step in steps), steps


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(("listing", "filters", "index"), [
    (budgets.RESOURCE.listing, {"customer_id": 1}, "ix_budgets_customer_id_test_merchant_id"),
    (deliveries.LISTING, {"endpoint_id": 1}, "ix_webhook_deliveries_endpoint_id_test_merchant_id"),
])
def test_the_rows_of_one_row_are_found_without_those_of_its_merchant(
    on_postgresql, alder, who, listing, filters, index
):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    values = listing._own_values(WHO[who](alder)) | listing._values(Query(filters=filters)) | {"limit": 25, "offset": 0}
    statement = listing._prepared(WHO[who](alder), Query(filters=filters)).packed(db.engine.dialect)
    sql, bound = statement.bound(values)
    with db.engine.connect() as connection:
        steps = [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, tuple(bound))]
    assert sum(index in step for step in steps) == 2, steps          # the page, and the count
