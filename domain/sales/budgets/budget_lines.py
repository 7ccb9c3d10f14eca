"""Reads and writes the lines of budgets: priced from products, with discounts and taxes, sums computed here.

Every mistake names its line and field: items.1.quantity.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from domain.actor import Actor
from domain.catalog import products
from domain.errors import Invalid, Mistakes
from domain.inputs import Input, Maybe, Number, Percentage, Quantity, RowId, Text, minor, sent_again
from domain.sales import priced_lines
from domain.sales.priced_lines import Known
from models.budget import Budget, BudgetItem
from models.money import line_minor, to_ten_thousandths

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
    known = priced_lines.products_of(
        actor, [*(one.product_id for one in items), *(one.product_id for one in budget.items)])
    old = {one.id: one for one in budget.items}
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
    budget.items = priced_lines.rows_of(lines, COLUMNS, BudgetItem)


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
            priced_lines.check_sellable(path, product, currency, "budget")
    is_free = key is None or product is not None         # what a wrong product leaves open is not another mistake
    with mistakes.collected():
        description = priced_lines.description_of(path, item, product, old) if is_free else ""
    with mistakes.collected():
        tax, percent = _tax(path, item, currency, old, rate, chosen=chosen)
    with mistakes.collected():
        price = priced_lines.price_of(path, item, product, old) if is_free else 0
    with mistakes.collected():
        discount = _discount(path, item, currency, old)
    mistakes.refuse()
    line = Line(
        row=row, currency=currency, product_id=key, description=description,
        quantity_ten_thousandths=to_ten_thousandths(item.quantity), unit_price_micro=price,
        discount_minor=discount, tax_minor=tax, tax_percent_ten_thousandths=percent,
    )
    priced_lines.check_amounts(path, line)
    return line


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
