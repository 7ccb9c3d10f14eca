"""Reads and writes the lines of orders: priced from products, whose locks are obeyed.

Every mistake names its line and field: items.1.quantity.
"""

from collections.abc import Collection
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from database import db
from domain.actor import Actor
from domain.catalog import products
from domain.errors import Invalid, Mistakes
from domain.inputs import Input, Maybe, Number, Quantity, RowId
from domain.list_parts import among
from domain.sales.orders import metered_terms
from domain.sales.orders.metered_terms import CallsInput
from domain.sales.orders.order_amounts import Line, share
from models.metered import Terms
from models.money import LIMIT, Money, from_micro, from_ten_thousandths, to_micro, to_minor, to_ten_thousandths
from models.order import Order, OrderItem
from models.product import Billing, PriceRule, Product, ProductStatus

COLUMNS = (
    "product_id", "name", "quantity_ten_thousandths", "unit_price_micro", "discount_minor", "fee_minor",
    "tax_percent_ten_thousandths", "discount_first_only", "fee_first_only", "metered",
    "code_discount_minor", "code_first_only",
)
COMPUTED = ("tax_minor", "total_minor", "later_tax_minor", "later_total_minor")


class OrderItemInput(Input):
    """One line. What is left out is the product's: its price, its discount, its fee."""

    product_id: RowId
    quantity: Annotated[Decimal, Quantity] = Decimal(1)
    unit_price: Maybe[Annotated[Decimal, Number(0, products.MAX_PRICE, decimals=6)]] = None
    discount: Maybe[Annotated[Decimal, Number()]] = None
    fee: Maybe[Annotated[Decimal, Number()]] = None
    calls: Maybe[CallsInput] = None              # of a metered order: which ones are billed


def products_of(actor: Actor, items: list[OrderItemInput]) -> dict[int, Product]:
    """The products that the lines name, as far as the actor can reach them."""
    own, values = products.LISTING.owned(actor)
    statement = (
        select(Product)
        .where(among(Product.id, {one.product_id for one in items}), *own)
        .options(joinedload(Product.tax), joinedload(Product.discount), joinedload(Product.fee))
    )
    with db.session.no_autoflush:          # the order is not complete yet
        return {one.id: one for one in db.session.scalars(statement, values)}


def read(actor: Actor, items: list[OrderItemInput], known: dict[int, Product], order: Order) -> list[Line]:
    """The lines that were sent for an order whose billing and currency are set; Invalid with every line's mistakes."""
    billing, currency = order.billing, order.currency
    if len(items) > 1 and billing is not Billing.SINGLE_PAYMENT:
        raise Invalid.field("items", "must have exactly one product", "range")
    lines, mistakes = [], Mistakes()
    for place, item in enumerate(items):
        with mistakes.collected():
            product = _sellable(f"items.{place}.product_id", known.get(item.product_id), currency, billing)
            line = priced(f"items.{place}", item, product, currency)
            line.metered = _metered(f"items.{place}", item, product, line, order)
            if item.calls is not None:
                path = f"items.{place}.calls.key_ids"
                metered_terms.check_keys(actor, path, item.calls.key_ids, test=order.test)
            lines.append(line)
    mistakes.refuse()
    return lines


def check_currency(currency: str | None, known: Collection[Product]) -> None:
    """Raises Invalid for a currency that was sent, and in which none of the named products is priced."""
    if currency is not None and known and all(product.currency != currency for product in known):
        raise Invalid.field("currency", "is not the currency of what is ordered", "inclusion")


def kept(order: Order) -> list[Line]:
    """The stored lines, unchanged."""
    return [Line(currency=order.currency, **{name: getattr(one, name) for name in COLUMNS}) for one in order.items]


def as_sent(order: Order) -> list[dict[str, Any]]:
    """The stored lines as a caller would send them; amounts that are the product's own are None."""
    return [_as_sent(item, line, order.currency) for item, line in zip(order.items, kept(order), strict=True)]


def _as_sent(item: OrderItem, line: Line, currency: str) -> dict[str, Any]:
    product, sent = item.product, {"unit_price": from_micro(line.unit_price_micro)}
    usual = {"unit_price": product.price_micro} if product is not None else {}
    for name in ("discount", "fee"):
        sent[name] = Money(getattr(line, f"{name}_minor"), currency).decimal
        if product is not None:
            usual[name] = share(line.amount_minor, _percent(getattr(product, name)))
    stored = {"unit_price": line.unit_price_micro, "discount": line.discount_minor, "fee": line.fee_minor}
    return {
        "product_id": item.product_id, "quantity": from_ten_thousandths(line.quantity_ten_thousandths),
        "calls": Terms.read(line.metered).calls if line.metered is not None else None,
        **{name: None if usual.get(name) == stored[name] else value for name, value in sent.items()},
    }


