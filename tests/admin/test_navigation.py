"""The sidebar, the palette and the keyboard show the pages that registered, to those who may open them."""

import pytest

from blueprints.pages import navigation
from blueprints.pages.navigation import Creation, Item


def item(title, position, group="", **more):
    return Item(title=title, icon="user", path=f"/{title}", position=position, group=group, **more)


def test_groups_are_in_the_order_of_their_first_page():
    shown = [item("a", 10, "One"), item("b", 20, "Two"), item("c", 30, "One"), item("d", 40, None)]
    found = navigation.groups(shown)
    assert [(group.title, [one.title for one in group.items]) for group in found] == [
        ("One", ["a", "c"]), ("Two", ["b"])]


def test_two_pages_never_share_an_address_or_a_letter(monkeypatch):
    monkeypatch.setattr(navigation, "_items", [])
    navigation.add(item("a", 10, keys="a"))
    with pytest.raises(ValueError, match="same address"):
        navigation.add(item("a", 20))
    with pytest.raises(ValueError, match="same keys"):
        navigation.add(item("b", 20, keys="a"))


def test_creations_are_offered_to_users_with_the_scope():
    one = item("a", 10, keys="a", creation=Creation(title="New a", path="/a/new", allowed=lambda actor: actor == "Ada"))
    assert navigation.creations([one], "Ada") == [(one.creation, "a")]
    assert navigation.creations([one], "Eve") == []


def test_the_keyboards_help_names_the_letters_of_what_the_user_may(signed_in, admin, alder):
    page = admin.get("/admin/").text
    for keys, path in (("g c", "/admin/customers"), ("g o", "/admin/"), ("g m", "/admin/account"),
                       ("c b", "/admin/budgets/new"), ("c k", "/admin/keys/new"), ("c u", "/admin/users/new")):
        assert f'href="{path}"' in page.partition(f'data-keys="{keys}"')[0].rpartition("<a ")[2], keys
    page = signed_in("normal_user", [alder]).get("/admin/").text
    assert 'data-keys="c c"' in page
    for keys in ("g k", "c k", "g u", "c u", "g s", "c p"):
        assert f'data-keys="{keys}"' not in page, keys


def test_the_keyboards_help_names_the_key_that_creates_on_this_list(ops, alder):
    for path, noun in (("budgets", "budget"), ("customers", "customer"), ("products/groups", "product group"),
                       ("merchants", "merchant"), ("users", "user"), ("keys", "API key"),
                       ("webhooks", "webhook endpoint")):
        page = ops.get(f"/admin/{path}").text
        shown = page.partition('id="shortcuts"')[2]
        assert f"<dt>New {noun}</dt><dd><kbd>n</kbd> or <kbd>c</kbd> <kbd>c</kbd></dd>" in shown, path
        assert 'data-keys="c c"' not in page, path
        assert page.count("data-new") == 1, path
    assert 'data-keys="c c"' in ops.get("/admin/currencies").text
