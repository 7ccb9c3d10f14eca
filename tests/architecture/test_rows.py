"""Rows in use are registered for deletions, and texts are sorted and searched by their keys."""

import pytest
from sqlalchemy import Enum, String

from domain import usage
from domain.list_search import Number
from tests.architecture.listings import listings
from tests.architecture.nouns import file_of, resources

NOUNS = {one.listing.model.__table__.name: one for one in resources()}
AUTHORS = {"created_by_user_id", "assignee_id"}      # who made a row, or works on it, may go, and the row stays
# Nouns that keep nobody from being deleted: they are tools of what they name, no documents about it. A service is an
# order, which does.
HOLD_NOTHING = {
    "credit note", "price rule", "product group", "API key", "webhook endpoint", "delivery", "task", "department",
    "service", "article category", "canned answer", "ticket mail", "customer user", "payment method",
}
OURS = {"code", "event", "lane", "resource", "last_error", "message_id"}      # the program writes them: no key


def named_rows():
    """(noun, column, the noun whose rows it names) of every foreign key between nouns that can be deleted."""
    for resource in resources():
        for column in resource.listing.model.__table__.columns:
            for key in column.foreign_keys:
                other = NOUNS.get(key.column.table.name)
                if other is not None and other.delete is not None and column.name not in AUTHORS \
                        and resource.noun not in HOLD_NOTHING:
                    yield pytest.param(resource, column.name, other, id=f"{resource.name}.{column.name}")


@pytest.mark.parametrize(("resource", "column", "other"), list(named_rows()))
def test_a_noun_that_names_another_says_so_before_that_is_deleted(resource, column, other):
    known = {one.one for model, one in usage.registered() if model is other.listing.model}
    assert any(resource.noun in one for one in known), (
        f"{file_of(resource)}: say with usage.register({other.listing.model.__name__}, Use(…)) that a {resource.noun} "
        f"uses it by {column}, or name it in HOLD_NOTHING of {__name__.replace('.', '/')}.py")


@pytest.mark.parametrize("listing", listings(), ids=lambda one: one.noun)
def test_texts_are_sorted_and_searched_by_their_keys(listing):
    file = listing.model.__module__.replace(".", "/") + ".py"
    place = f"{file}: give {listing.noun} a column of sort_key() or search_key(), and let its Listing use it"
    for name, column in listing.sort.items():
        kind = getattr(column, "type", None)
        key = getattr(column, "key", "")
        is_text = isinstance(kind, String) and not isinstance(kind, Enum) and key not in OURS
        assert not is_text or key.endswith("_sort"), f"{place} (sort by {name})"
    for one in listing.search:
        if isinstance(one, Number):
            continue
        own = getattr(one, "class_", listing.model) is listing.model
        assert own, f"{file}: {listing.noun} searches {one} by Of(…) or Parts(…) of domain/list_search.py"
        key = getattr(getattr(one, "column", one), "key", "search_text")
        assert key.endswith(("_sort", "search_text")) or key in OURS, f"{place} (search in {key})"
