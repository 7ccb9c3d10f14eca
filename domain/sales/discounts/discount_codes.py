"""Manages discount codes: a percentage or an amount, until a date, a number of times."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import func, select

from database import db
from domain import clock, inputs, texts, usage, zones
from domain.actor import Actor
from domain.catalog import products
from domain.errors import Conflict, Invalid, Mistakes, Problem
from domain.inputs import Code, CurrencyCode, Input, Maybe, Number, RowId, Text, Truth, Until, Whole, sent_again
from domain.lifecycle import Lifecycle, put_back
from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from domain.resource import Resource, Sample, deletion, switch
from domain.usage import Use
from models.discount_code import DiscountCode, DiscountUse
from models.merchant import Merchant
from models.money import to_ten_thousandths
from models.order import Order
from models.product import Product

MOST_USES = 10**9
USES = (
    select(func.count(DiscountUse.id))
    .where(DiscountUse.code_id == DiscountCode.id, DiscountUse.returned_at.is_(None))
    .correlate(DiscountCode).scalar_subquery()
)
PLAIN = ("description", "first_only", "active", "max_uses", "max_uses_per_customer")
VALUES = ("percentage", "amount", "currency")
LIFE = Lifecycle(noun="discount_code")


class DiscountCodeInput(Input):
    """A code as callers may write it: a percentage, or an amount in a currency."""

    code: Annotated[str, Text(40, 1), Code]
    description: Maybe[Annotated[str, Text(255)]] = None
    percentage: Maybe[Annotated[Decimal, Number(maximum=100, above=0, decimals=4)]] = None
    amount: Maybe[Annotated[Decimal, Number(above=0)]] = None
    currency: Maybe[CurrencyCode] = None
    first_only: Truth = False
    product_id: Maybe[RowId] = None
    active: Truth = True
    expires_at: Maybe[Until] = None
    max_uses: Maybe[Annotated[int, Whole(1, MOST_USES)]] = None
    max_uses_per_customer: Maybe[Annotated[int, Whole(1, MOST_USES)]] = None


LISTING = Listing(
    model=DiscountCode,
    noun="discount code",
    columns={
        **{
            name: getattr(DiscountCode, name)
            for name in (
                "id", "merchant_id", "test", "code", "description", "percent_ten_thousandths", "amount_minor",
                "currency", "first_only", "product_id", "active", "expires_at", "max_uses", "max_uses_per_customer",
                "created_at", "updated_at", "version",
            )
        },
        "uses": USES,
        "product_name": Product.name,
    },
    joins=((Product, Product.id == DiscountCode.product_id),),
    sort={
        "code": DiscountCode.code_sort, "created_at": DiscountCode.created_at, "updated_at": DiscountCode.updated_at,
        "expires_at": DiscountCode.expires_at, "id": DiscountCode.id,
    },
    filters={
        **common_filters(DiscountCode),
        "code": Filter(str, lambda bound: DiscountCode.code_key == bound, texts.caseless),
        "active": Filter(bool, lambda bound: DiscountCode.active == bound),
        "product_id": Filter(int, lambda bound: DiscountCode.product_id == bound),
    },
    search=(DiscountCode.search_text,),
)


def create(actor: Actor, new: DiscountCodeInput) -> DiscountCode:
    """A new code; Conflict when another one of the merchant's reads the same."""
    row = DiscountCode(**actor.ownership(), **{name: getattr(new, name) for name in PLAIN})
    _apply(actor, row, {name: getattr(new, name) for name in DiscountCodeInput.model_fields})
    LIFE.add(actor, row)
    return row


def update(actor: Actor, row: DiscountCode, changes: dict[str, Any]) -> DiscountCode:
    """Change what was sent. Orders keep what the code took off them."""
    with LIFE.changing(actor, row):
        for name in PLAIN:
            if name in changes:
                setattr(row, name, changes[name])
        _apply(actor, row, changes)
    return row


def delete(actor: Actor, row: DiscountCode) -> None:
    """Delete a code that no order was made with."""
    usage.refuse("discount code", row, "Deactivate it instead.")
    LIFE.erase(actor, row)


def archive(actor: Actor, row: DiscountCode) -> DiscountCode:
    """Nobody can enter the code any more."""
    return update(actor, row, {"active": False})


