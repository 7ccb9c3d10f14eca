"""Forms and actions on records: input is kept, mistakes are shown, actions can be undone."""

import json
import re
from html import unescape

import pytest

from database import DatabaseBusy, db
from domain.people import customers
from models.customer import Customer, CustomerStatus
from models.order import OrderStatus
from models.product import Product, ProductStatus
from tests import cast
from tests.ordered import make_order

FILLED = {"name": "Ada Lovelace", "email": "ada@example.org", "status": "active", "credit_limit": "100.50",
          "billing_address.street": "12 St James Square", "billing_address.country": "GB", "details": "vip=yes"}


def customer(key):
    db.session.expire_all()
    return db.session.get(Customer, key)


def undo_of(page):
    """The address that the toast of a page posts to."""
    return unescape(re.search(r'data-undo="([^"]+)"', page)[1])


def test_a_customer_is_created_with_its_address(admin):
    reply = admin.post("/admin/customers", FILLED)
    assert reply.status_code == 303
    page = admin.get(reply.headers["Location"])
    for text in ("Ada Lovelace was created.", "12 St James Square", "United Kingdom", "100.50", "vip=yes"):
        assert text in page.text


def test_all_mistakes_are_shown_at_once_beside_their_fields_and_nothing_typed_is_lost(admin):
    wrong = FILLED | {"name": "", "email": "not an address", "credit_limit": "-1", "billing_address.country": "XX"}
    reply = admin.post("/admin/customers", wrong)
    assert reply.status_code == 422
    for field in ("name", "email", "credit_limit", "billing_address.country"):
        assert f'id="{field}-wrong"' in reply.text, field
        assert f'aria-describedby="{field}-wrong' in reply.text, field
    assert 'value="not an address"' in reply.text
    assert "12 St James Square" in reply.text
    assert db.session.query(Customer).count() == 0


def test_a_taken_email_is_reported_beside_the_field(admin, alder):
    cast.make_customer(alder, "Somebody", email="ada@example.org")
    reply = admin.post("/admin/customers", FILLED)
    assert reply.status_code == 422
    assert "is already used by another customer" in reply.text


def test_a_field_that_no_form_has_cannot_be_written(admin, alder, birch):
    admin.post("/admin/customers", FILLED | {"id": "77", "merchant_id": str(birch), "code": "MINE"})
    row = customer(1)
    assert row.merchant_id == alder
    assert row.code != "MINE"


def test_under_all_merchants_a_new_row_asks_for_one(ops, birch):
    asked = ops.get("/admin/customers/new")
    assert "Choose the merchant profile" in asked.text
    form = ops.get(f"/admin/customers/new?merchant_id={birch}")
    assert 'name="name"' in form.text
    assert ops.post("/admin/customers", FILLED).status_code == 422
    assert ops.post("/admin/customers", FILLED | {"merchant_id": str(birch)}).status_code == 303
    assert customer(1).merchant_id == birch


def test_two_people_editing_do_not_overwrite_each_other_silently(admin, alder):
    key = cast.make_customer(alder, "Ada Lovelace", email="ada@example.org")
    version = str(customer(key).version)
    first = admin.post(f"/admin/customers/{key}", FILLED | {"version": version, "name": "Ada King"})
    assert first.status_code == 303
    second = admin.post(f"/admin/customers/{key}", FILLED | {"version": version, "name": "Augusta Ada"})
    assert second.status_code == 409
    assert "Now stored: Ada King." in second.text
    assert 'value="Augusta Ada"' in second.text
    assert customer(key).name == "Ada King"


def test_a_cell_is_edited_in_the_list_and_undone(admin, alder):
    key = cast.make_customer(alder, "Ada", email="old@example.org")
    form = admin.part(f"/admin/customers/{key}/cell/email?edit=1")
    assert 'value="old@example.org"' in form.text
    version = str(customer(key).version)
    reply = admin.post(f"/admin/customers/{key}/cell/email", {"value": "new@example.org", "version": version})
    assert reply.status_code == 200
    toast = json.loads(reply.headers["HX-Trigger"])["toast"]
    assert toast["message"] == "E-mail of Ada was changed."
    assert customer(key).email == "new@example.org"
    undone = admin.post(toast["undo"])
    assert undone.headers["HX-Refresh"] == "true"
    assert customer(key).email == "old@example.org"


