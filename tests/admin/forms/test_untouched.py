"""Saving a form changes no field that the user did not change."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from database import db, transaction
from domain import inputs
from domain.catalog import pricing, products
from domain.people import customers
from models.audit import AuditEntry
from models.budget import Budget
from models.customer import Customer
from models.product import PriceRule, Product, ProductStatus
from tests import cast
from tests.admin.forms.test_conflicts import Tab, fresh

LEFT_OUT = ("version", "updated_at", "search_text")            # what follows from the rest
ENDS = datetime(2099, 5, 1, 2, 10, 7, tzinfo=UTC)


@pytest.fixture
def budget(alder):
    """A pending budget with a line by a rate, one by an amount, one with a text of two lines."""
    actor = cast.actor_for(alder)
    with transaction():
        rule = inputs.parse(pricing.PriceRuleInput, {"name": "VAT", "kind": "tax", "percentage": Decimal("9.975")})
        pricing.create_rule(actor, rule)
    lamp = cast.make_product(alder, "Lamp", price=10, tax_id=1)
    lines = [
        {"product_id": lamp, "quantity": Decimal("2.25"), "unit_price": Decimal("33.333333")},
        {"product_id": lamp, "quantity": 1, "tax": 0},
        {"description": "First\nSecond", "quantity": 3, "unit_price": 7, "discount": 1},
    ]
    customer = cast.make_customer(alder, "Ada")
    return cast.make_budget(alder, customer, lines, valid_until=ENDS, discount=5, tax=1, details={"a": "b\nc"})


def whole(key):
    """Everything that a budget says, but for its version."""
    row = fresh(Budget, key)
    own = {column.name: getattr(row, column.name) for column in Budget.__table__.columns}
    rows = [{c.name: getattr(item, c.name) for c in item.__table__.columns} for item in row.items]
    return {name: value for name, value in own.items() if name not in LEFT_OUT} | {"items": rows}


def change_the_catalogue():
    """The rule has another rate now, and the product is sold no more."""
    with transaction():
        rule, lamp = db.session.get(PriceRule, 1), db.session.get(Product, 1)
        pricing.update_rule(cast.actor_for(rule.merchant_id), rule, {"percentage": Decimal(30)})
        changes = {"status": ProductStatus.INACTIVE, "price": Decimal(99)}
        products.update(cast.actor_for(rule.merchant_id), lamp, changes)


def as_browsers_do(tab):
    """A field of one line has no line breaks."""
    for name, values in tab.fields.items():
        if name.startswith("items."):
            tab.fields[name] = [value.replace("\n", "") for value in values]
    return tab


def test_a_budget_that_is_saved_as_it_was_loaded_stays_byte_for_byte(admin, budget):
    before = whole(budget)
    change_the_catalogue()
    assert as_browsers_do(Tab(admin, f"/admin/budgets/{budget}/edit")).save().status_code == 303
    assert whole(budget) == before


def test_a_form_that_is_saved_as_it_was_loaded_makes_no_version_and_no_entry(admin, budget):
    def written():
        return fresh(Budget, budget).version, db.session.scalar(select(func.count()).select_from(AuditEntry))

    before = written()
    assert as_browsers_do(Tab(admin, f"/admin/budgets/{budget}/edit")).save().status_code == 303
    assert written() == before


def test_changing_the_notes_changes_the_notes(admin, budget):
    before = whole(budget)
    change_the_catalogue()
    assert as_browsers_do(Tab(admin, f"/admin/budgets/{budget}/edit")).save(notes="Thanks").status_code == 303
    assert whole(budget) == before | {"notes": "Thanks"}


def test_changing_a_quantity_moves_what_follows_from_it_and_nothing_else(admin, budget):
    before = whole(budget)["items"]
    change_the_catalogue()
    tab = as_browsers_do(Tab(admin, f"/admin/budgets/{budget}/edit"))
    assert (tab.text("items.0.tax"), tab.text("items.1.tax")) == ("9.975 %", "0.00")
    assert tab.text("items.0.quantity") == "2.25"
    assert tab.save(items__0__quantity="4.5").status_code == 303
    after = whole(budget)["items"]
    assert [one["id"] for one in after] == [one["id"] for one in before]
    assert after[1:] == before[1:]
    changed = {name for name, value in after[0].items() if value != before[0][name]}
    assert changed == {"quantity_ten_thousandths", "tax_minor", "total_minor"}
    # 150.00 less its share of 5.00 over 180.00, at the rate of then
    assert after[0]["tax_minor"] == round((15000 - 417) * 0.09975)


def test_lines_are_added_and_removed_and_the_others_keep_their_ids(admin, budget):
    before = [one["id"] for one in whole(budget)["items"]]
    tab = Tab(admin, f"/admin/budgets/{budget}/edit")
    gone = {f"items__1__{part}": None for part in ("id", "product_id", "description", "quantity", "unit_price",
                                                   "discount", "tax")}
    added = {"items__7__description": "Travel", "items__7__quantity": "0.5", "items__7__unit_price": "20",
             "items__7__tax": "5 %"}
    assert tab.save(**gone, **added).status_code == 303
    after = whole(budget)["items"]
    assert [one["id"] for one in after][:2] == [before[0], before[2]]
    assert after[2]["id"] not in before
    assert (after[2]["quantity_ten_thousandths"], after[2]["tax_percent_ten_thousandths"]) == (5000, 50_000)


def test_a_line_of_another_budget_is_refused(admin, alder, budget):
    other = cast.make_budget(alder, 1)
    foreign = whole(other)["items"][0]["id"]
    reply = Tab(admin, f"/admin/budgets/{budget}/edit").save(items__0__id=str(foreign), items__0__quantity="9")
    assert reply.reply.status_code == 422
    assert "must be a line of this budget" in reply.reply.text
    assert whole(other)["items"][0]["quantity_ten_thousandths"] == 20_000


def test_emptying_the_tax_takes_the_products_rate_and_typing_an_amount_keeps_that(admin, budget):
    tab = Tab(admin, f"/admin/budgets/{budget}/edit")
    assert tab.save(items__1__tax="", items__2__tax="3.21").status_code == 303
    _, one, two = whole(budget)["items"]
    assert (one["tax_percent_ten_thousandths"], one["tax_minor"]) == (99_750, 95)          # of 10.00 less 0.48
    assert (two["tax_percent_ten_thousandths"], two["tax_minor"]) == (None, 321)


def test_a_mistake_is_shown_at_the_line_where_it_was_typed(admin, alder):
    cast.make_customer(alder, "Ada")
    reply = admin.post("/admin/budgets", {
        "customer_id": "1", "items.2.description": "Fine", "items.2.quantity": "1", "items.2.unit_price": "1",
        "items.5.quantity": "1", "items.9.description": "Wrong", "items.9.quantity": "1", "items.9.tax": "x %"})
    assert reply.status_code == 422
    assert 'id="items.9.tax-wrong"' in reply.text
    reply = admin.post("/admin/budgets", {
        "customer_id": "1", "items.2.description": "Fine", "items.2.quantity": "1", "items.2.unit_price": "1",
        "items.9.description": "No price", "items.9.quantity": "1"})
    assert 'id="items.9.unit_price-wrong"' in reply.text


METADATA = {"plain": "value", "two": "first\nsecond", "a=b": " spaced ", "quoted": '"x"', "empty": ""}


@pytest.mark.parametrize(("path", "kind"), [("customers", Customer), ("products", Product)])
def test_metadata_that_a_line_cannot_express_stays(admin, alder, path, kind):
    make = {"customers": cast.make_customer, "products": cast.make_product}[path]
    key = make(alder, "Ada", details=METADATA)
    assert Tab(admin, f"/admin/{path}/{key}/edit").save(name="Grace").status_code == 303
    assert (fresh(kind).name, fresh(kind).details) == ("Grace", METADATA)
    tab = Tab(admin, f"/admin/{path}/{key}/edit")
    assert tab.save(details=tab.text("details") + "\r\nmore=1").status_code == 303
    assert fresh(kind).details == METADATA | {"more": "1"}


def test_a_box_that_is_switched_off_is_a_change_and_one_left_alone_is_none(admin, alder):
    key = cast.make_product(alder, "Lamp", lock_price=True, lock_payment_config=True)
    assert Tab(admin, f"/admin/products/{key}/edit").save(lock_price=None).status_code == 303
    assert (fresh(Product).lock_price, fresh(Product).lock_payment_config) == (False, True)


def test_part_of_an_address_is_changed_and_the_rest_of_it_stays(admin, alder):
    address = {"street": "1 High St", "city": "Leeds", "country": "GB"}
    key = cast.make_customer(alder, "Ada", billing_address=address)
    assert Tab(admin, f"/admin/customers/{key}/edit").save(billing_address__city="York").status_code == 303
    found = fresh(Customer).billing_address
    assert (found.street, found.city, found.country) == ("1 High St", "York", "GB")


def test_a_line_break_in_a_field_of_one_line_stays(admin, alder):
    street = "Unit 7\nOld Mill"
    key = cast.make_customer(alder, "Ada", billing_address={"street": street, "city": "Leeds", "country": "GB"})
    for change in ({}, {"name": "Grace"}, {"billing_address__city": "York"}):
        tab = Tab(admin, f"/admin/customers/{key}/edit")
        tab.fields["billing_address.street"] = ["Unit 7Old Mill"]                # as browsers send it
        assert tab.save(**change).status_code == 303
        assert fresh(Customer).billing_address.street == street, change
    assert fresh(Customer).billing_address.city == "York"
    tab = Tab(admin, f"/admin/customers/{key}/edit")
    assert tab.save(billing_address__street="Unit 8").status_code == 303
    assert fresh(Customer).billing_address.street == "Unit 8"


def test_another_currency_makes_one_look_at_every_amount(admin, alder):
    key = cast.make_customer(alder, "Ada", credit_limit=500, low_balance=20)
    refused = Tab(admin, f"/admin/customers/{key}/edit").save(currency="USD")
    assert refused.reply.status_code == 422
    for name in ("credit_limit", "low_balance"):
        assert f'id="{name}-wrong"' in refused.reply.text
    assert fresh(Customer).currency is None
    assert refused.save(low_balance="25").status_code == 303
    row = fresh(Customer)
    assert (row.currency, row.credit_limit_minor, row.low_balance_minor) == ("USD", 50_000, 2_500)


def test_a_budgets_currency_changes_once_its_lines_were_looked_at(admin, alder):
    key = cast.make_budget(alder, cast.make_customer(alder, "Ada"))
    before = whole(key)["items"][0]["id"]
    refused = Tab(admin, f"/admin/budgets/{key}/edit").save(currency="JPY")
    assert refused.reply.status_code == 422
    assert "was in the previous currency" in refused.reply.text
    assert refused.save(items__0__unit_price="8000").status_code == 303
    after = whole(key)
    assert (after["currency"], after["total_minor"], after["items"][0]["id"]) == ("JPY", 16_000, before)


def test_an_archived_customer_is_marked_and_gets_no_new_budget_but_keeps_his_own(admin, alder):
    key = cast.make_budget(alder, cast.make_customer(alder, "Ada", email="ada@example.org"))
    with transaction():
        customers.archive(cast.actor_for(alder), db.session.get(Customer, 1))
    assert "Archived · ada@example.org" in admin.part("/admin/choices/customers?customer_id=ada").text
    line = {"items.0.description": "Work", "items.0.quantity": "1", "items.0.unit_price": "1"}
    refused = admin.post("/admin/budgets", line | {"customer_id": "Ada (1)"})
    assert refused.status_code == 422
    assert "is archived" in refused.text
    assert Tab(admin, f"/admin/budgets/{key}/edit").save(notes="Still mine").status_code == 303


def test_products_beyond_the_first_are_found(admin, alder, birch):
    for number in range(40):
        cast.make_product(alder, f"Lamp {number:02}", price=number, sku=f"L-{number}")
    cast.make_product(birch, "Lamp of others")
    first = admin.get("/admin/budgets/new").text
    assert "Lamp 39" not in first
    part = admin.part("/admin/choices/products?items.3.product_id=lamp 39").text
    assert part.count("<option") == 1
    assert 'data-price="39.00"' in part
    assert 'data-currency="EUR"' in part
    assert "others" not in admin.part("/admin/choices/products?items.0.product_id=lamp of").text
