"""Manages products: `kind` says what is sold, `billing` when it is charged."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import or_, select

from database import db
from database.searching import like
from domain import codes, inputs, texts, usage
from domain.actor import Actor
from domain.catalog import metered_prices, pricing, samples
from domain.catalog.metered_prices import TierInput
from domain.copies import copy_of, copying
from domain.errors import Conflict, Invalid, Mistakes, Problem
from domain.inputs import (
    Choice,
    Code,
    CurrencyCode,
    Input,
    LongText,
    Maybe,
    Metadata,
    Number,
    OrAbsent,
    RowId,
    Text,
    Title,
    Truth,
    Whole,
    sent_again,
)
from domain.integrations import events
from domain.lifecycle import Lifecycle, put_back
from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from domain.resource import Kept, Resource, deletion, switch
from domain.usage import Use
from models.merchant import Merchant
from models.money import to_micro
from models.product import (
    Billing,
    IntervalUnit,
    MeteredScheme,
    PriceRule,
    PriceRuleKind,
    Product,
    ProductGroup,
    ProductKind,
    ProductStatus,
)

MAX_PRICE = 10**9            # major units; times a million items it still fits 64 bits in millionths


class ProductInput(Input):
    """A product as callers may write it."""

    name: Title
    price: Annotated[Decimal, Number(0, MAX_PRICE, decimals=6)]
    description: Maybe[LongText] = None
    currency: OrAbsent[CurrencyCode] = None
    sku: Maybe[Code] = None
    category: Maybe[Annotated[str, Text(100)]] = None
    unit: Maybe[Annotated[str, Text(32)]] = None
    kind: Annotated[ProductKind, Choice(ProductKind)] = ProductKind.PRODUCT
    billing: Maybe[Annotated[Billing, Choice(Billing)]] = None
    status: Annotated[ProductStatus, Choice(ProductStatus)] = ProductStatus.ACTIVE
    active: OrAbsent[Truth] = None                 # the same as a yes or no; `status` wins
    group_id: Maybe[RowId] = None
    tax_id: Maybe[RowId] = None
    discount_id: Maybe[RowId] = None
    fee_id: Maybe[RowId] = None
    deposit: Maybe[Annotated[Decimal, Number(0, MAX_PRICE)]] = None
    scheduled_interval: Maybe[Annotated[int, Whole(1, 366)]] = None
    scheduled_unit: Maybe[Annotated[IntervalUnit, Choice(IntervalUnit)]] = None
    lock_price: Truth = False
    lock_payment_config: Truth = False
    fee_for_initial_payment_only: Truth = False
    discount_for_initial_payment_only: Truth = False
    metered_scheme: Maybe[Annotated[MeteredScheme, Choice(MeteredScheme)]] = None
    metered_tiers: Annotated[list[TierInput], Field(max_length=metered_prices.MAX_TIERS)] = []
    metered_ceiling: Maybe[Annotated[Decimal, Number(maximum=MAX_PRICE, above=0)]] = None
    details: Metadata = {}


PLAIN = (
    "name", "description", "category", "unit", "kind", "status", "scheduled_interval", "scheduled_unit", "lock_price",
    "lock_payment_config", "fee_for_initial_payment_only", "discount_for_initial_payment_only", "details",
)

LISTING = Listing(
    model=Product,
    noun="product",
    columns={
        name: getattr(Product, name)
        for name in (
            "id", "merchant_id", "code", "name", "description", "sku", "category", "unit", "kind", "billing",
            "status", "price_micro", "currency", "group_id", "tax_id", "discount_id", "fee_id", "deposit_minor",
            "scheduled_interval", "scheduled_unit", "lock_price", "lock_payment_config",
            "fee_for_initial_payment_only", "discount_for_initial_payment_only", "metered_scheme",
            "metered_tiers", "metered_ceiling_minor", "details", "created_at", "updated_at", "version",
        )
    },
    sort={
        "created_at": Product.created_at, "updated_at": Product.updated_at, "name": Product.name_sort,
        "price": (Product.currency, Product.price_micro), "sku": Product.sku_sort, "id": Product.id,
        "status": Product.status,
    },
    filters={
        **common_filters(Product),
        "status": Filter(ProductStatus, lambda bound: Product.status == bound),
        "kind": Filter(ProductKind, lambda bound: Product.kind == bound),
        "billing": Filter(Billing, lambda bound: Product.billing == bound),
        "group_id": Filter(int, lambda bound: Product.group_id == bound),
        "category": Filter(str, lambda bound: Product.category == bound),
        "name_contains": Filter("text", lambda bound: like(Product.name_sort, bound)),
        "sku": Filter(str, lambda bound: Product.sku_key == bound, texts.caseless),
        "code": Filter(str, lambda bound: Product.code == bound),
        "active": Filter(bool, lambda bound: (Product.status == ProductStatus.ACTIVE) == bound),
    },
    search=(Product.search_text,),
)


LIFE = Lifecycle(noun="product", emit_event=events.emit)


def create(actor: Actor, new: ProductInput) -> Product:
    """A new product of the actor's merchant; Conflict when its sku is taken."""
    product = build(actor, new)
    _sku(product, new.sku)
    LIFE.add(actor, product)
    return product


