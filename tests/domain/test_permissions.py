"""The words of scopes: one table for keys, pages and the reference."""

import pytest

from domain.permissions import EVERYTHING, KEY_PERMISSIONS, KEY_SCOPES, scope_title


@pytest.mark.parametrize(("scope", "title"), [
    ("READ_BUDGETS", "Budgets: read"), ("WRITE_PRODUCTS", "Products: write"), ("WEBHOOKS", "Webhooks"),
    ("WRITE_SETTINGS", "Settings: write"), ("IMPORT", "Import"),
])
def test_a_scope_is_read_alike_everywhere(scope, title):
    assert scope_title(scope) == title


def test_every_scope_has_words_of_its_own():
    assert len({scope_title(one) for one in EVERYTHING}) == len(EVERYTHING)


def test_a_scope_of_keys_begins_with_the_title_of_its_permission():
    titles = {one.title for one in KEY_PERMISSIONS}
    assert {scope_title(one).partition(":")[0] for one in KEY_SCOPES} == titles
