"""Products with their groups and percentages."""

from database import db
from models.product import PriceRule, Product, ProductGroup

RULE = {"name": "VAT", "kind": "tax", "percentage": "20.5"}


def test_a_percentage_is_made_carried_changed_in_its_cell_and_kept_while_carried(admin):
    assert admin.post("/admin/products/rules", RULE).status_code == 303
    assert db.session.get(PriceRule, 1).percent_hundredths == 2050
    assert "20.5 %" in admin.get("/admin/products/rules?kind=tax").text
    product = {"name": "Lamp", "price": "10", "kind": "PRODUCT", "status": "active", "tax_id": "1"}
    assert admin.post("/admin/products", product).status_code == 303
    assert "VAT · 20.5 %" in admin.get("/admin/products/1").text
    assert admin.post("/admin/products/rules/1/delete").headers["Location"] == "/admin/products/rules/1"
    assert 'data-flash="bad"' in admin.get("/admin/products/rules/1").text
    reply = admin.post("/admin/products/rules/1/cell/percent_hundredths", {"value": "21"})
    assert reply.status_code == 200
    assert "21 %" in reply.text
    wrong = admin.post("/admin/products/rules/1/cell/percent_hundredths", {"value": "21.555"})
    assert wrong.status_code == 422


def test_a_group_is_deleted_after_a_question(admin):
    assert admin.post("/admin/products/groups", {"name": "Lamps"}).status_code == 303
    assert "gone for good" in admin.get("/admin/products/groups/1/delete").text
    assert admin.part("/admin/products/groups/1/delete").text.lstrip().startswith("<dialog")
    assert admin.post("/admin/products/groups/1/delete").status_code == 303
    assert db.session.query(ProductGroup).count() == 0


def test_prices_keep_six_decimals(admin):
    form = {"name": "Screw", "price": "0.123456", "kind": "PRODUCT", "status": "active"}
    assert admin.post("/admin/products", form).status_code == 303
    assert db.session.get(Product, 1).price_micro == 123_456
    assert "0.123456" in admin.get("/admin/products").text
    assert 'value="0.123456"' in admin.get("/admin/products/1/edit").text
    assert admin.post("/admin/products", form | {"price": "0.1234567"}).status_code == 422
