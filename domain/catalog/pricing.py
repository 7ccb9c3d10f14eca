"""Price rules (taxes, discounts, fees) and product groups: what a product's price carries."""

from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import exists, or_, select

from database import db
from domain import audit, clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Choice, Input, Maybe, Number, Text
from domain.list_parts import Filter
from domain.listing import Listing, touch
from domain.resource import Resource
from models.product import PriceRule, PriceRuleKind, Product, ProductGroup


class PriceRuleInput(Input):
    name: Annotated[str, Text(100, 1)]
    kind: Annotated[PriceRuleKind, Choice(PriceRuleKind)]
    percentage: Annotated[Decimal, Number(0, 1000)]
    description: Maybe[Annotated[str, Text(255)]] = None


class GroupInput(Input):
    name: Annotated[str, Text(100, 1)]


RULES = Listing(
    model=PriceRule,
    noun="price rule",
    columns={
        name: getattr(PriceRule, name)
        for name in ("id", "merchant_id", "kind", "name", "percent_hundredths", "description", "created_at",
                     "updated_at", "version")
    },
    sort={"name": PriceRule.name, "created_at": PriceRule.created_at},
    filters={"kind": Filter(PriceRuleKind, lambda bound: PriceRule.kind == bound)},
    search=(PriceRule.name,),
)
GROUPS = Listing(
    model=ProductGroup,
    noun="product group",
    columns={
        name: getattr(ProductGroup, name)
        for name in ("id", "merchant_id", "name", "created_at", "updated_at", "version")
    },
    sort={"name": ProductGroup.name, "created_at": ProductGroup.created_at},
    search=(ProductGroup.name,),
)


def _hundredths(percentage: Decimal) -> int:
    scaled = percentage.scaleb(2)
    if scaled != int(scaled):
        raise Invalid.field("percentage", "may have at most 2 decimals")
    return int(scaled)


def create_rule(actor: Actor, new: PriceRuleInput) -> PriceRule:
    now = clock.now()
    rule = PriceRule(
        merchant_id=actor.merchant_id, kind=new.kind, name=new.name, description=new.description,
        percent_hundredths=_hundredths(new.percentage), created_at=now, updated_at=now, version=1,
    )
    db.session.add(rule)
    db.session.flush()       # gives it its id
    audit.record(actor, "price_rule.created", rule, after=audit.snapshot(rule))
    return rule


def update_rule(actor: Actor, rule: PriceRule, changes: dict[str, Any]) -> PriceRule:
    """Budgets that are already written keep the tax they were written with."""
    before = audit.snapshot(rule)
    for name in ("name", "description"):
        if name in changes:
            setattr(rule, name, changes[name])
    if "percentage" in changes:
        rule.percent_hundredths = _hundredths(changes["percentage"])
    touch(rule)
    audit.record(actor, "price_rule.updated", rule, before=before, after=audit.snapshot(rule))
    return rule


def delete_rule(actor: Actor, rule: PriceRule) -> None:
    """Only while no product carries it."""
    carried = or_(Product.tax_id == rule.id, Product.discount_id == rule.id, Product.fee_id == rule.id)
    if db.session.scalar(select(exists().where(carried))):
        raise Conflict("Products still carry this; take it off them first.")
    audit.record(actor, "price_rule.deleted", rule, before=audit.snapshot(rule))
    db.session.delete(rule)


def create_group(actor: Actor, new: GroupInput) -> ProductGroup:
    now = clock.now()
    group = ProductGroup(merchant_id=actor.merchant_id, name=new.name, created_at=now, updated_at=now, version=1)
    db.session.add(group)
    db.session.flush()       # gives it its id
    audit.record(actor, "product_group.created", group, after=audit.snapshot(group))
    return group


def update_group(actor: Actor, group: ProductGroup, changes: dict[str, Any]) -> ProductGroup:
    before = audit.snapshot(group)
    group.name = changes.get("name", group.name)
    touch(group)
    audit.record(actor, "product_group.updated", group, before=before, after=audit.snapshot(group))
    return group


def delete_group(actor: Actor, group: ProductGroup) -> None:
    """Only while no product is in it."""
    if db.session.scalar(select(exists().where(Product.group_id == group.id))):
        raise Conflict("Products are still in this group; move them first.")
    audit.record(actor, "product_group.deleted", group, before=audit.snapshot(group))
    db.session.delete(group)


PRICE_RULES = Resource(
    name="price_rules", noun="price rule", listing=RULES, read_scope="READ_PRODUCTS", write_scope="WRITE_PRODUCTS",
    input=PriceRuleInput, create=create_rule, update=update_rule, delete=delete_rule,
)
PRODUCT_GROUPS = Resource(
    name="product_groups", noun="product group", listing=GROUPS, read_scope="READ_PRODUCTS",
    write_scope="WRITE_PRODUCTS", input=GroupInput, create=create_group, update=update_group, delete=delete_group,
)
