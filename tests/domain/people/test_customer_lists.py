"""Searches in lists of customers."""

import pytest

from domain.pages import Query
from domain.people import customers
from tests import cast

LISTING = customers.LISTING


@pytest.mark.parametrize("search", ["ADA LOVE", "ada love", "Love", "%", "_d", "ÉMILE", "émile"])
def test_a_search_knows_no_case_and_no_wildcard(search):
    merchant = cast.make_merchant()
    for name in ("Ada Lovelace", "Émile Zola"):
        cast.make_customer(merchant, name)
    found = LISTING.page(cast.actor_for(merchant), Query(search=search))
    wanted = {"%": [], "_d": []}.get(search, ["Émile Zola"] if "mil" in search.lower() else ["Ada Lovelace"])
    assert [one.name for one in found.records] == wanted
    assert found.total == len(wanted)
