"""Reads and writes the lines of budgets: priced from products, with discounts and taxes, sums computed here.

Every mistake names its line and field: items.1.quantity.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.catalog import products
from domain.errors import Invalid, Mistakes
from domain.inputs import Input, Maybe, Number, Percentage, Quantity, RowId, Text, minor, sent_again
from domain.list_parts import among
from models.budget import Budget, BudgetItem
from models.money import LIMIT, line_minor, to_micro, to_ten_thousandths
from models.product import PriceRule, Product, ProductStatus

Known = dict[int, tuple[Product, int | None]]
COLUMNS = (
    "product_id", "description", "quantity_ten_thousandths", "unit_price_micro", "discount_minor", "tax_minor",
    "tax_percent_ten_thousandths",
)


class ItemInput(Input):
    """One line. A missing price is the product's, a missing tax comes from the product's rate.

    The `id` of one of the budget's lines changes that line: fields that were not sent stay.
    """

    id: Maybe[RowId] = None
    product_id: Maybe[RowId] = None
    description: Maybe[Annotated[str, Text(500)]] = None
    quantity: Annotated[Decimal, Quantity]
    unit_price: Maybe[Annotated[Decimal, Number(0, products.MAX_PRICE, decimals=6)]] = None
    discount: Maybe[Annotated[Decimal, Number()]] = None
    tax: Maybe[Annotated[Decimal, Number()]] = None
    tax_percent: Maybe[Annotated[Decimal, Percentage]] = None


@dataclass(slots=True, kw_only=True)
class Line:
    """The columns of a line before it is written."""

    row: BudgetItem | None
    currency: str
    product_id: int | None
    description: str
    quantity_ten_thousandths: int
    unit_price_micro: int
    discount_minor: int
    tax_minor: int
    tax_percent_ten_thousandths: int | None

    @property
    def amount_minor(self) -> int:
        return line_minor(self.quantity_ten_thousandths, self.unit_price_micro, self.currency)


def kept(item: BudgetItem, currency: str) -> Line:
    """A stored line, unchanged."""
    return Line(row=item, currency=currency, **{name: getattr(item, name) for name in COLUMNS})


def read(actor: Actor, budget: Budget, items: list[ItemInput], currency: str) -> list[Line]:
    """The lines that were sent, without their final taxes; Invalid with every mistake of every line."""
    known, old = _products(actor, budget, items), {one.id: one for one in budget.items}
    lines: list[Line] = []
    mistakes = Mistakes()
    for place, item in enumerate(items):
        with mistakes.collected():
            row = old.pop(item.id, None) if item.id is not None else None
            if item.id is not None and row is None:
                raise Invalid.field(f"items.{place}.id", "must be a line of this budget", "unknown")
            moved = currency != budget.currency
            with mistakes.collected():
                if row is not None and moved:
                    _sent_again(f"items.{place}", item, row)
            lines.append(_line(f"items.{place}", item, row, currency, known, moved=moved))
    mistakes.refuse()
    return lines


def write(budget: Budget, lines: list[Line]) -> None:
    """Replace the budget's lines by these; lines that stay keep their ids."""
    rows = []
    for place, line in enumerate(lines):
        row = line.row or BudgetItem()
        for name in COLUMNS:
            setattr(row, name, getattr(line, name))
        row.position = place
        row.total_minor = line.amount_minor - line.discount_minor + line.tax_minor
        rows.append(row)
    budget.items = rows


def _products(actor: Actor, budget: Budget, items: list[ItemInput]) -> Known:
    """The products that the lines name or named, each with its tax rate in ten-thousandths of a percent."""
    named = [one.product_id for one in items] + [one.product_id for one in budget.items]
    keys = {key for key in named if key is not None}
    if not keys:
        return {}
    own, values = products.LISTING.owned(actor)
    statement = (
        select(Product, PriceRule.percent_ten_thousandths)
        .outerjoin(PriceRule, PriceRule.id == Product.tax_id)
        .where(among(Product.id, keys), *own)
    )
    with db.session.no_autoflush:          # the budget is not complete yet
        return {product.id: (product, rate) for product, rate in db.session.execute(statement, values)}


