"""Reads and writes the lines of drafts: priced from products, with discounts and taxes.

Every mistake names its line and field: items.1.quantity. Prices are without tax. A line whose amounts were agreed
elsewhere, in an order or a budget, keeps them until its quantity, price, discount or rate is changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from domain.actor import Actor
from domain.catalog import products
from domain.errors import Invalid, Mistakes
from domain.inputs import Choice, Input, Maybe, Number, Percentage, Quantity, RowId, Text, minor, sent_again
from domain.sales import priced_lines, totals
from domain.sales.orders.order_listing import LISTING as ORDERS
from domain.sales.priced_lines import Known
from models.invoice import Invoice, InvoiceItem, TaxCategory
from models.money import line_minor, to_ten_thousandths

COLUMNS = (
    "product_id", "service_id", "description", "quantity_ten_thousandths", "unit_price_micro", "amount_minor",
    "discount_minor", "shared_discount_minor", "tax_minor", "tax_percent_ten_thousandths", "tax_category",
    "tax_reason",
)
# Why there is no tax, where a category says it by itself. An exemption has many reasons: it must be sent.
REASONS = {
    TaxCategory.REVERSE_CHARGE: "Reverse charge", TaxCategory.EXPORT: "Export outside the EU",
    TaxCategory.OUTSIDE: "Not subject to VAT",
}


class InvoiceItemInput(Input):
    """One line. A missing price is the product's, a missing tax rate too.

    The `id` of one of the invoice's lines changes that line: fields that were not sent stay.
    """

    id: Maybe[RowId] = None
    product_id: Maybe[RowId] = None
    service_id: Maybe[RowId] = None
    description: Maybe[Annotated[str, Text(500)]] = None
    quantity: Annotated[Decimal, Quantity]
    unit_price: Maybe[Annotated[Decimal, Number(0, products.MAX_PRICE, decimals=6)]] = None
    discount: Maybe[Annotated[Decimal, Number()]] = None
    tax_rate: Maybe[Annotated[Decimal, Percentage]] = None
    tax_category: Maybe[Annotated[TaxCategory, Choice(TaxCategory)]] = None
    tax_reason: Maybe[Annotated[str, Text(200)]] = None


@dataclass(slots=True, kw_only=True)
class Line:
    """The columns of a line before it is written."""

    row: InvoiceItem | None
    product_id: int | None = None
    service_id: int | None = None
    description: str
    quantity_ten_thousandths: int
    unit_price_micro: int
    amount_minor: int
    discount_minor: int = 0
    shared_discount_minor: int = 0
    tax_minor: int = 0
    tax_percent_ten_thousandths: int | None = None
    tax_category: TaxCategory | None = None
    tax_reason: str | None = None
    is_agreed: bool = False                  # neither its base nor its rate was changed


def kept(item: InvoiceItem) -> Line:
    """A stored line, unchanged."""
    return Line(row=item, is_agreed=True, **{name: getattr(item, name) for name in COLUMNS})


def read(actor: Actor, invoice: Invoice, items: Sequence[InvoiceItemInput], currency: str) -> list[Line]:
    """The lines that were sent, without their final taxes; Invalid with every mistake of every line."""
    known = priced_lines.products_of(
        actor, [*(one.product_id for one in items), *(one.product_id for one in invoice.items)])
    old = {one.id: one for one in invoice.items}
    lines: list[Line] = []
    mistakes = Mistakes()
    for place, item in enumerate(items):
        path = f"items.{place}"
        with mistakes.collected():
            row = old.pop(item.id, None) if item.id is not None else None
            if item.id is not None and row is None:
                raise Invalid.field(f"{path}.id", "must be a line of this invoice", "unknown")
            if row is not None and currency != invoice.currency:
                amounts = {f"{path}.unit_price": row.unit_price_micro, f"{path}.discount": row.discount_minor}
                with mistakes.collected():
                    sent_again(amounts, {f"{path}.{name}" for name in item.model_fields_set})
            with mistakes.collected():
                if item.service_id is not None:
                    ORDERS.refer(actor, f"{path}.service_id", item.service_id)
            lines.append(_line(path, item, row, currency, known, is_moved=currency != invoice.currency))
    mistakes.refuse()
    return lines


def settle(lines: Sequence[Line], discount: int) -> None:
    """Give each line its part of the discount on the whole, and the tax of what is left.

    A line whose base and rate are as they were keeps its tax.
    """
    for line, share in zip(lines, totals.shares(lines, discount), strict=True):
        line.is_agreed &= share == line.shared_discount_minor
        line.shared_discount_minor = share
    for line, tax in zip(lines, totals.taxes(lines, discount), strict=True):
        line.tax_minor = line.tax_minor if line.is_agreed else tax


def write(invoice: Invoice, lines: Sequence[Line]) -> None:
    """Replace the invoice's lines by these; lines that stay keep their ids."""
    invoice.items = priced_lines.rows_of(lines, COLUMNS, InvoiceItem)