def without_code(order: Order) -> list[Line]:
    """The stored lines as they would be without a discount code."""
    lines = kept(order)
    for line in lines:
        line.code_discount_minor, line.code_first_only = 0, False
        if line.metered is not None:
            line.metered = line.metered | {"code_percent": None, "code_minor": None}
    return lines


def rewrite(order: Order, lines: list[Line]) -> None:
    """Set the amounts of the stored lines to those of these, which are as many."""
    for item, line in zip(order.items, lines, strict=True):
        for name in (*COLUMNS, *COMPUTED):
            setattr(item, name, getattr(line, name))


def write(order: Order, lines: list[Line]) -> None:
    """Replace the order's lines by these. Rows stay where they are: a new one would come before the old one is gone."""
    for item, line in zip(order.items, lines, strict=False):
        for name in (*COLUMNS, *COMPUTED):
            setattr(item, name, getattr(line, name))
        if item in db.session:
            db.session.expire(item, ["product"])                 # it is read by its new id
    known = len(order.items)
    order.items = order.items[:len(lines)] + [
        OrderItem(position=place, **{name: getattr(line, name) for name in (*COLUMNS, *COMPUTED)})
        for place, line in enumerate(lines) if place >= known
    ]


def _sellable(path: str, product: Product | None, currency: str, billing: Billing) -> Product:
    if product is None:
        raise Invalid.field(path, "must exist", "unknown")
    if product.status is not ProductStatus.ACTIVE:
        raise Invalid.field(path, "is inactive", "inactive")
    if product.billing is not billing:
        raise Invalid.field(path, "does not match the order type", "contradiction")
    if product.currency != currency:
        raise Invalid.field(path, f"is priced in {product.currency}, the order is in {currency}", "currency")
    return product


def priced(path: str, item: OrderItemInput, product: Product, currency: str) -> Line:
    """One line with its amounts; Invalid names all its wrong fields."""
    mistakes = Mistakes()
    price = product.price_micro if item.unit_price is None else to_micro(item.unit_price)
    line = Line(
        product_id=product.id, name=product.name, currency=currency,
        quantity_ten_thousandths=to_ten_thousandths(item.quantity), unit_price_micro=price,
        tax_percent_ten_thousandths=_percent(product.tax),
        discount_first_only=product.discount_for_initial_payment_only,
        fee_first_only=product.fee_for_initial_payment_only,
    )
    line.discount_minor = share(line.amount_minor, _percent(product.discount))
    line.fee_minor = share(line.amount_minor, _percent(product.fee))
    with mistakes.collected():
        if product.lock_price and price != product.price_micro:
            raise Invalid.field(f"{path}.unit_price", "pricing is locked", "locked")
    for name in ("discount", "fee"):
        with mistakes.collected():
            _amount(f"{path}.{name}", getattr(item, name), line, f"{name}_minor", is_locked=product.lock_price)
    mistakes.refuse()
    if max(line.amount_minor, line.total_minor, line.later_total_minor) >= LIMIT:
        raise Invalid.field(f"{path}.quantity", "makes the amount of the line too large", "overflow")
    if line.discount_minor > line.amount_minor:
        raise Invalid.field(f"{path}.discount", "must not be more than the line's amount", "contradiction")
    return line


def _metered(path: str, item: OrderItemInput, product: Product, line: Line, order: Order) -> dict[str, Any] | None:
    """The terms of the calls that a line of a metered order bills; None in any other order."""
    if order.billing is not Billing.METERED:
        if item.calls is not None:
            raise Invalid.field(f"{path}.calls", f"does not apply to a {order.billing} order", "contradiction")
        return None
    if product.metered_tiers and line.unit_price_micro != product.price_micro:
        raise Invalid.field(f"{path}.unit_price", "does not apply: the product is priced in tiers", "contradiction")
    return metered_terms.terms(product, line.unit_price_micro, item.calls).stored()


def _amount(path: str, given: Decimal | None, line: Line, column: str, *, is_locked: bool) -> None:
    """Set an amount that was sent in the product's place; Invalid for another one of a locked product."""
    if given is None:
        return
    try:
        sent = to_minor(given, line.currency)
    except ValueError as problem:
        raise Invalid.field(path, str(problem), "decimals") from None
    if is_locked and sent != getattr(line, column):
        raise Invalid.field(path, "pricing is locked", "locked")
    setattr(line, column, sent)


def _percent(rule: PriceRule | None) -> int | None:
    return None if rule is None else rule.percent_ten_thousandths
