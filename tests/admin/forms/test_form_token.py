"""A create form that is sent twice makes one row."""

import re

import pytest

from database import db
from domain import form_tokens
from models import Credential, FormToken
from tests import cast

LINE = {"items.0.description": "Work", "items.0.quantity": "1", "items.0.unit_price": "10"}
FORMS = {
    "/admin/customers": {"name": "Ada", "status": "active", "credit_limit": "0"},
    "/admin/products": {"name": "Lamp", "price": "10", "kind": "PRODUCT", "status": "active"},
    "/admin/budgets": LINE | {"customer_id": "1"},
    "/admin/products/rules": {"name": "VAT", "kind": "tax", "percentage": "9.975"},
    "/admin/products/groups": {"name": "Lamps"},
    "/admin/merchants": {"name": "Cedar", "currency": "EUR", "timezone": "UTC"},
    "/admin/users": {"email": "new@alder.example", "password": cast.PASSWORD, "role": "admin_user",
                     "merchant_ids": "1"},
    "/admin/webhooks": {"url": "https://hooks.example.com/x", "events": "customer.created"},
}


def token_of(page):
    return re.search(r'name="once" value="([^"]+)"', page)[1]


@pytest.mark.parametrize("path", FORMS)
def test_a_form_sent_twice_makes_one_row(ops, alder, path):
    cast.make_customer(alder, "Existing")
    form = FORMS[path] | {"merchant_id": str(alder)}
    page = ops.get(f"{path}/new?merchant_id={alder}").text
    form |= {"once": token_of(page)}
    first, second = ops.post(path, form), ops.post(path, form)
    assert first.status_code == second.status_code == 303, second.text
    assert first.headers["Location"] == second.headers["Location"]
    again = ops.post(path, form | {"once": token_of(ops.get(f"{path}/new?merchant_id={alder}").text), "name": "Other",
                                   "email": "other@alder.example"})
    assert again.headers["Location"] != first.headers["Location"]


def test_a_refused_form_keeps_its_token_and_can_be_sent_again(admin):
    token = token_of(admin.get("/admin/customers/new").text)
    form = FORMS["/admin/customers"] | {"once": token}
    refused = admin.post("/admin/customers", form | {"name": ""})
    assert refused.status_code == 422
    assert token_of(refused.text) == token
    assert admin.post("/admin/customers", form).status_code == 303


def test_a_key_is_created_once_and_its_secret_is_not_shown_again(admin, alder):
    page = admin.get("/admin/keys/new").text
    form = {"name": "Shop", "expires": "never", "rate_limit_per_hour": "10", "scope_CUSTOMERS": "read", "mode": "live",
            "once": token_of(page)}
    first = admin.post("/admin/keys", form)
    assert first.status_code == 201, first.text
    second = admin.post("/admin/keys", form)
    assert second.status_code == 303
    assert db.session.query(Credential).filter_by(name="Shop").count() == 1
    assert "was created already" in admin.get(second.headers["Location"]).text


def test_form_tokens_of_another_person_are_ignored(admin, ops, alder):
    form = FORMS["/admin/customers"] | {"once": "the same", "merchant_id": str(alder)}
    assert admin.post("/admin/customers", form).headers["Location"].endswith("/1")
    assert ops.post("/admin/customers", form).headers["Location"].endswith("/2")


def test_tokens_are_removed_after_a_day(admin):
    admin.post("/admin/customers", FORMS["/admin/customers"] | {"once": form_tokens.fresh()})
    assert form_tokens.forget_old() == 0
    db.session.execute(db.text("UPDATE form_tokens SET created_at = '2020-01-01 00:00:00'"))
    assert form_tokens.forget_old() == 1
    assert cast.count(FormToken) == 0
