"""The migration of quantities, percentages and taxes of lines keeps every row and every amount."""

from pathlib import Path
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import text

from database import db, transaction
from domain import inputs
from domain.catalog import pricing
from tests import cast

pytestmark = pytest.mark.files
PREVIOUS = ScriptDirectory(str(Path(__file__).parents[2] / "migrations")).get_revision("0009").down_revision
VAT = 210_000
# quantity, price in millionths, discount, tax, product, and the rate that the line is known by afterwards
LINES = (
    (3, 12_345_000, 0, 778, 1, VAT),            # 21 % of 37.04: 7.7784
    (3, 12_345_000, 0, 779, 1, None),           # a cent beside it: an amount
    (1, 10_000_000, 0, 0, 1, None),             # somebody wrote that there is no tax
    (1, 10_000_000, 1000, 0, 1, VAT),           # nothing is left to be taxed
    (2, 50_000_000, 0, 0, None, 0),             # no product, no tax
    (2, 50_000_000, 0, 1900, None, None),       # an amount
    (1_000_000, 1_000_000, 0, 0, 2, 0),         # a product without a tax
)
AMOUNTS = (
    "SELECT id, product_id, unit_price_micro, discount_minor, tax_minor, total_minor FROM budget_items ORDER BY id"
)


def rows(words: str) -> list[Any]:
    with db.engine.begin() as connection:
        result = connection.execute(text(words))
        return [tuple(row) for row in result] if result.returns_rows else []


def old_installation() -> None:
    """A budget with such lines, as the version before stored them."""
    merchant = cast.make_merchant()
    customer = cast.make_customer(merchant)
    with transaction():
        rule = inputs.parse(pricing.PriceRuleInput, {"name": "VAT", "kind": "tax", "percentage": 21})
        pricing.create_rule(cast.actor_for(merchant), rule)
    cast.make_product(merchant, "Taxed", tax_id=1)
    cast.make_product(merchant, "Plain")
    cast.make_budget(merchant, customer, [{"description": "x", "quantity": 1, "unit_price": 1}] * len(LINES))
    db.session.remove()
    downgrade(revision=PREVIOUS)
    for place, (quantity, price, discount, tax, product, _) in enumerate(LINES, 1):
        total = (quantity * price * 2 + 10_000) // 20_000 - discount + tax
        rows(
            f"UPDATE budget_items SET quantity = {quantity}, unit_price_micro = {price}, discount_minor = {discount}, "
            f"tax_minor = {tax}, total_minor = {total}, product_id = {product or 'NULL'} WHERE id = {place}"
        )


def test_every_line_keeps_its_amounts_and_is_known_by_its_rate_or_by_its_amount(installation: Any) -> None:
    with installation.app.app_context():
        old_installation()
        before = rows(AMOUNTS)
        assert rows("SELECT percent_hundredths FROM price_rules") == [(2100,)]
        upgrade()
        assert rows(AMOUNTS) == before
        assert rows("SELECT quantity_ten_thousandths, tax_percent_ten_thousandths FROM budget_items ORDER BY id") == [
            (quantity * 10_000, rate) for quantity, *_, rate in LINES
        ]
        assert rows("SELECT id, name, percent_ten_thousandths FROM price_rules") == [(1, "VAT", VAT)]
        assert rows("SELECT tax_id FROM products ORDER BY id") == [(1,), (None,)]


def test_going_back_rounds_what_the_version_before_cannot_hold_and_keeps_the_amounts(installation: Any) -> None:
    with installation.app.app_context():
        old_installation()
        upgrade()
        rows("UPDATE budget_items SET quantity_ten_thousandths = 22500 WHERE id = 1")
        rows("UPDATE budget_items SET quantity_ten_thousandths = 1 WHERE id = 2")
        rows("UPDATE price_rules SET percent_ten_thousandths = 99750")
        before = rows(AMOUNTS)
        downgrade(revision=PREVIOUS)
        assert rows(AMOUNTS) == before
        assert rows("SELECT quantity FROM budget_items ORDER BY id")[:3] == [(2,), (1,), (1,)]
        assert rows("SELECT percent_hundredths FROM price_rules") == [(998,)]
        upgrade()
        assert rows(AMOUNTS) == before


def test_bounds_hold_and_no_number_of_a_rule_is_given_twice(installation: Any) -> None:
    with installation.app.app_context():
        old_installation()
        rows("UPDATE products SET tax_id = NULL")
        rows("DELETE FROM price_rules")
        upgrade()
        with transaction():
            rule = inputs.parse(pricing.PriceRuleInput, {"name": "New", "kind": "tax", "percentage": 1000})
            assert pricing.create_rule(cast.actor_for(1), rule).id == 2
        for words in (
            "UPDATE price_rules SET percent_ten_thousandths = 10000001",
            "UPDATE price_rules SET percent_ten_thousandths = -1",
            "UPDATE budget_items SET quantity_ten_thousandths = 0",
        ):
            with pytest.raises(Exception, match=r"(?i)check constraint"):
                rows(words)
