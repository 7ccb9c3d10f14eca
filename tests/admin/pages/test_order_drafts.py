"""Drafts of orders: saved from the form, changed in it, and created when they are ready."""

import re
from decimal import Decimal
from html import unescape

import pytest

from database import db, transaction
from domain import inputs
from domain.catalog import products
from domain.payments.orders import ordering
from domain.sales.orders.orders import OrderInput
from models.order import Order, OrderStatus
from models.product import ProductStatus
from tests import cast
from tests.cast import actor_for
from tests.ordered import reload_order
from tests.paying import rows

LOADED = re.compile(r'name="(version|loaded)" value="([^"]*)"')
FIELD = re.compile(r'<input class="inp" id="[^"]*" name="(customer_id|items\.\d+\.\w+)"[^>]*? value="([^"]*)"')


@pytest.fixture
def plan(alder):
    return cast.make_product(alder, "Studio", price=Decimal("24.00"), currency="EUR", billing="subscription",
                             scheduled_interval=1, scheduled_unit="MONTH")


@pytest.fixture
def grace(alder):
    return cast.make_customer(alder, "Grace Hopper")


@pytest.fixture
def filled(plan, grace):
    return {"customer_id": str(grace), "items.0.product_id": str(plan), "items.0.quantity": "2"}


def only_order():
    db.session.expire_all()
    return db.session.query(Order).one()


def draft(admin, filled):
    assert admin.post("/admin/orders", filled | {"draft": "on"}).status_code == 303
    return only_order()


def typed(page):
    """The customer and the lines as the form shows them."""
    return {name: unescape(value) for name, value in FIELD.findall(page)}


def held(page):
    """The hidden fields of a form, as the browser sends them back."""
    return {name: value.replace("&#34;", '"').replace("&amp;", "&") for name, value in LOADED.findall(page)}


def test_the_form_has_a_button_for_a_draft_and_one_for_an_order(admin, alder):
    page = admin.get("/admin/orders/new").text
    assert '<button type="submit" class="b" name="draft" value="on">Save as draft</button>' in page
    assert '<button type="submit" class="b pri">Create order</button>' in page


def test_without_the_button_of_a_draft_an_order_is_created(admin, filled):
    assert admin.post("/admin/orders", filled).status_code == 303
    assert only_order().status is OrderStatus.PENDING
    assert [row.sequence for row in rows(only_order().id)] == [0]


def test_a_draft_is_saved_says_that_it_is_one_and_has_no_payments(admin, filled):
    order = draft(admin, filled)
    assert order.status is OrderStatus.DRAFT
    assert rows(order.id) == []
    page = admin.get(f"/admin/orders/{order.id}").text
    assert "This is a draft." in page
    assert "Create order" in page


def test_the_form_of_a_draft_shows_its_line_and_keeps_it_when_a_text_changes(admin, filled, plan):
    order = draft(admin, filled)
    page = admin.get(f"/admin/orders/{order.id}/edit").text
    shown = {"items.0.product_id": f"Studio ({plan})", "items.0.quantity": "2", "items.0.unit_price": "",
             "items.0.discount": "", "items.0.fee": ""}
    assert typed(page) == shown | {"customer_id": f"Grace Hopper ({filled['customer_id']})"}
    sent = typed(page) | held(page) | {"note": "Call first."}
    assert admin.post(f"/admin/orders/{order.id}", sent).status_code == 303
    changed = reload_order(order.id)
    assert (changed.note, changed.status, changed.items[0].quantity_ten_thousandths) == (
        "Call first.", OrderStatus.DRAFT, 20_000)


def test_another_quantity_computes_the_draft_anew(admin, filled):
    order = draft(admin, filled)
    page = admin.get(f"/admin/orders/{order.id}/edit").text
    reply = admin.post(f"/admin/orders/{order.id}", filled | held(page) | {"items.0.quantity": "3"})
    assert reply.status_code == 303, re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.text))[-900:]
    assert reload_order(order.id).total_minor == 7200


def test_a_draft_is_changed_and_created_at_once(admin, filled):
    order = draft(admin, filled)
    page = admin.get(f"/admin/orders/{order.id}/edit").text
    assert '<button type="submit" class="b pri" name="then" value="publish">Create order</button>' in page
    sent = filled | held(page) | {"items.0.quantity": "3", "then": "publish"}
    assert admin.post(f"/admin/orders/{order.id}", sent).status_code == 303
    created = reload_order(order.id)
    assert (created.status, created.total_minor) == (OrderStatus.PENDING, 7200)
    assert [row.amount_minor for row in rows(order.id)] == [7200]
    assert "was created." in admin.get(f"/admin/orders/{order.id}").text
    assert admin.get(f"/admin/orders/{order.id}/edit").status_code != 200


