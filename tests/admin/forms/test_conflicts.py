"""Two people edit one row: neither overwrites fields that only the other one changed."""

import re
from html.parser import HTMLParser

from database import db
from models.budget import Budget
from models.customer import Customer
from models.user import User
from models.webhook import Endpoint
from tests import cast


class Tab(HTMLParser):
    """A browser's tab with a form: its fields as the browser would send them."""

    def __init__(self, visitor, path=None, reply=None):
        super().__init__()
        self.visitor, self.fields, self.area, self.choice, self.inside = visitor, {}, None, None, False
        self.reply = reply or visitor.get(path)
        self.action = ""
        self.feed(re.sub(r"<template>.*?</template>", "", self.reply.text, flags=re.DOTALL))

    def handle_starttag(self, tag, attrs):
        found = {name: value or "" for name, value in attrs}
        name = found.get("name")
        if tag == "form":
            self.inside, self.action = found.get("class") == "form", self.action or found.get("action", "")
            if self.inside:
                self.action = found["action"]
        if not self.inside:
            return
        if tag == "input" and name and (found.get("type") != "checkbox" or "checked" in found):
            self.fields.setdefault(name, []).append(found.get("value", ""))
        if tag == "textarea":
            self.area = name
            self.fields[name] = [""]
        if tag == "select":
            self.choice = name
        if tag == "option" and self.choice and ("selected" in found or self.choice not in self.fields):
            self.fields[self.choice] = [found.get("value")]
            self.unsaid = "value" not in found

    def handle_data(self, data):
        if self.area:
            self.fields[self.area][0] += data
        elif self.choice and self.fields.get(self.choice) == [None]:
            self.fields[self.choice] = [data]

    def handle_endtag(self, tag):
        self.area = None if tag == "textarea" else self.area
        self.choice = None if tag == "select" else self.choice
        self.inside = self.inside and tag != "form"

    def save(self, **changed):
        """Send it with some fields changed; None takes a field away."""
        self.fields |= {name.replace("__", "."): value for name, value in changed.items()}
        sent = {name: value for name, value in self.fields.items() if value is not None}
        reply = self.visitor.post(self.action, sent | {"csrf_token": self.visitor.token})
        return Tab(self.visitor, reply=reply) if reply.status_code != 303 else reply

    def text(self, name):
        return self.fields[name][0] if isinstance(self.fields[name], list) else self.fields[name]


def fresh(kind, key=1):
    db.session.expire_all()
    return db.session.get(kind, key)


def test_saving_again_after_a_conflict_keeps_what_the_other_one_set(admin, alder):
    key = cast.make_customer(alder, "Ada", phone="1", details={"vip": "yes", "b": "c"}, note="two\nlines")
    one, two = (Tab(admin, f"/admin/customers/{key}/edit") for _ in range(2))
    assert one.save(phone="+44 20 1234").status_code == 303
    again = two.save(organisation="Engines Ltd")
    assert again.reply.status_code == 409
    assert again.text("phone") == "+44 20 1234"
    assert again.text("organisation") == "Engines Ltd"
    assert 'id="phone-hint">Changed by another user' in again.reply.text
    assert "organisation-hint" not in again.reply.text
    assert "note-hint" not in again.reply.text
    assert again.save().status_code == 303
    row = fresh(Customer, key)
    assert (row.phone, row.organisation, row.note) == ("+44 20 1234", "Engines Ltd", "two\nlines")


def test_what_both_changed_shows_both(admin, alder):
    key = cast.make_customer(alder, "Ada", status="active")
    one, two = (Tab(admin, f"/admin/customers/{key}/edit") for _ in range(2))
    one.save(phone="111", status="archived")
    again = two.save(phone="222", status="stopped")
    assert again.text("phone") == "222"
    assert again.text("status") == "stopped"
    assert 'id="phone-hint">Now stored: 111.' in again.reply.text
    assert 'id="status-hint">Now stored: Archived.' in again.reply.text
    assert again.save().status_code == 303
    assert fresh(Customer, key).phone == "222"


def test_a_mistake_in_between_does_not_hide_the_other_ones_change(admin, alder):
    key = cast.make_customer(alder, "Ada")
    one, two = (Tab(admin, f"/admin/customers/{key}/edit") for _ in range(2))
    one.save(phone="111")
    refused = two.save(email="nonsense")
    assert refused.reply.status_code == 422
    again = refused.save(email="ada@example.org")
    assert again.reply.status_code == 409
    assert again.save().status_code == 303
    assert (fresh(Customer, key).phone, fresh(Customer, key).email) == ("111", "ada@example.org")


