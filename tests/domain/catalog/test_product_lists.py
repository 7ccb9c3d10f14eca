"""Lists of products by name come in the order of an index."""

import pytest

from database import db
from domain.catalog import products
from domain.pages import Query
from tests import cast

LISTING = products.LISTING


@pytest.mark.parametrize("descending", [False, True])
def test_pages_by_name_come_in_the_order_of_an_index(on_postgresql, descending):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    actor, query = cast.actor_for(1), Query(sort="name", descending=descending)
    values = LISTING._own_values(actor) | LISTING._values(query) | {"limit": 25, "offset": 100}
    sql, bound = LISTING._prepared(actor, query).packed(db.engine.dialect).bound(values)
    with db.engine.connect() as connection:
        steps = [row[3] for row in connection.exec_driver_sql("EXPLAIN QUERY PLAN " + sql, tuple(bound))]
    assert any("ix_products_merchant_id_test_name_sort" in step for step in steps), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps
