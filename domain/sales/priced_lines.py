"""What lines of budgets and of invoices share: product, description, price, their bounds, and how they are written."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Any, Protocol, TypeVar

from sqlalchemy import select

from database.reader import Reader
from database.statements import Prepared
from domain.actor import Actor
from domain.catalog import products
from domain.errors import Invalid
from domain.list_parts import bound_id
from models.money import LIMIT, to_micro
from models.product import PriceRule, ProductStatus

FACTS = ("id", "name", "status", "currency", "price_micro", "tax_id")
_RATES: Any = select(PriceRule.id, PriceRule.percent_ten_thousandths).where(
    PriceRule.id.in_(bound_id("keys", many=True)))
RATES = Prepared(_RATES)
Known = dict[int, tuple["Sold", int | None]]
Row = TypeVar("Row")


class Sent(Protocol):
    """A line as a caller sent it."""

    @property
    def description(self) -> str | None: ...
    @property
    def unit_price(self) -> Decimal | None: ...
    @property
    def model_fields_set(self) -> set[str]: ...


class Stored(Protocol):
    """A line as it was before."""

    @property
    def description(self) -> str: ...
    @property
    def unit_price_micro(self) -> int: ...


class Sold(Protocol):
    """What a line takes of its product."""

    @property
    def name(self) -> str: ...
    @property
    def status(self) -> ProductStatus: ...
    @property
    def currency(self) -> str: ...
    @property
    def price_micro(self) -> int: ...


class Priced(Protocol):
    """A line with its amounts; `row` is the one that it changes."""

    @property
    def row(self) -> Any: ...
    @property
    def amount_minor(self) -> int: ...
    @property
    def discount_minor(self) -> int: ...
    @property
    def tax_minor(self) -> int: ...


def products_of(actor: Actor, named: Iterable[int | None]) -> Known:
    """The products that lines name or named, each with its tax rate in ten-thousandths of a percent."""
    keys = {key for key in named if key is not None}
    if not keys:
        return {}
    found = products.LISTING.facts(actor, keys, FACTS)
    taxes = [key for key in {one.tax_id for one in found} if key is not None]
    rates = {row.id: row.percent_ten_thousandths for row in Reader().rows(RATES, {"keys": taxes})} if taxes else {}
    return {one.id: (one, rates.get(one.tax_id)) for one in found}


def check_sellable(path: str, product: Sold | None, currency: str, document: str) -> None:
    """Raises Invalid unless the product can be put on a document in this currency."""
    if product is None:
        raise Invalid.field(f"{path}.product_id", "must exist", "unknown")
    if product.status is not ProductStatus.ACTIVE:
        raise Invalid.field(f"{path}.product_id", "is inactive", "inactive")
    if product.currency != currency:
        raise Invalid.field(
            f"{path}.product_id", f"is priced in {product.currency}, the {document} is in {currency}", "currency"
        )


def description_of(path: str, item: Sent, product: Sold | None, old: Stored | None) -> str:
    """The description that was sent, else the stored one, else the product's name."""
    if old is not None and "description" not in item.model_fields_set:
        return old.description
    found = item.description or (product.name if product else None)
    if not found:
        raise Invalid.field(f"{path}.description", "is required when there is no product", "incomplete")
    return found


def price_of(path: str, item: Sent, product: Sold | None, old: Stored | None) -> int:
    """The unit price in millionths: the one that was sent, else the stored one, else the product's."""
    if item.unit_price is not None:
        return to_micro(item.unit_price)
    if old is not None and "unit_price" not in item.model_fields_set:
        return old.unit_price_micro
    if product is None:
        raise Invalid.field(f"{path}.unit_price", "is required when there is no product", "incomplete")
    return product.price_micro


def check_amounts(path: str, line: Priced) -> None:
    """Raises Invalid for an amount that is too large, or a discount above it."""
    if line.amount_minor >= LIMIT:
        raise Invalid.field(f"{path}.quantity", "makes the amount of the line too large", "overflow")
    if line.discount_minor > line.amount_minor:
        raise Invalid.field(f"{path}.discount", "must not be more than the line's amount", "contradiction")


def rows_of(lines: Sequence[Priced], columns: Sequence[str], make: Callable[[], Row]) -> list[Row]:
    """The rows of a document's lines, in their order; lines that stay keep their ids."""
    rows = []
    for place, line in enumerate(lines):
        row: Any = line.row or make()
        for name in columns:
            setattr(row, name, getattr(line, name))
        row.position = place
        row.total_minor = line.amount_minor - line.discount_minor + line.tax_minor
        rows.append(row)
    return rows