def build(actor: Actor, new: ProductInput) -> Product:
    """The same, not stored and without its sku."""
    merchant = db.session.get(Merchant, actor.merchant_id)
    assert merchant is not None      # the key or session names it
    product = Product(
        **actor.ownership(), code=codes.fresh(), currency=new.currency or merchant.currency,
        **{name: getattr(new, name) for name in PLAIN},
    )
    if new.active is False and "status" not in new.model_fields_set:
        product.status = ProductStatus.INACTIVE
    product.metered_tiers = []
    _apply(actor, product, {name: getattr(new, name) for name in APPLIED})
    return product


def update(actor: Actor, product: Product, changes: dict[str, Any]) -> Product:
    """Change what was sent and nothing else."""
    with LIFE.changing(actor, product):
        for name in PLAIN:
            if name in changes:
                setattr(product, name, changes[name])
        if changes.get("active") is not None and "status" not in changes:
            product.status = ProductStatus.ACTIVE if changes["active"] else ProductStatus.INACTIVE
        if changes.get("currency") and changes["currency"] != product.currency:
            sent_again(_amounts(product), changes)
            product.currency = changes["currency"]
        if "sku" in changes:
            _sku(product, changes["sku"])
        if "kind" in changes and "billing" not in changes:
            changes = changes | {"billing": product.billing}
        _apply(actor, product, changes)
    return product


def delete(actor: Actor, product: Product) -> Kept | None:
    """Delete a product: it stays, inactive, for the documents that name it, and is found nowhere else."""
    if uses := usage.of(product):
        archive(actor, product)
        return Kept(f"{{}} is in {usage.as_text(uses)}, so it was deactivated instead of deleted.")
    LIFE.remove(actor, product)
    return None


def restore(actor: Actor, product: Product, was: Mapping[str, Any] | None = None) -> Product:
    """Undo of `delete`, with the status that it had; Conflict when its sku was taken meanwhile."""
    status = inputs.changes(ProductInput, dict(was or {})).get("status")
    with LIFE.restoring(actor, product):
        product.status = status or product.status
        _sku(product, product.sku)
    return product


def copy(there: Actor, product: Product) -> Product:
    """The same product in the other world, with its group and rules; Conflict when its sku is taken there."""
    named = {
        name: pricing.counterpart(there, getattr(product, name.removesuffix("_id"))) for name in (*RULES, "group_id")
    }
    made: Product = copy_of(product, code=codes.fresh(), sku=None, sku_key=None, **named)
    _sku(made, product.sku)
    LIFE.add(there, made)
    return made


def archive(actor: Actor, product: Product) -> Product:
    """Archive a product: it is no longer sold."""
    return update(actor, product, {"status": ProductStatus.INACTIVE})


def activate(actor: Actor, product: Product) -> Product:
    return update(actor, product, {"status": ProductStatus.ACTIVE})


