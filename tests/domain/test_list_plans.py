"""Lists stay quick when there are many rows: pages come in the order of an index, under one merchant and under all."""

import pytest
from sqlalchemy import text

from database import db
from domain.actor import Actor
from domain.catalog import products
from domain.integrations import deliveries
from domain.pages import Query
from domain.payments.exceptions.scheduled_exceptions import NOT_COLLECTED
from domain.people import customers
from domain.sales.budgets import budgets
from models.customer import CustomerStatus
from tests import cast

ORDERS = [
    (customers.LISTING, "created_at"), (customers.LISTING, "name"), (customers.LISTING, "email"),
    (products.LISTING, "created_at"), (products.LISTING, "name"), (budgets.RESOURCE.listing, "created_at"),
    (deliveries.LISTING, "created_at"),
]
PLANNER = ("enable_seqscan", "enable_bitmapscan", "enable_sort")


def named(value):
    return value if isinstance(value, str) else getattr(value, "noun", None)


def plan(listing, actor, query):
    """What the database says that it will do for a page and, on SQLite, its count."""
    values = listing._own_values(actor) | listing._values(query) | {"limit": 25, "offset": 100}
    prepared = listing._prepared(actor, query)
    if db.engine.dialect.name == "sqlite":
        sql, bound = prepared.packed(db.engine.dialect).bound(values)
        with db.engine.connect() as connection:
            return [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, tuple(bound))]
    with db.engine.connect() as connection:
        for name in PLANNER:                    # tables are empty: it would read and sort them otherwise
            connection.execute(text(f"SET LOCAL {name} = off"))
        sql = str(prepared.select.compile(connection, compile_kwargs={"literal_binds": False}))
        given = prepared.select.compile(connection).construct_params(values)
        return [row[0] for row in connection.execute(text("EXPLAIN " + in_words(sql, given)))]


def in_words(sql, values):
    """The statement with its values written out."""
    for name, value in values.items():
        said = f"'{value}'" if not isinstance(value, bool | int) else str(value)
        sql = sql.replace(f"%({name})s", said)
    return sql


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("everybody", [False, True], ids=["one merchant", "all"])
@pytest.mark.parametrize(("listing", "sort"), ORDERS, ids=named)
def test_pages_come_in_the_order_of_an_index(on_postgresql, listing, sort, everybody, descending):
    actor = Actor.operator() if everybody else cast.actor_for(1)
    steps = plan(listing, actor, Query(sort=sort, descending=descending))
    if on_postgresql:
        # Rows of one moment may be sorted by their ids.
        assert not any("Sort  (" in step and "Incremental" not in step for step in steps), steps
        return
    table = listing.model.__tablename__
    own = [step for step in steps if f" {table} " in step]
    assert len(own) == 2, steps                 # the page, and the count
    assert all(f"INDEX ix_{table}_" in step for step in own), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize("everybody", [False, True], ids=["one merchant", "all"])
@pytest.mark.parametrize("sort", ["created_at", "name", "email"])
def test_customers_of_a_status_are_found_and_counted_in_an_index(on_postgresql, sort, everybody):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    actor = Actor.operator() if everybody else cast.actor_for(1)
    steps = plan(customers.LISTING, actor, Query(sort=sort, filters={"status": CustomerStatus.ACTIVE}))
    own = [step for step in steps if " customers " in step]
    assert all("USING INDEX ix_customers_" in step and "status" in step for step in own), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize("everybody", [False, True], ids=["one merchant", "all"])
def test_what_nothing_collects_is_read_from_its_own_index(on_postgresql, everybody):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    actor = Actor.operator() if everybody else cast.actor_for(1)
    steps = plan(NOT_COLLECTED, actor, Query(sort="due_at", descending=False))
    assert sum("ix_scheduled_payments_not_collected" in step for step in steps) == 2, steps
