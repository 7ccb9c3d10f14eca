"""Lists stay quick when there are many rows: pages come in the order of an index, under one merchant and under all."""

import pytest
from sqlalchemy import text

from database import db
from domain.actor import Actor
from domain.catalog import products
from domain.hosting import service_listing
from domain.integrations import deliveries
from domain.invoicing import invoice_listing
from domain.pages import Query
from domain.payments import payment_listing
from domain.payments.exceptions import payment_exceptions, scheduled_exceptions
from domain.payments.exceptions.scheduled_exceptions import NOT_COLLECTED
from domain.payments.schedule import scheduled_listing
from domain.people import customers
from domain.sales.budgets import budgets
from domain.sales.orders import order_listing
from domain.support import ticket_listing
from models.customer import CustomerStatus
from models.order import OrderStatus
from tests import cast

ORDERS = [
    (customers.LISTING, "created_at"), (customers.LISTING, "name"), (customers.LISTING, "email"),
    (products.LISTING, "created_at"), (products.LISTING, "name"), (budgets.RESOURCE.listing, "created_at"),
    (deliveries.LISTING, "created_at"),
    (payment_listing.LISTING, "created_at"), (order_listing.LISTING, "created_at"),
    (invoice_listing.LISTING, "created_at"), (ticket_listing.LISTING, "created_at"),
]
# Sorts whose pages take their ids from an index first, with the index.
SORTED = [
    (payment_listing.LISTING, "amount", "payments_by_amount"),
    (payment_listing.LISTING, "status", "payments_status"),
    (scheduled_listing.LISTING, "amount", "scheduled_payments_by_amount"),
    (scheduled_listing.LISTING, "due_at", "scheduled_payments_due_at_id_test"),
    (order_listing.LISTING, "total", "orders_by_total"),
    (budgets.RESOURCE.listing, "total", "budgets_by_total"),
    (budgets.RESOURCE.listing, "valid_until", "budgets_by_valid_until"),
    (invoice_listing.LISTING, "number", "invoices_by_number"),
    (invoice_listing.LISTING, "issue_on", "invoices_by_issue_on"),
    (invoice_listing.LISTING, "due_on", "invoices_by_due_on"),
    (invoice_listing.LISTING, "total", "invoices_by_total"),
    (ticket_listing.LISTING, "due_at", "tickets_by_due_at"),
    (ticket_listing.LISTING, "subject", "tickets_by_subject"),
    (products.LISTING, "price", "products_by_price"),
    (products.LISTING, "sku", "products_by_sku"),
]
RARE = [
    (scheduled_exceptions.DECLINED, "declined_at", "ix_scheduled_payments_declined"),
    (scheduled_exceptions.RETRIED, "collect_at", "ix_scheduled_payments_declined"),
    (payment_exceptions.UNKNOWN, "created_at", "ix_payments_unsettled"),
    (payment_exceptions.TO_CONFIRM, "created_at", "ix_payments_unsettled"),
]
DEEP = 5_000
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
        if "POSTCOMPILE" in sql:
            pytest.skip("lists of values are not written out")
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


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize(("listing", "sort", "index"), SORTED, ids=named)
def test_pages_of_a_sort_take_their_ids_from_its_index(on_postgresql, listing, sort, index, descending):
    steps = plan(listing, Actor.operator(), Query(sort=sort, descending=descending))
    if on_postgresql:
        assert any("Index" in step for step in steps), steps
        return
    table = listing.model.__tablename__
    found = steps[steps.index(next(step for step in steps if step.startswith("LIST SUBQUERY"))) + 1]
    assert f"INDEX ix_{index}" in found, steps
    assert f"SEARCH {table} USING INTEGER PRIMARY KEY (rowid=?)" in steps, steps


@pytest.mark.parametrize("everybody", [False, True], ids=["one merchant", "all"])
@pytest.mark.parametrize(("listing", "sort"), ORDERS, ids=named)
def test_rows_before_a_deep_page_are_not_read_or_joined(on_postgresql, listing, sort, everybody):
    actor = Actor.operator() if everybody else cast.actor_for(1)
    steps = plan(listing, actor, Query(sort=sort, offset=DEEP))
    if on_postgresql:
        assert any("Limit" in step for step in steps), steps
        return
    table = listing.model.__tablename__
    start = steps.index(next(step for step in steps if step.startswith("LIST SUBQUERY")))
    assert f"INDEX ix_{table}_" in steps[start + 1], steps
    assert steps.index(f"SEARCH {table} USING INTEGER PRIMARY KEY (rowid=?)") < start, steps
    assert not any("TEMP B-TREE" in step for step in steps[start:start + 2]), steps


@pytest.mark.parametrize("everybody", [False, True], ids=["one merchant", "all"])
@pytest.mark.parametrize(("listing", "sort", "index"), RARE, ids=named)
def test_few_rows_among_many_are_found_by_an_index_of_them(on_postgresql, listing, sort, index, everybody):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    actor = Actor.operator() if everybody else cast.actor_for(1)
    steps = plan(listing, actor, Query(sort=sort))
    assert sum(index in step for step in steps) == 2, steps          # the page, and the count


@pytest.mark.parametrize("own", [True, False], ids=["one merchant", "all"])
def test_services_are_found_among_orders_by_an_index_of_subscriptions(on_postgresql, own):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    steps = plan(service_listing.LISTING, cast.actor_for(1) if own else Actor.operator(), Query())
    assert sum("ix_orders_subscriptions" in step for step in steps) == 2, steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize("filters", [{"attention": True}, {"status": OrderStatus.FAILED}], ids=["attention", "status"])
def test_few_orders_of_a_kind_are_counted_by_their_status(on_postgresql, filters):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    listing, query = order_listing.LISTING, Query(filters=filters)
    for actor in (cast.actor_for(1), Actor.operator()):
        values = listing._own_values(actor) | listing._values(query)
        sql, bound = listing._counting(actor, query).plain(db.engine.dialect).bound(values)
        with db.engine.connect() as connection:
            steps = [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, tuple(bound))]
        assert any("INDEX ix_orders_status_test" in step for step in steps), steps


def test_a_deep_page_has_the_rows_of_its_place(alder, monkeypatch):
    for number in range(8):
        cast.make_customer(alder, name=f"Name {number}")
    first = [one.id for one in customers.LISTING.page(cast.actor_for(alder), Query(limit=8)).records]
    monkeypatch.setattr("domain.listing.DEEP", 0)
    page = customers.LISTING.page(cast.actor_for(alder), Query(limit=3, offset=4))
    assert ([one.id for one in page.records], page.total) == (first[4:7], 8)