def test_what_is_wrong_creates_nothing(admin, filled):
    order = draft(admin, filled)
    page = admin.get(f"/admin/orders/{order.id}/edit").text
    sent = filled | held(page) | {"items.0.quantity": "-1", "then": "publish"}
    assert admin.post(f"/admin/orders/{order.id}", sent).status_code == 422
    assert reload_order(order.id).status is OrderStatus.DRAFT


@pytest.mark.parametrize("verb", ["cancel", "nothing", ""])
def test_the_form_does_no_other_action(admin, filled, verb):
    order = draft(admin, filled)
    page = admin.get(f"/admin/orders/{order.id}/edit").text
    assert admin.post(f"/admin/orders/{order.id}", filled | held(page) | {"then": verb}).status_code == 303
    assert reload_order(order.id).status is OrderStatus.DRAFT


def test_a_price_of_the_product_stays_the_products(admin, filled, alder):
    order = draft(admin, filled)
    other = cast.make_product(alder, "Studio Plus", price=Decimal("49.00"), currency="EUR", billing="subscription",
                              scheduled_interval=1, scheduled_unit="MONTH")
    page = admin.get(f"/admin/orders/{order.id}/edit").text
    sent = filled | held(page) | {"items.0.product_id": str(other)}
    assert admin.post(f"/admin/orders/{order.id}", sent).status_code == 303
    assert reload_order(order.id).total_minor == 9800


def test_a_line_of_an_inactive_product_stays(admin, filled, plan, alder):
    order = draft(admin, filled)
    with transaction():
        own, row = products.LISTING.lock(actor_for(alder), plan)
        products.update(own, row, {"status": ProductStatus.INACTIVE})
    page = admin.get(f"/admin/orders/{order.id}/edit").text
    sent = typed(page) | held(page) | {"note": "Hm."}
    assert admin.post(f"/admin/orders/{order.id}", sent).status_code == 303
    kept = reload_order(order.id)
    assert (kept.note, kept.items[0].product_id, kept.total_minor) == ("Hm.", plan, 4800)


def test_a_draft_of_several_lines_keeps_them(admin, grace, alder):
    lamp = cast.make_product(alder, "Lamp", price=Decimal("10.00"), currency="EUR")
    with transaction():
        key = ordering.create(actor_for(alder), inputs.parse(OrderInput, {
            "customer_id": grace, "draft": True, "items": [{"product_id": lamp}, {"product_id": lamp}]})).id
    page = admin.get(f"/admin/orders/{key}/edit").text
    sent = typed(page) | held(page)
    assert admin.post(f"/admin/orders/{key}", sent | {"note": "Hm."}).status_code == 303
    assert len(reload_order(key).items) == 2
    page = admin.get(f"/admin/orders/{key}/edit").text
    gone = {name: value for name, value in typed(page).items() if not name.startswith("items.0.")}
    assert admin.post(f"/admin/orders/{key}", gone | held(page) | {"items.1.quantity": "4"}).status_code == 303
    assert reload_order(key).total_minor == 4000
    page = admin.get(f"/admin/orders/{key}/edit").text
    none = {name: "" for name in typed(page) if name != "customer_id"}
    refused = admin.post(f"/admin/orders/{key}", typed(page) | held(page) | none)
    assert refused.status_code == 422
    assert "Lines " in refused.text
    assert reload_order(key).total_minor == 4000


def test_an_order_of_several_lines_with_prices_of_their_own(admin, alder, grace):
    lamp = cast.make_product(alder, "Lamp", price=Decimal("10.00"), currency="EUR")
    sent = {
        "customer_id": "grace hopper", "items.0.product_id": "lamp", "items.0.quantity": "2", "items.0.discount": "3",
        "items.4.product_id": f"Lamp ({lamp})", "items.4.quantity": "", "items.4.unit_price": "7.50",
        "items.4.fee": "0.25", "items.7.quantity": "1",
    }
    assert "24.75 EUR" in admin.post("/admin/orders/preview", sent).text
    assert admin.post("/admin/orders", sent).status_code == 303
    order = only_order()
    assert [(one.quantity_ten_thousandths, one.unit_price_micro, one.discount_minor, one.fee_minor)
            for one in order.items] == [(20_000, 10_000_000, 300, 0), (10_000, 7_500_000, 0, 25)]
    assert order.total_minor == 2475
    refused = admin.post("/admin/orders", sent | {"items.4.product_id": "Chair"}).text
    assert 'id="items.4.product_id-wrong"' in refused
    assert "has no match: choose a product from the list" in refused


