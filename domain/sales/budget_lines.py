"""The arithmetic of budgets: lines priced from products, discounts and tax, sums that are never believed.

Every mistake names its line and field: items.1.quantity.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.catalog import products
from domain.errors import Invalid
from domain.inputs import Input, Maybe, Number, RowId, Text, Whole
from models.budget import Budget, BudgetItem
from models.money import LIMIT, line_minor, percent_minor, to_micro, to_minor
from models.product import PriceRule, Product, ProductStatus


class ItemInput(Input):
    """One line; a price left out is the product's, a tax left out follows from the product's rate."""

    product_id: Maybe[RowId] = None
    description: Maybe[Annotated[str, Text(500)]] = None
    quantity: Annotated[int, Whole(1, 1_000_000)]
    unit_price: Maybe[Annotated[Decimal, Number(0, products.MAX_PRICE)]] = None
    discount: Maybe[Annotated[Decimal, Number()]] = None
    tax: Maybe[Annotated[Decimal, Number()]] = None


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a budget in minor units."""

    subtotal: int
    discount: int
    tax: int

    @property
    def total(self) -> int:
        return self.subtotal - self.discount + self.tax


def compute(actor: Actor, budget: Budget, given: dict[str, Any]) -> None:
    """Lines and sums anew; with no new lines the old ones keep theirs and only the header changes."""
    if given.get("items") is not None:
        known = _products(actor, given["items"])
        budget.items = [_line(budget, place, one, known) for place, one in enumerate(given["items"])]
    if "discount" in given:
        budget.header_discount_minor = _minor(given["discount"], budget.currency, "discount")
    if "tax" in given:
        budget.header_tax_minor = _minor(given["tax"], budget.currency, "tax")
    totals = _totals(budget)
    budget.subtotal_minor, budget.discount_minor = totals.subtotal, totals.discount
    budget.tax_minor, budget.total_minor = totals.tax, totals.total


def _totals(budget: Budget) -> Totals:
    subtotal = sum(line_minor(one.quantity, one.unit_price_micro, budget.currency) for one in budget.items)
    of_items = sum(one.discount_minor for one in budget.items)
    if budget.header_discount_minor > subtotal - of_items:
        raise Invalid.field("discount", "must not be more than the budget's amount", "range")
    tax = sum(one.tax_minor for one in budget.items) + budget.header_tax_minor
    totals = Totals(subtotal, of_items + budget.header_discount_minor, tax)
    if max(subtotal, totals.total) >= LIMIT:
        raise Invalid.field("items", "add up to more than can be billed", "range")
    return totals


def _products(actor: Actor, items: list[ItemInput]) -> dict[int, tuple[Product, int | None]]:
    """The products that the lines name, each with its tax rate in hundredths of a percent."""
    keys = {one.product_id for one in items if one.product_id is not None}
    if not keys:
        return {}
    own, values = products.LISTING.owned(actor)
    statement = (
        select(Product, PriceRule.percent_hundredths)
        .outerjoin(PriceRule, PriceRule.id == Product.tax_id)
        .where(Product.id.in_(keys), *own)
    )
    with db.session.no_autoflush:          # the budget itself is half written
        return {product.id: (product, rate) for product, rate in db.session.execute(statement, values)}


def _line(budget: Budget, place: int, item: ItemInput, known: dict[int, tuple[Product, int | None]]) -> BudgetItem:
    """One line with its amounts; Invalid names the field of this line."""
    path = f"items.{place}"
    product, rate = known.get(item.product_id or 0, (None, None))
    if item.product_id is not None:
        _sellable(path, product, budget.currency)
    description = item.description or (product.name if product else None)
    if not description:
        raise Invalid.field(f"{path}.description", "is required when there is no product", "missing")
    price = _price(path, item, product)
    amount = line_minor(item.quantity, price, budget.currency)
    if amount >= LIMIT:
        raise Invalid.field(f"{path}.quantity", "makes the line more than can be billed", "range")
    discount = _minor(item.discount, budget.currency, f"{path}.discount")
    if discount > amount:
        raise Invalid.field(f"{path}.discount", "must not be more than the line's amount", "range")
    if item.tax is None:
        tax = percent_minor(amount - discount, rate or 0)
    else:
        tax = _minor(item.tax, budget.currency, f"{path}.tax")
    return BudgetItem(
        position=place, product_id=product.id if product else None, description=description, quantity=item.quantity,
        unit_price_micro=price, discount_minor=discount, tax_minor=tax, total_minor=amount - discount + tax,
    )


def _sellable(path: str, product: Product | None, currency: str) -> None:
    if product is None:
        raise Invalid.field(f"{path}.product_id", "must exist", "unknown")
    if product.status is not ProductStatus.ACTIVE:
        raise Invalid.field(f"{path}.product_id", "is inactive", "inactive")
    if product.currency != currency:
        raise Invalid.field(
            f"{path}.product_id", f"is priced in {product.currency}, the budget is in {currency}", "currency"
        )


def _price(path: str, item: ItemInput, product: Product | None) -> int:
    if item.unit_price is None:
        if product is None:
            raise Invalid.field(f"{path}.unit_price", "is required when there is no product", "missing")
        return product.price_micro
    try:
        return to_micro(item.unit_price)
    except ValueError as problem:
        raise Invalid.field(f"{path}.unit_price", str(problem)) from None


def _minor(amount: Decimal | None, currency: str, field: str) -> int:
    try:
        return to_minor(amount, currency) if amount else 0
    except ValueError as problem:
        raise Invalid.field(field, str(problem)) from None