def test_a_cell_says_what_is_wrong_and_keeps_what_was_typed(admin, alder):
    key = cast.make_customer(alder, "Ada", email="old@example.org")
    reply = admin.post(f"/admin/customers/{key}/cell/email", {"value": "nonsense"})
    assert reply.status_code == 422
    assert 'value="nonsense"' in reply.text
    assert "is not a valid e-mail address" in reply.text


def test_a_cell_that_changed_meanwhile_shows_both_values(admin, alder):
    key = cast.make_customer(alder, "Ada", email="old@example.org")
    admin.post(f"/admin/customers/{key}/cell/email", {"value": "hers@example.org", "version": "1"})
    reply = admin.post(f"/admin/customers/{key}/cell/email", {"value": "his@example.org", "version": "1"})
    assert reply.status_code == 409
    assert "hers@example.org" in reply.text
    assert 'value="his@example.org"' in reply.text


@pytest.mark.parametrize("name", ["id", "merchant_id", "password_hash", "deleted_at", "organisation"])
def test_only_declared_cells_can_be_edited(admin, alder, name):
    key = cast.make_customer(alder, "Ada")
    assert admin.post(f"/admin/customers/{key}/cell/{name}", {"value": "1"}).status_code == 404
    assert admin.part(f"/admin/customers/{key}/cell/{name}?edit=1").status_code == 404


def test_a_deleted_row_is_restored_by_undo(admin, alder):
    key = cast.make_customer(alder, "Ada")
    assert admin.post(f"/admin/customers/{key}/delete").status_code == 303
    page = admin.get("/admin/customers").text
    assert "Ada was deleted." in page
    assert admin.get(f"/admin/customers/{key}").status_code == 404
    undone = admin.post(undo_of(page), headers={"HX-Request": "true"})
    assert undone.headers["HX-Refresh"] == "true"
    assert "Ada was restored." in admin.get(f"/admin/customers/{key}").text


def test_a_bulk_action_is_all_or_nothing_and_its_undo_gives_each_row_the_state_that_it_had(admin, alder, birch):
    states = [CustomerStatus.ACTIVE, CustomerStatus.STOPPED, CustomerStatus.ARCHIVED, CustomerStatus.ACTIVE]
    keys = [cast.make_customer(alder, f"Customer {number}", status=one) for number, one in enumerate(states)]
    foreign = cast.make_customer(birch, "Foreign")
    refused = admin.post("/admin/customers/bulk", {"verb": "archive", "ids": [*map(str, keys), str(foreign)]})
    assert refused.status_code == 404
    assert [customer(key).status for key in keys] == states
    admin.post("/admin/customers/bulk", {"verb": "archive", "ids": [*map(str, keys)]})
    assert [customer(key).status for key in keys] == [CustomerStatus.ARCHIVED] * 4
    page = admin.get("/admin/customers").text
    assert "4 customers were archived." in page
    admin.post(undo_of(page))
    assert [customer(key).status for key in keys] == states
    assert "4 customers were restored." in admin.get("/admin/customers").text


def test_a_deleted_product_that_budgets_name_is_restored_with_its_former_status(admin, alder):
    keys = [cast.make_product(alder, f"Lamp {status}") for status in ProductStatus]
    customer = cast.make_customer(alder)
    for key, status in zip(keys, ProductStatus, strict=True):
        cast.make_budget(alder, customer, [{"product_id": key, "quantity": 1}])
        admin.post(f"/admin/products/{key}/" + ("activate" if status is ProductStatus.ACTIVE else "archive"))
    admin.get("/admin/products")
    admin.post("/admin/products/bulk", {"verb": "delete", "ids": [*map(str, keys)]})
    assert {db.session.get(Product, key).status for key in keys} == {ProductStatus.INACTIVE}
    admin.post(undo_of(admin.get("/admin/products").text))
    db.session.expire_all()
    assert [db.session.get(Product, key).status for key in keys] == list(ProductStatus)


@pytest.mark.parametrize("was", ["", "{}", "[]", "null", "{", '{"1":[]}', '{"1":["gone"]}', '{"1":[["active"]]}',
                                 '{"x":["active"]}', '{"1":["active","active"]}', '{"":["active"]}', "[" * 5000])
