"""Lists of customers stay quick when there are many: no page is sorted, no count reads the table."""

import pytest

from database import db
from domain.actor import Actor
from domain.pages import Query
from domain.people import customers
from models.customer import CustomerStatus
from tests import cast

LISTING = customers.LISTING
NARROWED = {}, {"status": CustomerStatus.ACTIVE}


def plan(actor, query):
    """What SQLite says that it will do for a page and its count."""
    values = LISTING._own_values(actor) | LISTING._values(query) | {"limit": 25, "offset": 100}
    sql, bound = LISTING._prepared(actor, query).packed(db.engine.dialect).bound(values)
    with db.engine.connect() as connection:
        return [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, tuple(bound))]


@pytest.mark.parametrize("narrowed", NARROWED)
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize(("sort", "everybody"), [
    ("created_at", True), ("name", True), ("email", True), ("created_at", False), ("name", False), ("email", False),
])
def test_pages_come_in_the_order_of_an_index(on_postgresql, sort, everybody, descending, narrowed):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    actor = Actor.operator() if everybody else Actor(label="x", merchant_ids=frozenset({1}))
    steps = plan(actor, Query(sort=sort, descending=descending, filters=narrowed))
    own = [step for step in steps if " customers " in step]
    assert len(own) == 2, steps                     # the page, and the count
    assert all("USING INDEX ix_customers_" in step and "status" in step for step in own), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


@pytest.mark.parametrize("search", ["ADA LOVE", "ada love", "Love", "%", "_d", "ÉMILE", "émile"])
def test_a_search_knows_no_case_and_no_wildcard(search):
    merchant = cast.make_merchant()
    for name in ("Ada Lovelace", "Émile Zola"):
        cast.make_customer(merchant, name)
    found = LISTING.page(cast.actor_for(merchant), Query(search=search))
    wanted = {"%": [], "_d": []}.get(search, ["Émile Zola"] if "mil" in search.lower() else ["Ada Lovelace"])
    assert [one.name for one in found.records] == wanted
    assert found.total == len(wanted)
