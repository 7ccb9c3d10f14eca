"""Reads products with their group, tax, discount and fee, and computes what each asks for first."""

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy.orm import aliased

from domain.catalog import products
from models.money import MICRO, ONE, exponent
from models.product import Billing, PriceRule, Product, ProductGroup

RULES = {name: aliased(PriceRule, name=name) for name in ("tax", "discount", "fee")}
RULE_COLUMNS = ("name", "percent_ten_thousandths", "description", "created_at", "updated_at")

LISTING = replace(
    products.LISTING,
    columns={
        **products.LISTING.columns,
        "group_name": ProductGroup.name,
        **{f"{rule}_{name}": getattr(table, name) for rule, table in RULES.items() for name in RULE_COLUMNS},
    },
    joins=(
        (ProductGroup, ProductGroup.id == Product.group_id),
        *((table, table.id == getattr(Product, f"{rule}_id")) for rule, table in RULES.items()),
    ),
)
RESOURCE = replace(products.RESOURCE, listing=LISTING)


def first_amount(row: Any) -> int:
    """What the product's first payment is, in minor units: its deposit (none is nothing), or its price less
    discount plus fee.

    Tax is contained in the price. Percentages are of the price, each rounded once, half up.
    """
    if row.billing in (Billing.INSTALMENT, Billing.METERED):
        return int(row.deposit_minor or 0)
    price = Decimal(row.price_micro).scaleb(exponent(row.currency)) / MICRO
    whole = _rounded(price)
    return whole - _share(whole, row.discount_percent_ten_thousandths) + _share(whole, row.fee_percent_ten_thousandths)


def _share(minor: int, percent_ten_thousandths: int | None) -> int:
    """A percentage of an amount."""
    return _rounded(Decimal(minor) * (percent_ten_thousandths or 0) / (100 * ONE))


def _rounded(value: Decimal) -> int:
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))