def test_an_undo_that_nobody_was_offered_changes_nothing(admin, alder, was):
    key = cast.make_customer(alder, "Ada", status="archived")
    admin.post("/admin/customers/undo", {"verb": "archive", "was": was})
    assert customer(key).status is CustomerStatus.ARCHIVED
    assert "Nothing was undone." in admin.get("/admin/customers").text


def test_another_merchants_row_is_not_reached_by_an_undo(admin, birch):
    key = cast.make_customer(birch, "Ada", status="archived")
    undone = admin.post("/admin/customers/undo", {"verb": "archive", "was": f'{{"{key}":["active"]}}'})
    assert undone.status_code == 404
    assert customer(key).status is CustomerStatus.ARCHIVED


def test_an_action_goes_back_only_to_this_host(admin, alder):
    key = cast.make_customer(alder, "Ada")
    reply = admin.post(f"/admin/customers/{key}/archive", headers={
        "Referer": "https://evil.example/admin/", "Sec-Fetch-Site": "same-origin"})
    assert reply.headers["Location"] == "/admin/customers"
    reply = admin.post(f"/admin/customers/{key}/activate", headers={"Referer": "http://localhost/admin/customers?q=a"})
    assert reply.headers["Location"] == "http://localhost/admin/customers?q=a"


@pytest.mark.parametrize("sent", [
    {"Referer": "http://localhost{}"}, {"HX-Current-URL": "http://localhost{}", "HX-Request": "true"}])
def test_after_a_question_on_a_page_of_its_own_comes_the_record(admin, alder, sent):
    order_id = make_order(alder, status=OrderStatus.ACTIVE)
    question = f"/admin/orders/{order_id}/pause"
    assert "Pause Order" in admin.get(question).text
    reply = admin.post(question, headers={name: value.format(question) for name, value in sent.items()})
    target = reply.headers.get("Location") or reply.headers["HX-Redirect"]
    assert target == f"/admin/orders/{order_id}"
    page = admin.get(target).text
    assert "was paused." in page
    assert "You cannot pause" not in page


PLANTED = (
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' autofocus onfocus=alert(1) x='",
    "{{ 7*7 }}", "</title><script>alert(1)</script>", "javascript:alert(1)", "<a hx-get='/logout'>x</a>",
    "\"hx-post=\"/logout", "</script><b>",
)


MARKS = ("<script>alert", "<img src=x", "onfocus=alert(1) x='\"", "<a hx-get='/logout'", "\"hx-post=\"", "</script><b>")


@pytest.mark.parametrize("planted", PLANTED)
def test_markup_in_stored_texts_is_escaped_on_every_page(admin, alder, planted):
    key = cast.make_customer(alder, planted, note=planted, organisation=planted)
    product = cast.make_product(alder, planted, description=planted)
    budget = cast.make_budget(alder, key, [{"product_id": product, "quantity": 1}], notes=planted)
    api_key, _ = cast.make_key(alder, name=planted, description=planted)
    paths = ("/admin/", "/admin/customers", f"/admin/customers/{key}", f"/admin/customers/{key}/edit",
             "/admin/products", f"/admin/products/{product}", "/admin/budgets", f"/admin/budgets/{budget}",
             f"/admin/budgets/{budget}/edit", "/admin/keys", f"/admin/keys/{api_key}", f"/admin/keys/{api_key}/revoke",
             "/admin/audit", "/admin/palette?q=" + "a")
    for path in paths:
        text = admin.get(path).text
        for mark in MARKS:
            assert mark not in text, (path, mark)
    reflected = admin.get("/admin/customers", query_string={"q": planted}).text
    assert "<script>alert" not in reflected
    assert "<img src=x" not in reflected


def test_a_busy_database_is_reported_and_nothing_typed_is_lost(admin, monkeypatch):
    def busy(*_):
        raise DatabaseBusy("The database is busy.")

    monkeypatch.setattr(customers.RESOURCE.listing.__class__, "page", busy)
    page = admin.get("/admin/customers")
    assert page.status_code == 503
    assert "Try again" in page.text
    part = admin.part("/admin/customers")
    assert part.status_code == 503
    assert part.headers["HX-Reswap"] == "none"
    assert "toast" in part.headers["HX-Trigger"]
