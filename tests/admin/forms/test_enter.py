"""Enter in a field presses the first submit button of its form: that button must save, never remove."""

from html.parser import HTMLParser

import pytest

from tests import cast


class Forms(HTMLParser):
    """The first submit button of each form of a page."""

    def __init__(self, text):
        super().__init__()
        self.first, self.action = {}, None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "form" and found.get("class") == "form":
            self.action = found.get("action", "")
        if tag == "button" and found.get("type", "submit") == "submit" and self.action is not None:
            self.first.setdefault(self.action, found)

    def handle_endtag(self, tag):
        if tag == "form":
            self.action = None


PAGES = ("customers/new", "customers/1/edit", "products/new", "budgets/new", "budgets/1/edit", "users/new",
         "users/1/edit", "webhooks/new", "merchants/1/edit", "keys/new", "settings", "products/rules/new",
         "products/groups/new")


@pytest.mark.parametrize("page", PAGES)
def test_enter_saves(ops, alder, page):
    cast.make_budget(alder, cast.make_customer(alder, "Ada"))
    reply = ops.get(f"/admin/{page}?merchant_id={alder}")
    assert reply.status_code == 200
    forms = Forms(reply.text).first
    assert forms
    for action, button in forms.items():
        assert "formaction" not in button, action
        assert not button.get("name"), action


def test_enter_in_a_refused_budget_saves(ops, alder):
    refused = ops.post("/admin/budgets", {"merchant_id": str(alder), "items.0.description": "Work"})
    assert refused.status_code == 422
    assert "formaction" not in Forms(refused.text).first["/admin/budgets"]