def _sent_again(path: str, item: ItemInput, row: BudgetItem) -> None:
    """Check that a change of currency sends every amount of a line; Invalid names missing ones."""
    amounts = {"unit_price": row.unit_price_micro, "discount": row.discount_minor}
    if row.tax_percent_ten_thousandths is None and item.tax_percent is None:
        amounts["tax"] = row.tax_minor
    sent_again(
        {f"{path}.{name}": value for name, value in amounts.items()},
        {f"{path}.{name}" for name in item.model_fields_set},
    )


def _line(
    path: str, item: ItemInput, row: BudgetItem | None, currency: str, known: Known, *, moved: bool
) -> Line:
    """One line with its amounts; Invalid names all its wrong fields. `moved`: the currency changes."""
    mistakes = Mistakes()
    old = kept(row, currency) if row is not None else None
    key = item.product_id if old is None or "product_id" in item.model_fields_set else old.product_id
    chosen = old is None or key != old.product_id
    product, rate = known.get(key or 0, (None, None))
    if key is not None and (chosen or moved):
        with mistakes.collected():
            _sellable(path, product, currency)
    is_free = key is None or product is not None         # what a wrong product leaves open is not another mistake
    with mistakes.collected():
        description = _description(path, item, product, old) if is_free else ""
    with mistakes.collected():
        tax, percent = _tax(path, item, currency, old, rate, chosen=chosen)
    with mistakes.collected():
        price = _price(path, item, product, old) if is_free else 0
    with mistakes.collected():
        discount = _discount(path, item, currency, old)
    mistakes.refuse()
    line = Line(
        row=row, currency=currency, product_id=key, description=description,
        quantity_ten_thousandths=to_ten_thousandths(item.quantity), unit_price_micro=price,
        discount_minor=discount, tax_minor=tax, tax_percent_ten_thousandths=percent,
    )
    if line.amount_minor >= LIMIT:
        raise Invalid.field(f"{path}.quantity", "makes the amount of the line too large", "overflow")
    if line.discount_minor > line.amount_minor:
        raise Invalid.field(f"{path}.discount", "must not be more than the line's amount", "contradiction")
    return line


def _description(path: str, item: ItemInput, product: Product | None, old: Line | None) -> str:
    if old is not None and "description" not in item.model_fields_set:
        return old.description
    found = item.description or (product.name if product else None)
    if not found:
        raise Invalid.field(f"{path}.description", "is required when there is no product", "incomplete")
    return found


def _sellable(path: str, product: Product | None, currency: str) -> None:
    if product is None:
        raise Invalid.field(f"{path}.product_id", "must exist", "unknown")
    if product.status is not ProductStatus.ACTIVE:
        raise Invalid.field(f"{path}.product_id", "is inactive", "inactive")
    if product.currency != currency:
        raise Invalid.field(
            f"{path}.product_id", f"is priced in {product.currency}, the budget is in {currency}", "currency"
        )


def _price(path: str, item: ItemInput, product: Product | None, old: Line | None) -> int:
    if item.unit_price is not None:
        return to_micro(item.unit_price)
    if old is not None and "unit_price" not in item.model_fields_set:
        return old.unit_price_micro
    if product is None:
        raise Invalid.field(f"{path}.unit_price", "is required when there is no product", "incomplete")
    return product.price_micro


def _discount(path: str, item: ItemInput, currency: str, old: Line | None) -> int:
    if old is not None and "discount" not in item.model_fields_set:
        return old.discount_minor
    return minor(f"{path}.discount", item.discount, currency) or 0


def _tax(
    path: str, item: ItemInput, currency: str, old: Line | None, rate: int | None, *, chosen: bool
) -> tuple[int, int | None]:
    """The tax that was sent, as amount or percentage; one that was not sent stays."""
    if item.tax is not None and item.tax_percent is not None:
        raise Invalid.field(f"{path}.tax_percent", "cannot be sent together with a tax", "contradiction")
    if item.tax is not None:
        return minor(f"{path}.tax", item.tax, currency) or 0, None
    if item.tax_percent is not None:
        return 0, to_ten_thousandths(item.tax_percent)
    said = item.model_fields_set & {"tax", "tax_percent"}
    if old is None or said or (chosen and old.tax_percent_ten_thousandths is not None):
        return 0, rate or 0
    return old.tax_minor, old.tax_percent_ten_thousandths
