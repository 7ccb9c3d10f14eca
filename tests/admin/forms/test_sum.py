"""The sum shown on a budget's form equals the stored one."""

import random
import re

from database import db, transaction
from domain import inputs
from domain.catalog import pricing
from models.budget import Budget
from models.money import Money
from tests import cast
from tests.admin.forms.test_conflicts import Tab

LINE = {"items.0.description": "Work", "items.0.quantity": "1", "items.0.unit_price": "10"}


def shown(admin, form):
    text = admin.post("/admin/budgets/sum", form).text
    found = re.search(r"data-total>([^<]+)<", text)
    return found[1] if found else re.search(r"data-reason>([^<]+)<", text)[1]


def random_form(dice, customer, products):
    form = {"customer_id": str(customer), "currency": dice.choice(["EUR", "JPY", "KWD"])}
    digits = {"EUR": 2, "JPY": 0, "KWD": 3}[form["currency"]]
    for number in range(dice.randint(1, 6)):
        price = dice.randint(1, 10**9)
        line = {"quantity": f"{dice.randint(1, 10**6) / 10**4:.4f}", "unit_price": f"{price / 10**6:.6f}",
                "description": "x"}
        if form["currency"] == "EUR" and dice.random() < 0.5:
            line["product_id"] = str(dice.choice(products))
        if dice.random() < 0.6:
            line["tax"] = dice.choice(["9.975 %", "19%", "0 %", f"{dice.randint(0, 10**4) / 10**digits:.{digits}f}"])
        form |= {f"items.{number * 2}.{name}": value for name, value in line.items()}
    if dice.random() < 0.7:
        form["discount"] = f"{dice.randint(0, 100) / 10**digits:.{digits}f}"
    return form


def test_random_forms_show_what_saving_them_gives(admin, alder):
    with transaction():
        rule = inputs.parse(pricing.PriceRuleInput, {"name": "VAT", "kind": "tax", "percentage": 21})
        pricing.create_rule(cast.actor_for(alder), rule)
    products = [cast.make_product(alder, "Taxed", tax_id=1), cast.make_product(alder, "Plain")]
    customer, dice, saved = cast.make_customer(alder, "Ada"), random.Random(7), 0
    for _ in range(60):
        form = random_form(dice, customer, products)
        total = shown(admin, form)
        reply = admin.post("/admin/budgets", form)
        if reply.status_code != 303:                    # a discount above the amount, say
            assert total.endswith("."), total
            continue
        saved += 1
        row = db.session.query(Budget).order_by(Budget.id.desc()).first()
        assert total == f"{Money(row.total_minor, row.currency).decimal:,} {row.currency}"
    assert saved > 40


def test_the_sum_of_a_budget_that_is_edited_follows_the_change(admin, alder):
    key = cast.make_budget(alder, cast.make_customer(alder, "Ada"))
    tab = Tab(admin, f"/admin/budgets/{key}/edit")
    form = {name: value[0] for name, value in tab.fields.items()}
    assert shown(admin, form) == "100.00 EUR"
    assert shown(admin, form | {"items.0.quantity": "2.5", "discount": "5"}) == "120.00 EUR"
    assert db.session.get(Budget, key).total_minor == 10_000


def test_what_cannot_be_added_up_yet_is_explained(admin, ops, alder):
    assert shown(admin, {"items.0.quantity": "1"}) == "No lines yet."
    assert shown(admin, LINE | {"items.3.description": "x", "items.3.quantity": "1"}).startswith("Line 4 unit price is")
    assert shown(admin, LINE | {"items.0.quantity": "0"}) == "Line 1 quantity must be greater than 0."
    assert shown(ops, LINE) == "Choose a merchant profile first."
    assert shown(ops, LINE | {"merchant_id": str(alder)}) == "10.00 EUR"