def _line(
    path: str, item: InvoiceItemInput, row: InvoiceItem | None, currency: str, known: Known, *, is_moved: bool
) -> Line:
    """One line with its amounts; Invalid names all its wrong fields."""
    mistakes, sent = Mistakes(), item.model_fields_set
    old = kept(row) if row is not None else None
    key = item.product_id if old is None or "product_id" in sent else old.product_id
    product, rate = known.get(key or 0, (None, None))
    is_free = key is None or product is not None         # what a wrong product leaves open is not another mistake
    values: dict[str, Any] = {"product_id": key}
    values["service_id"] = item.service_id if old is None or "service_id" in sent else old.service_id
    with mistakes.collected():
        if key is not None and (old is None or key != old.product_id or is_moved):
            priced_lines.check_sellable(path, product, currency, "invoice")
    with mistakes.collected():
        values["description"] = priced_lines.description_of(path, item, product, old) if is_free else ""
    with mistakes.collected():
        values["unit_price_micro"] = priced_lines.price_of(path, item, product, old) if is_free else 0
    with mistakes.collected():
        values["discount_minor"] = (
            old.discount_minor if old is not None and "discount" not in sent
            else minor(f"{path}.discount", item.discount, currency) or 0
        )
    with mistakes.collected():
        values |= _taxed(path, item, old, rate)
    mistakes.refuse()
    line = Line(
        row=row, quantity_ten_thousandths=to_ten_thousandths(item.quantity), amount_minor=0,
        **values,
    )
    return _priced(path, line, old, currency)


def _priced(path: str, line: Line, old: Line | None, currency: str) -> Line:
    """The line with its amount: the one that was agreed while quantity and price are as they were."""
    same = old is not None and (old.quantity_ten_thousandths, old.unit_price_micro) == (
        line.quantity_ten_thousandths, line.unit_price_micro)
    line.amount_minor = (
        old.amount_minor if old is not None and same
        else line_minor(line.quantity_ten_thousandths, line.unit_price_micro, currency)
    )
    priced_lines.check_amounts(path, line)
    if old is not None:
        line.shared_discount_minor = old.shared_discount_minor
        line.is_agreed = (old.amount_minor, old.discount_minor, old.tax_percent_ten_thousandths) == (
            line.amount_minor, line.discount_minor, line.tax_percent_ten_thousandths)
        line.tax_minor = old.tax_minor if line.is_agreed else 0
    return line


def _taxed(path: str, item: InvoiceItemInput, old: Line | None, rate: int | None) -> dict[str, Any]:
    """The rate, the category and the reason of a line; what was not sent stays, or comes from the product."""
    sent = item.model_fields_set
    if item.tax_rate is not None:
        percent: int | None = to_ten_thousandths(item.tax_rate)
    else:
        percent = old.tax_percent_ten_thousandths if old is not None and "tax_rate" not in sent else rate or 0
    same_rate = old is not None and old.tax_percent_ten_thousandths == percent
    category = item.tax_category
    if category is None and old is not None and same_rate and "tax_category" not in sent:
        category = old.tax_category
    reason = item.tax_reason
    if reason is None and old is not None and old.tax_category is category and "tax_reason" not in sent:
        reason = old.tax_reason
    return {"tax_percent_ten_thousandths": percent, **categorised(path, percent, category, reason)}


def categorised(path: str, percent: int | None, category: TaxCategory | None, reason: str | None) -> dict[str, Any]:
    """The category and the reason that belong to a rate; Invalid where they contradict it, or the reason is missing."""
    if percent is None:
        return {"tax_category": None, "tax_reason": None}
    if percent > 0:
        if category not in (None, TaxCategory.STANDARD):
            raise Invalid.field(f"{path}.tax_category", "needs a tax rate of 0", "contradiction")
        return {"tax_category": TaxCategory.STANDARD, "tax_reason": None}
    if category is TaxCategory.STANDARD:
        raise Invalid.field(f"{path}.tax_category", "needs a tax rate above 0", "contradiction")
    category = category or TaxCategory.ZERO
    if category is TaxCategory.ZERO:
        return {"tax_category": category, "tax_reason": None}
    found = reason or REASONS.get(category)
    if not found:
        raise Invalid.field(f"{path}.tax_reason", "is required for an exemption", "incomplete")
    return {"tax_category": category, "tax_reason": found}
