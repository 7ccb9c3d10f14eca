"""Rows that a form names are chosen from a list while they are few, and found as one types where they are many."""

import re
from decimal import Decimal

import pytest

from blueprints.admin import row_field
from database import db, transaction
from domain import inputs
from domain.catalog import pricing
from models.discount_code import DiscountCode
from models.product import PriceRule, Product, ProductStatus
from tests import cast

PRODUCT = {"name": "Lamp", "kind": "PRODUCT", "status": "active", "price": "10", "currency": "EUR"}
CODE = {"code": "TEN", "percentage": "10", "active": "on"}


def make_tax(merchant, name="Standard", kind="tax"):
    with transaction():
        new = inputs.parse(pricing.PriceRuleInput, {"name": name, "kind": kind, "percentage": Decimal(20)})
        return pricing.create_rule(cast.actor_for(merchant), new).id


@pytest.fixture
def many(monkeypatch):
    monkeypatch.setattr(row_field, "FEW", 1)


def control(page, name):
    return re.search(rf'<select[^>]*id="{name}".*?</select>|<input[^>]*id="{name}".*?>', page, re.S)[0]


def test_few_are_a_list(admin, alder):
    tax = make_tax(alder)
    make_tax(alder, "Sale", "discount")
    found = control(admin.get("/admin/products/new").text, "tax_id")
    assert f'<option value="Standard ({tax})">Standard · 20 %</option>' in found
    assert "Sale" not in found


def test_many_are_found_by_name_without_an_end(admin, alder, many):
    tax = make_tax(alder)
    make_tax(alder, "Reduced")
    found = control(admin.get("/admin/products/new").text, "tax_id")
    url = re.search(r'hx-get="([^"]+)"', found)[1].partition("?")[0]
    assert admin.get(f"{url}?tax_id=stan").text.strip() == (
        f'<option value="Standard ({tax})">Standard · 20 %</option>')
    shown = control(admin.get(f"/admin/products/new?tax_id={tax}").text, "tax_id")
    assert f'value="Standard ({tax})"' in shown


@pytest.mark.parametrize("said", ["Standard", "standard", "Standard ({})", "{}"])
def test_a_rule_is_taken_by_name_and_by_number(admin, alder, said):
    tax = make_tax(alder)
    make_tax(alder, "Standard", "fee")                   # of another kind
    reply = admin.post("/admin/products", PRODUCT | {"tax_id": said.format(tax)})
    assert reply.status_code == 303
    assert db.session.query(Product).one().tax_id == tax


def test_a_name_that_ends_like_a_number_is_that_name(admin, alder):
    first = make_tax(alder, "VAT")
    named = make_tax(alder, f"VAT ({first + 5})")
    make_tax(alder, f"Old ({first})")
    for said, expected in ((f"VAT ({first + 5})", named), (f"VAT ({first})", first)):
        admin.post("/admin/products", PRODUCT | {"tax_id": said, "name": said})
        assert db.session.query(Product).filter_by(name=said).one().tax_id == expected


def test_what_is_not_there_is_said(admin, alder):
    reply = admin.post("/admin/products", PRODUCT | {"tax_id": "Nothing"})
    assert reply.status_code == 422
    assert "has no match: choose a tax from the list" in reply.text
    reply = admin.post("/admin/discount_codes", CODE | {"product_id": "Nothing"})
    assert "has no match: choose a product from the list" in reply.text


def test_an_edit_keeps_what_was_not_touched(admin, alder, many):
    tax = make_tax(alder)
    make_tax(alder, "Reduced")
    admin.post("/admin/products", PRODUCT | {"tax_id": f"Standard ({tax})"})
    key = db.session.query(Product).one().id
    assert "Standard · 20 %" in admin.get(f"/admin/products/{key}").text
    page = admin.get(f"/admin/products/{key}/edit").text
    assert f'value="Standard ({tax})"' in control(page, "tax_id")
    loaded = re.search(r'name="loaded" value="([^"]*)"', page)[1].replace("&#34;", '"')
    with transaction():
        db.session.get(PriceRule, tax).name = "Normal"
    sent = {"version": "1", "loaded": loaded, **PRODUCT, "name": "Lamps", "tax_id": f"Standard ({tax})"}
    assert admin.post(f"/admin/products/{key}", sent).status_code == 303
    db.session.expire_all()
    row = db.session.get(Product, key)
    assert (row.name, row.tax_id) == ("Lamps", tax)


def test_a_code_is_for_a_product_among_all(admin, alder, many):
    lamp, other = cast.make_product(alder, "Lamp"), cast.make_product(alder, "Desk")
    found = control(admin.get("/admin/discount_codes/new").text, "product_id")
    url = re.search(r'hx-get="([^"]+)"', found)[1].partition("?")[0]
    assert f'value="Lamp ({lamp})"' in admin.get(f"{url}?product_id=la").text
    assert f"({other})" not in admin.get(f"{url}?product_id=la").text
    assert admin.post("/admin/discount_codes", CODE | {"product_id": "Lamp"}).status_code == 303
    assert db.session.query(DiscountCode).one().product_id == lamp


def test_a_product_that_is_no_longer_active_stays_chosen(admin, alder):
    lamp = cast.make_product(alder, "Lamp")
    cast.make_product(alder, "Desk")
    admin.post("/admin/discount_codes", CODE | {"product_id": "Lamp"})
    key = db.session.query(DiscountCode).one().id
    with transaction():
        db.session.get(Product, lamp).status = ProductStatus.INACTIVE
    page = admin.get(f"/admin/discount_codes/{key}/edit").text
    chosen = control(page, "product_id")
    assert re.search(rf'<option selected>Lamp \({lamp}\)</option>', chosen)


def test_suggestions_are_of_the_own_merchant(admin, alder, birch, many):
    make_tax(birch)
    assert "<option" not in admin.get("/admin/choices/tax?tax_id=stan").text