def test_checkboxes_are_merged_too(ops, alder, birch):
    key = cast.make_user("normal@example.org", "normal_user", [alder])
    one, two = (Tab(ops, f"/admin/users/{key}/edit") for _ in range(2))
    assert one.save(merchant_ids=["", str(alder), str(birch)], active=None).status_code == 303
    again = two.save(name="Norma")
    assert again.reply.status_code == 409
    assert again.save().status_code == 303
    row = fresh(User, key)
    assert (sorted(row.merchant_ids), row.active, row.name) == (sorted([alder, birch]), False, "Norma")


def test_events_of_an_endpoint_are_merged(admin, alder):
    admin.post("/admin/webhooks", {"url": "https://receiver.example/hook", "events": ["", "budget.created"]})
    one, two = (Tab(admin, "/admin/webhooks/1/edit") for _ in range(2))
    assert one.save(events=["", "budget.approved"]).status_code == 303
    again = two.save(description="The shop")
    assert again.reply.status_code == 409
    assert again.save().status_code == 303
    row = fresh(Endpoint)
    assert (list(row.events), row.description) == (["budget.approved"], "The shop")


LINES = [{"description": "Work", "quantity": 1, "unit_price": 10}, {"description": "Travel", "quantity": 2,
                                                                    "unit_price": 5}]


def lines():
    return [
        (one.description, one.quantity_ten_thousandths // 10_000, one.unit_price_micro // 10**6)
        for one in fresh(Budget).items
    ]


def tabs(admin, alder):
    key = cast.make_budget(alder, cast.make_customer(alder, "Ada"), LINES)
    return [Tab(admin, f"/admin/budgets/{key}/edit") for _ in range(2)]


def test_notes_of_one_and_lines_of_the_other_are_both_kept(admin, alder):
    one, two = tabs(admin, alder)
    more = {"items.2.description": "Hotel", "items.2.quantity": "1", "items.2.unit_price": "80"}
    assert one.save(**more, items__0__quantity="7").status_code == 303
    again = two.save(notes="Thanks")
    assert again.reply.status_code == 409
    assert again.save().status_code == 303
    assert lines() == [("Work", 7, 10), ("Travel", 2, 5), ("Hotel", 1, 80)]
    assert fresh(Budget).notes == "Thanks"


def test_lines_that_both_changed_are_merged_field_by_field(admin, alder):
    one, two = tabs(admin, alder)
    added = {"items.2.description": "Hotel", "items.2.quantity": "1", "items.2.unit_price": "80"}
    one.save(**added, items__0__quantity="7", items__1__unit_price="6")
    mine = {"items.2.description": "Meals", "items.2.quantity": "3", "items.2.unit_price": "9"}
    again = two.save(**mine, items__0__unit_price="11", items__1__unit_price="8")
    assert 'id="items.1.unit_price-hint">Now stored: 6.00.' in again.reply.text
    assert "Another user added line 3." in again.reply.text
    assert again.save().status_code == 303
    assert lines() == [("Work", 7, 11), ("Travel", 2, 8), ("Hotel", 1, 80), ("Meals", 3, 9)]


def test_lines_that_cannot_be_merged_show_what_is_stored(admin, alder):
    one, two = tabs(admin, alder)
    gone = {f"items.0.{part}": None for part in ("product_id", "description", "quantity", "unit_price", "discount",
                                                 "tax")}
    one.save(**gone)
    again = two.save(items__0__quantity="9")
    assert "Now stored: Travel · 2 · 5.00" in again.reply.text
    assert again.text("items.0.quantity") == "9"


def test_adding_a_line_without_javascript_keeps_the_version(admin, alder):
    one, two = tabs(admin, alder)
    one.save(notes="Hers")
    grown = Tab(admin, reply=admin.post("/admin/budgets/line", {**two.fields, "add_line": "1"}))
    again = grown.save(items__2__description="Hotel", items__2__unit_price="80")
    assert again.reply.status_code == 409
    assert again.save().status_code == 303
    assert fresh(Budget).notes == "Hers"
    assert len(lines()) == 3


def test_invalid_digests_of_loaded_values_are_ignored(admin, alder):
    key = cast.make_customer(alder, "Ada")
    for said in ("", "[]", "{", '{"phone": 1}', "[" * 100_000, "null"):
        reply = admin.post(f"/admin/customers/{key}", {
            "name": "Eve", "status": "active", "credit_limit": "0", "version": "99", "loaded": said})
        assert reply.status_code == 409, said[:9]
        assert "Now stored: Ada." in reply.text


def test_a_mistake_in_a_cell_does_not_hide_the_other_ones_change(admin, alder):
    key = cast.make_customer(alder, "Ada", email="old@example.org")
    path = f"/admin/customers/{key}/cell/email"
    admin.post(path, {"value": "hers@example.org", "version": "1"})
    refused = admin.post(path, {"value": "nonsense", "version": "1"})
    assert refused.status_code == 422
    assert 'name="version" value="1"' in refused.text
    both = admin.post(path, {"value": "his@example.org", "version": "1"})
    assert both.status_code == 409
    assert 'name="version" value="2"' in both.text