def test_customers_and_products_beyond_all_lists_are_found(admin, alder):
    for number in range(45):
        cast.make_customer(alder, f"Ada {number:02}")
        cast.make_product(alder, f"Lamp {number:02}")
    page = admin.get("/admin/orders/new").text
    assert "Ada 03 (" in page
    assert "Ada 44 (" not in page
    assert "Ada 44 (45)" in admin.part("/admin/choices/customers?customer_id=ada 44").text
    assert "Lamp 44 (45)" in admin.part("/admin/choices/products?items.2.product_id=lamp 44").text


def test_lines_are_added_and_removed_without_a_script(admin, grace):
    shown = typed(admin.post("/admin/orders/line", {"items.0.product_id": "Lamp", "add_line": "1"}).text)
    assert (shown["items.0.product_id"], shown["items.1.quantity"]) == ("Lamp", "1")
    shown = typed(admin.post("/admin/orders/line", {
        "items.0.product_id": "Lamp", "items.1.product_id": "Chair", "remove_line": "0"}).text)
    assert [name for name in shown if name.endswith("product_id")] == ["items.1.product_id"]


CALLS = "items.0.calls."


def test_a_metered_order_says_which_calls_it_bills(admin, alder, grace):
    calls = cast.make_product(alder, "Calls", price=Decimal("0.01"), currency="EUR", billing="metered",
                              scheduled_interval=1, scheduled_unit="MONTH")
    key = cast.make_key(alder, name="Website")[0]
    page = admin.get("/admin/orders/new").text
    assert f'name="{CALLS}key_ids" value="{key}"> Website' in page
    sent = {"customer_id": str(grace), "items.0.product_id": str(calls), "draft": "on"}
    usual = {CALLS + "key_ids": "", CALLS + "status_classes": ["", "3", "2"], CALLS + "sources": "api"}
    assert admin.post("/admin/orders", usual | sent).status_code == 303
    assert only_order().items[0].metered["calls"]["status_classes"] == [2, 3]
    own = {
        CALLS + "key_ids": ["", str(key)], CALLS + "contracts": "public", CALLS + "status_classes": "",
        CALLS + "sources": "", CALLS + "methods": "GET",
        CALLS + "endpoints": "/v1/api/public/products/{id}\n/v1/api/public/products",
    }
    edit = f"/admin/orders/{only_order().id}"
    page = admin.get(f"{edit}/edit").text
    assert admin.post(edit, own | sent | held(page)).status_code == 303
    wanted = {
        "key_ids": [key], "contracts": ["public"], "methods": ["GET"], "status_classes": [], "sources": [],
        "endpoints": ["/v1/api/public/products/{id}", "/v1/api/public/products"],
    }
    assert only_order().items[0].metered["calls"] == wanted
    page = admin.get(f"{edit}/edit").text
    assert f'value="{key}" checked> Website' in page
    assert admin.post(edit, own | sent | held(page) | {"note": "Hm."}).status_code == 303
    assert (only_order().note, only_order().items[0].metered["calls"]) == ("Hm.", wanted)
    page = admin.get(f"{edit}/edit").text
    assert admin.post(edit, usual | sent | held(page)).status_code == 303
    assert only_order().items[0].metered["calls"]["key_ids"] == []
    refused = admin.post("/admin/orders", own | sent | {CALLS + "methods": "FETCH"})
    assert refused.status_code == 422
    assert f'id="{CALLS}methods-wrong"' in refused.text


def test_calls_are_no_matter_of_an_order_that_is_not_metered(admin, filled):
    refused = admin.post("/admin/orders", filled | {CALLS + "contracts": "public"})
    assert refused.status_code == 422
    assert "does not apply to a subscription order" in refused.text


def test_the_form_of_a_draft_shows_what_is_paid(admin, filled, birch, signed_in):
    order = draft(admin, filled)
    path = f"/admin/orders/{order.id}/preview"
    assert f'hx-post="{path}"' in admin.get(f"/admin/orders/{order.id}/edit").text
    page = admin.post(path, filled | held(admin.get(f"/admin/orders/{order.id}/edit").text) | {"items.0.quantity": "5"})
    assert "120.00 EUR" in page.text
    assert "Choose a product." in admin.post(path, {"customer_id": filled["customer_id"]}).text
    assert "What the customer pays" in admin.post(path, filled | {"page": "1"}).text
    assert signed_in("admin_user", [birch], email="b@birch.example").post(path, filled).status_code == 404
