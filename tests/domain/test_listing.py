"""What a listing caches."""

from itertools import combinations

import pytest

from database.statements import Prepared, StatementCache
from domain.clock import now
from domain.pages import Query
from domain.people.customers import LISTING
from tests import cast


@pytest.mark.slow
def test_callers_who_ask_for_ever_new_shapes_fill_no_memory():
    actor = cast.actor_for(cast.make_merchant())
    values = {"created_after": now(), "created_before": now(), "archived": False, "name": "Ada", "code": "x"}
    asked = 0
    for count in range(len(values) + 1):
        for names in combinations(values, count):
            for sort in ("created_at", "name", "email"):
                LISTING.page(actor, Query(filters={name: values[name] for name in names}, sort=sort))
                asked += 1
    assert asked > StatementCache.MOST
    assert len(LISTING._statements) <= StatementCache.MOST


def test_a_shape_that_was_dropped_is_built_again():
    shelf, built = StatementCache(), []

    def build(shape):
        built.append(shape)
        return Prepared(None)

    for shape in (*range(StatementCache.MOST + 1), 0, 0):
        shelf.get(shape, lambda shape=shape: build(shape))
    assert built == [*range(StatementCache.MOST + 1), 0]
    assert len(shelf) == StatementCache.MOST
