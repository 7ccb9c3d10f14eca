"""Manages orders: what callers may write, and the rows. Amounts are computed here, never taken from a caller.

What a schedule follows from is in `domain/payments`: contracts and pages create orders by `payments.ordering`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Mistakes, Problem
from domain.inputs import (
    Choice,
    CurrencyCode,
    Day,
    Input,
    LongText,
    Maybe,
    Metadata,
    Number,
    OrAbsent,
    RowId,
    Text,
    Truth,
    WebAddress,
    Whole,
)
from domain.people import customers
from domain.people.customer_addresses import AddressInput
from domain.sales.discounts import discount_uses
from domain.sales.orders import order_clock, order_items, order_terms
from domain.sales.orders.order_clock import now_of
from domain.sales.orders.order_items import OrderItemInput
from domain.sales.orders.order_redirects import redirect
from models.customer import Customer, CustomerStatus
from models.merchant import Merchant
from models.money import LIMIT, Money
from models.order import Order, OrderSource, OrderStatus, PaymentChannel
from models.product import Billing, IntervalUnit, Product

MAX_ITEMS = 200
MAX_INSTALMENTS = 60
TEXTS = ("invoice_ref", "description", "note", "details", "create_registration")
AMOUNTS = frozenset({"items", "currency", "discount_code", *order_terms.FIELDS})


class OrderInput(Input):
    """An order as callers may write it. Without `billing` it is that of its first product."""

    only_at_creation = frozenset({"billing", "test_clock_id"})

    customer_id: RowId
    items: Annotated[list[OrderItemInput], Field(min_length=1, max_length=MAX_ITEMS)]
    billing: OrAbsent[Annotated[Billing, Choice(Billing)]] = None
    currency: OrAbsent[CurrencyCode] = None
    invoice_ref: Maybe[Annotated[str, Text(64)]] = None
    description: Maybe[Annotated[str, Text(500)]] = None
    note: Maybe[LongText] = None
    details: Metadata = {}
    redirect_url: Maybe[WebAddress] = None
    failed_redirect_url: Maybe[WebAddress] = None
    discount_code: Maybe[Annotated[str, Text(40)]] = None
    create_registration: Truth = False
    create_checkout: Truth = False
    draft: Truth = False
    channel: Annotated[PaymentChannel, Choice(PaymentChannel)] = PaymentChannel.ECOM
    initial: Maybe[Annotated[Decimal, Number()]] = None
    instalments: Maybe[Annotated[int, Whole(1, MAX_INSTALMENTS)]] = None
    interval_unit: Maybe[Annotated[IntervalUnit, Choice(IntervalUnit)]] = None
    interval_count: Maybe[Annotated[int, Whole(1, 3660)]] = None
    start_on: Maybe[Day] = None
    trial_days: Maybe[Annotated[int, Whole(1, 730)]] = None
    test_clock_id: Maybe[RowId] = None


def build(actor: Actor, new: OrderInput) -> Order:
    """A new order with its lines and amounts, not stored yet; Invalid names everything that is wrong."""
    order = Order(
        **actor.ownership(), status=OrderStatus.DRAFT if new.draft else OrderStatus.PENDING, channel=new.channel,
        source=OrderSource.UI if actor.source == "admin" else OrderSource.API, credit_minor=0, next_sequence=1,
        anchor_sequence=0, code_initial_minor=0, **{name: getattr(new, name) for name in TEXTS},
    )
    mistakes = Mistakes()
    with mistakes.collected():
        order.test_clock = order_clock.LISTING.refer(actor, "test_clock_id", new.test_clock_id)
        order.test_clock_id = new.test_clock_id
    given = {name: getattr(new, name) for name in OrderInput.model_fields}
    apply(actor, order, given, mistakes)
    order.created_at = now_of(order)
    return order


def change(actor: Actor, order: Order, changes: Mapping[str, Any]) -> None:
    """Set what was sent. All but texts changes only while the order is a draft; Conflict otherwise."""
    for name in sorted(OrderInput.only_at_creation & changes.keys()):
        if changes[name] is not None and changes[name] != getattr(order, name):
            raise Invalid.field(name, "cannot be changed", "fixed")
    frozen = changes.keys() & {"customer_id", "channel", *AMOUNTS}
    if frozen and order.status is not OrderStatus.DRAFT:
        message = f"is {order.status}: only texts can still be changed"
        raise Conflict(f"The order {message}.", fields={name: Problem("locked", message) for name in sorted(frozen)})
    if changes.get("currency") not in (None, order.currency) and "items" not in changes:
        raise Invalid.field("items", "must be sent again when the currency changes", "incomplete")
    apply(actor, order, changes, Mistakes())


def apply(actor: Actor, order: Order, given: Mapping[str, Any], mistakes: Mistakes) -> None:
    """Set the fields that were given; what is wrong joins the mistakes, and all are refused together."""
    for name in (*TEXTS, "channel"):
        if name in given:
            setattr(order, name, given[name])
    for name in ("redirect_url", "failed_redirect_url"):
        with mistakes.collected():
            if name in given:
                setattr(order, name, redirect(name, given[name], test=order.test))
    with mistakes.collected():
        if "customer_id" in given:
            _name_customer(order, _customer(actor, given["customer_id"]))
    with mistakes.collected():
        if given.keys() & AMOUNTS:
            _price(actor, order, given)
    mistakes.refuse()


def _price(actor: Actor, order: Order, given: Mapping[str, Any]) -> None:
    """Compute lines, schedule and amounts from what was given and, in a change, from what stays."""
    items: list[OrderItemInput] | None = given.get("items")
    lines, product, mistakes = None, None, Mistakes()
    with mistakes.collected():
        if "discount_code" in given:
            _enter_code(order, given["discount_code"])
    if items is None:
        lines, product = order_items.without_code(order), order.items[0].product
    else:
        known = order_items.products_of(actor, items)
        product = known.get(items[0].product_id)
        billing = order.billing or given.get("billing") or (product.billing if product else None)
        if billing is None:
            raise Invalid.field("items.0.product_id", "must exist", "unknown")
        order.billing = billing
        order.currency = given.get("currency") or order.currency or _currency(actor, product)
        with mistakes.collected():
            order_items.check_currency(given.get("currency"), known.values())
        with mistakes.collected():
            lines = order_items.read(actor, items, known, order)
    terms = {name: given[name] if name in given else _current(order, name) for name in order_terms.FIELDS}
    with mistakes.collected():                           # what wrong lines leave open is not asked for
        order_terms.write_schedule(order, terms, product, now_of(order), is_required=lines is not None)
    mistakes.refuse()
    assert lines is not None
    order_terms.write_amounts(order, lines, terms, product)
    if max(order.total_minor, order.later_minor) >= LIMIT:
        raise Invalid.field("items", "add up to an amount that is too large", "overflow")
    (order_items.rewrite if items is None else order_items.write)(order, lines)


def recode(order: Order, text: str | None) -> None:
    """Take another discount code off a stored order, or none; the rest of what was agreed stays."""
    terms = {name: _current(order, name) for name in order_terms.FIELDS}
    _enter_code(order, text)
    lines = order_items.without_code(order)
    order_terms.write_amounts(order, lines, terms, None)
    order_items.rewrite(order, lines)


def _enter_code(order: Order, text: str | None) -> None:
    """Find the code that was entered; its use is counted when the order is stored."""
    code = discount_uses.find(order, text) if text else None
    order.applied_code = code
    order.discount_code, order.discount_code_id = (code.code, code.id) if code is not None else (None, None)


def _current(order: Order, name: str) -> Any:
    """A term of the order as its input says it."""
    if name != "initial":
        return getattr(order, name)
    has_own = order.initial_minor is not None and order.billing in order_terms.ONLY_FOR["initial"]
    return Money(order.initial_minor + order.code_initial_minor, order.currency).decimal if has_own else None


def _currency(actor: Actor, product: Product | None) -> str:
    """The product's currency, else the merchant's."""
    if product is not None:
        return product.currency
    merchant = db.session.get(Merchant, actor.merchant_id)
    assert merchant is not None      # the key or session names it
    return merchant.currency


def _customer(actor: Actor, key: int) -> Customer:
    """The customer; one who is archived gets no order."""
    customer: Customer = customers.LISTING.refer(actor, "customer_id", key)
    if customer.status is CustomerStatus.ARCHIVED:
        raise Invalid.field("customer_id", "is archived", "archived")
    return customer


def _name_customer(order: Order, customer: Customer) -> None:
    """The order names its customer, and keeps how the customer was."""
    address = customer.billing_address
    order.customer_id = customer.id
    order.customer_name, order.customer_email = customer.name, customer.email
    order.billing_address = (
        None if address is None else {name: getattr(address, name) for name in AddressInput.model_fields}
    )


def locked(order_id: int) -> Order:
    """The order, locked until the transaction ends. Whoever locks several rows locks the order first."""
    statement = select(Order).where(Order.id == order_id).with_for_update(key_share=True)
    return db.session.execute(statement.execution_options(populate_existing=True)).scalar_one()
