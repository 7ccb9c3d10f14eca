"""Drafts of orders: saved from the form, changed in it, and created when they are ready."""

import re
from decimal import Decimal

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
VALUE = re.compile(r'<option value="(\d+)" selected>')


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
    assert str(plan) in VALUE.findall(page)
    assert 'name="items.0.quantity"' in page
    sent = filled | held(page) | {"note": "Call first."}
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
    sent = {"customer_id": filled["customer_id"], "items.0.product_id": "", "note": "Hm."} | held(page)
    assert admin.post(f"/admin/orders/{order.id}", sent).status_code == 303
    kept = reload_order(order.id)
    assert (kept.note, kept.items[0].product_id, kept.total_minor) == ("Hm.", plan, 4800)


def test_a_draft_of_several_lines_keeps_them(admin, grace, alder):
    lamp = cast.make_product(alder, "Lamp", price=Decimal("10.00"), currency="EUR")
    with transaction():
        key = ordering.create(actor_for(alder), inputs.parse(OrderInput, {
            "customer_id": grace, "draft": True, "items": [{"product_id": lamp}, {"product_id": lamp}]})).id
    page = admin.get(f"/admin/orders/{key}/edit").text
    sent = {"customer_id": str(grace), "items.0.product_id": "", "note": "Hm."} | held(page)
    assert admin.post(f"/admin/orders/{key}", sent).status_code == 303
    assert len(reload_order(key).items) == 2


def test_the_form_of_a_draft_shows_what_is_paid(admin, filled, birch, signed_in):
    order = draft(admin, filled)
    path = f"/admin/orders/{order.id}/preview"
    assert f'hx-post="{path}"' in admin.get(f"/admin/orders/{order.id}/edit").text
    page = admin.post(path, filled | held(admin.get(f"/admin/orders/{order.id}/edit").text) | {"items.0.quantity": "5"})
    assert "120.00 EUR" in page.text
    assert "Choose a product." in admin.post(path, {"customer_id": filled["customer_id"]}).text
    assert "What the customer pays" in admin.post(path, filled | {"page": "1"}).text
    assert signed_in("admin_user", [birch], email="b@birch.example").post(path, filled).status_code == 404