def activate(actor: Actor, row: DiscountCode) -> DiscountCode:
    return update(actor, row, {"active": True})


def _apply(actor: Actor, row: DiscountCode, given: dict[str, Any]) -> None:
    """Set the fields that have rules of their own; Invalid names all that are wrong."""
    mistakes = Mistakes()
    with mistakes.collected():
        if "code" in given:
            _name(row, given["code"])
    with mistakes.collected():
        if given.keys() & set(VALUES):
            _value(row, given)
    with mistakes.collected():
        if "product_id" in given:
            products.LISTING.refer(actor, "product_id", given["product_id"])
            row.product_id = given["product_id"]
    with mistakes.collected():
        if "expires_at" in given:
            row.expires_at = _expiry(row, given["expires_at"])
    mistakes.refuse()


def _name(row: DiscountCode, code: str) -> None:
    key = texts.caseless(code)
    taken = select(DiscountCode.id).where(
        DiscountCode.merchant_id == row.merchant_id, DiscountCode.test.is_(row.test), DiscountCode.code_key == key,
        DiscountCode.id != (row.id or 0),
    )
    with db.session.no_autoflush:                # the row is not complete yet
        if db.session.scalar(taken) is not None:
            message = "Another discount code already reads like this."
            raise Conflict(message, fields={"code": Problem("taken", "is already used by another discount code")})
    row.code, row.code_key = code, key


def _value(row: DiscountCode, given: dict[str, Any]) -> None:
    """A percentage or an amount: naming one takes the place of the other."""
    percentage, amount, currency = (given.get(name) for name in VALUES)
    if percentage is not None and amount is not None:
        raise Invalid.field("amount", "cannot be sent together with a percentage", "contradiction")
    if percentage is not None:
        row.percent_ten_thousandths, row.amount_minor, row.currency = to_ten_thousandths(percentage), None, None
    elif amount is not None:
        row.currency = currency or row.currency or _currency(row)
        row.amount_minor, row.percent_ten_thousandths = inputs.minor("amount", amount, row.currency), None
    elif row.amount_minor is None and row.percent_ten_thousandths is None:
        raise Invalid.field("percentage", "is required, or an amount", "missing")
    elif currency and row.amount_minor is not None and currency != row.currency:
        sent_again({"amount": row.amount_minor}, given)


def _currency(row: DiscountCode) -> str:
    merchant = db.session.get(Merchant, row.merchant_id)
    assert merchant is not None                  # the row names it
    return merchant.currency


def _expiry(row: DiscountCode, given: datetime | date | None) -> datetime | None:
    """The moment until which the code is taken; a day holds through its end in the merchant's zone."""
    moment = zones.until("expires_at", given, row.merchant_id) if given is not None else None
    if moment is not None and moment <= clock.now() and moment != row.expires_at:
        raise Invalid.field("expires_at", "must be in the future", "past")
    return moment


def _orders(row: DiscountCode) -> int:
    return usage.rows(DiscountUse, code_id=row.id)


usage.register(DiscountCode, Use("order", "orders", _orders))
usage.register(Order, Use("discount code", "discount codes", lambda row: usage.rows(DiscountUse, order_id=row.id)))
usage.register(Product, Use("discount code", "discount codes", lambda row: usage.rows(DiscountCode, product_id=row.id)))
usage.register(Merchant, Use(
    "discount code", "discount codes", lambda row: usage.rows(DiscountCode, merchant_id=row.id)))

RESOURCE = Resource(
    name="discount_codes",
    noun="discount code",
    listing=LISTING,
    read_scope="READ_PRODUCTS",
    write_scope="WRITE_PRODUCTS",
    input=DiscountCodeInput,
    sample=Sample(
        sent={"merchant_id": 1, "code": "SUMMER-10", "percentage": 10, "first_only": True, "max_uses": 100},
        read_only={"uses": 3, "active": True, "amount": None, "currency": None}, changed=("max_uses",),
    ),
    create=create,
    update=update,
    delete=deletion(delete, confirm=lambda row: ("The discount code is deleted permanently.",)),
    actions=switch(
        archive, activate, is_on=lambda row: bool(row.active), undo=put_back(update, DiscountCodeInput), keeps="active",
        titles=("Deactivate", "Activate"), past=("{} was deactivated.", "{} was activated."),
    ),
)
