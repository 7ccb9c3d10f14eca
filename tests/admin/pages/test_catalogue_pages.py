"""Products with their groups and percentages."""

from database import db
from models.product import PriceRule, Product, ProductGroup

RULE = {"name": "VAT", "kind": "tax", "percentage": "20.5"}


def test_a_rule_is_created_used_edited_in_its_cell_and_kept_while_used(admin):
    assert admin.post("/admin/products/rules", RULE).status_code == 303
    assert db.session.get(PriceRule, 1).percent_ten_thousandths == 205_000
    assert "20.5 %" in admin.get("/admin/products/rules?kind=tax").text
    product = {"name": "Lamp", "price": "10", "kind": "PRODUCT", "status": "active", "tax_id": "1"}
    assert admin.post("/admin/products", product).status_code == 303
    assert "VAT · 20.5 %" in admin.get("/admin/products/1").text
    assert admin.post("/admin/products/rules/1/delete").headers["Location"] == "/admin/products/rules/1"
    assert 'data-flash="bad"' in admin.get("/admin/products/rules/1").text
    reply = admin.post("/admin/products/rules/1/cell/percent_ten_thousandths", {"value": "21"})
    assert reply.status_code == 200
    assert "21 %" in reply.text
    fine = admin.post("/admin/products/rules/1/cell/percent_ten_thousandths", {"value": "9.975"})
    assert "9.975 %" in fine.text
    assert "\r\n1,VAT,tax,9.975," in admin.get("/admin/products/rules.csv").text
    assert 'value="9.975"' in admin.get("/admin/products/rules/1/edit").text
    wrong = admin.post("/admin/products/rules/1/cell/percent_ten_thousandths", {"value": "21.55555"})
    assert "has more than 4 decimals" in wrong.text
    assert wrong.status_code == 422


def test_a_group_is_deleted_after_a_confirmation(admin):
    assert admin.post("/admin/products/groups", {"name": "Lamps"}).status_code == 303
    assert "deleted permanently" in admin.get("/admin/products/groups/1/delete").text
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


LOCKS = ("lock_price", "lock_payment_config", "fee_for_initial_payment_only", "discount_for_initial_payment_only")


def test_the_billing_of_a_product_is_set_and_unset_in_its_form(admin):
    form = {"name": "Hosting", "price": "10", "kind": "PRODUCT", "status": "active", "deposit": "2.50"}
    assert admin.post("/admin/products", form | dict.fromkeys(LOCKS, "on")).status_code == 303
    row = db.session.get(Product, 1)
    assert row.deposit_minor == 250
    assert [getattr(row, name) for name in LOCKS] == [True] * 4
    page = admin.get("/admin/products/1/edit").text
    assert 'id="deposit" name="deposit" type="number" value="2.50"' in page
    for name in LOCKS:
        assert f'name="{name}" value="on" checked' in page, name
    assert "2.50" in admin.get("/admin/products/1").text
    refused = admin.post("/admin/products/1", form | {"deposit": "2.505"})
    assert 'id="deposit-wrong"' in refused.text
    assert admin.post("/admin/products/1", form | {"deposit": ""}).status_code == 303
    db.session.expire_all()
    assert db.session.get(Product, 1).deposit_minor is None
    assert not any(getattr(db.session.get(Product, 1), name) for name in LOCKS)