RULES = {"tax_id": PriceRuleKind.TAX, "discount_id": PriceRuleKind.DISCOUNT, "fee_id": PriceRuleKind.FEE}
METERED = ("metered_scheme", "metered_tiers", "metered_ceiling")
APPLIED = ("price", "deposit", "billing", *RULES, "group_id", *METERED)


def _amounts(product: Product) -> dict[str, Any]:
    """The amounts in the product's currency, by their fields."""
    return {
        "price": product.price_micro, "deposit": product.deposit_minor,
        "metered_ceiling": product.metered_ceiling_minor, "metered_tiers": product.metered_tiers,
    }


def _apply(actor: Actor, product: Product, given: dict[str, Any]) -> None:
    """Set the fields that have rules of their own; Invalid names all that are wrong."""
    mistakes = Mistakes()
    if "price" in given:
        product.price_micro = to_micro(given["price"])
    with mistakes.collected():
        if "deposit" in given:
            product.deposit_minor = inputs.minor("deposit", given["deposit"], product.currency)
    if "billing" in given:
        product.billing = _billing(product.kind, given["billing"])
    for name, kind in RULES.items():
        if name in given:
            with mistakes.collected():
                rule = pricing.RULES.refer(actor, name, given[name])
                if rule is not None and rule.kind is not kind:
                    raise Invalid.field(name, "must exist", "unknown")
                setattr(product, name, given[name])
                setattr(product, name.removesuffix("_id"), rule)
    if "group_id" in given:
        with mistakes.collected():
            pricing.GROUPS.refer(actor, "group_id", given["group_id"])
            product.group_id = given["group_id"]
    with mistakes.collected():
        metered_prices.write(product, {name: given[name] for name in METERED if name in given})
    mistakes.refuse()


def _billing(kind: ProductKind, billing: Billing | None) -> Billing:
    if kind is ProductKind.SUBSCRIPTION:
        return Billing.METERED if billing is Billing.METERED else Billing.SUBSCRIPTION
    return billing or Billing.SINGLE_PAYMENT


def _sku(product: Product, sku: str | None) -> None:
    sku = sku or None
    if product.id and sku == product.sku and product.deleted_at is None and product.sku_key is None:
        return                         # a duplicate sku from before skus compared without case
    key = texts.caseless(sku) if sku is not None else None
    if key is not None:
        taken = select(Product.id).where(
            Product.merchant_id == product.merchant_id, Product.test == product.test, Product.sku_key == key,
            Product.deleted_at.is_(None), Product.id != (product.id or 0),
        )
        with db.session.no_autoflush:      # the row is not complete yet
            if db.session.scalar(taken) is not None:
                problem = Problem("taken", "is already used by another product")
                raise Conflict("Another product already has this sku.", fields={"sku": problem})
    product.sku, product.sku_key = sku, key


def _carrying(rule: PriceRule) -> int:
    carried = or_(Product.tax_id == rule.id, Product.discount_id == rule.id, Product.fee_id == rule.id)
    return len(db.session.scalars(select(Product.id).where(carried)).all())


usage.register(PriceRule, Use("product", "products", _carrying))
usage.register(ProductGroup, Use("product", "products", lambda group: usage.rows(Product, group_id=group.id)))
usage.register(Merchant, Use("product", "products", lambda merchant: usage.rows(Product, merchant_id=merchant.id)))

RESOURCE = Resource(
    name="products",
    noun="product",
    listing=LISTING,
    read_scope="READ_PRODUCTS",
    write_scope="WRITE_PRODUCTS",
    input=ProductInput,
    sample=samples.PRODUCT,
    create=create,
    update=update,
    delete=deletion(delete, may_keep=True, undo=restore, keeps=("status",), bulk=True),
    actions=switch(
        archive, activate, is_on=lambda row: bool(row.status == ProductStatus.ACTIVE),
        undo=put_back(update, ProductInput), keeps="status", bulk=True,
        titles=("Deactivate", "Activate"), past=("{} was deactivated.", "{} was activated."),
    ) | copying(copy, to_live=True),
)
