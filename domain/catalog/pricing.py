"""Manages price rules (taxes, discounts, fees) and product groups."""

from collections.abc import Callable, Collection
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import select

from database import db
from domain import usage
from domain.actor import Actor
from domain.catalog import samples
from domain.copies import copy_of
from domain.inputs import Choice, Input, Maybe, NameText, Percentage, Text
from domain.lifecycle import Lifecycle
from domain.list_parts import Filter, among, common_filters
from domain.listing import Listing
from domain.resource import Action, Resource, deletion
from models.money import to_ten_thousandths
from models.product import PriceRule, PriceRuleKind, ProductGroup


class PriceRuleInput(Input):
    """A tax, a discount or a fee as callers may write it."""

    only_at_creation = frozenset({"kind"})           # products carry it as what it was made

    name: Annotated[str, NameText(100, 1)]
    kind: Annotated[PriceRuleKind, Choice(PriceRuleKind)]
    percentage: Annotated[Decimal, Percentage]
    description: Maybe[Annotated[str, Text(255)]] = None


class GroupInput(Input):
    """A group as callers may write it."""

    name: Annotated[str, NameText(100, 1)]


RULES = Listing(
    model=PriceRule,
    noun="price rule",
    columns={
        name: getattr(PriceRule, name)
        for name in ("id", "merchant_id", "kind", "name", "percent_ten_thousandths", "description", "created_at",
                     "updated_at", "version")
    },
    sort={
        "name": PriceRule.name_sort, "created_at": PriceRule.created_at, "updated_at": PriceRule.updated_at,
        "id": PriceRule.id,
    },
    filters={**common_filters(PriceRule), "kind": Filter(PriceRuleKind, lambda bound: PriceRule.kind == bound)},
    search=(PriceRule.name_sort,),
)
GROUPS = Listing(
    model=ProductGroup,
    noun="product group",
    columns={
        name: getattr(ProductGroup, name)
        for name in ("id", "merchant_id", "name", "created_at", "updated_at", "version")
    },
    sort={
        "name": ProductGroup.name_sort, "created_at": ProductGroup.created_at, "updated_at": ProductGroup.updated_at,
        "id": ProductGroup.id,
    },
    filters=common_filters(ProductGroup),
    search=(ProductGroup.name_sort,),
)


RULE_LIFE, GROUP_LIFE = Lifecycle(noun="price_rule"), Lifecycle(noun="product_group")


def create_rule(actor: Actor, new: PriceRuleInput) -> PriceRule:
    rule = PriceRule(
        **actor.ownership(), kind=new.kind, name=new.name, description=new.description,
        percent_ten_thousandths=to_ten_thousandths(new.percentage),
    )
    RULE_LIFE.add(actor, rule)
    return rule


def update_rule(actor: Actor, rule: PriceRule, changes: dict[str, Any]) -> PriceRule:
    """Change a rule; existing budgets keep the tax they were written with."""
    with RULE_LIFE.changing(actor, rule):
        for name in ("name", "description"):
            if name in changes:
                setattr(rule, name, changes[name])
        if "percentage" in changes:
            rule.percent_ten_thousandths = to_ten_thousandths(changes["percentage"])
    return rule


def delete_rule(actor: Actor, rule: PriceRule) -> None:
    """Delete a rule that no product uses."""
    usage.refuse("price rule", rule, "Remove it from them first.")
    RULE_LIFE.erase(actor, rule)


def percentages(actor: Actor, keys: Collection[int]) -> dict[int, int]:
    """The percentages of some rules, in ten-thousandths."""
    if not keys:
        return {}
    own, values = RULES.owned(actor)
    statement = select(PriceRule.id, PriceRule.percent_ten_thousandths).where(among(PriceRule.id, keys), *own)
    return {row.id: row.percent_ten_thousandths for row in db.session.execute(statement, values)}


def create_group(actor: Actor, new: GroupInput) -> ProductGroup:
    group = ProductGroup(**actor.ownership(), name=new.name)
    GROUP_LIFE.add(actor, group)
    return group


def update_group(actor: Actor, group: ProductGroup, changes: dict[str, Any]) -> ProductGroup:
    with GROUP_LIFE.changing(actor, group):
        group.name = changes.get("name", group.name)
    return group


def delete_group(actor: Actor, group: ProductGroup) -> None:
    """Delete a group without products."""
    usage.refuse("product group", group, "Move them first.")
    GROUP_LIFE.erase(actor, group)


def _gone(run: Callable[[Actor, Any], None], noun: str) -> Action:
    """A delete action that cannot be undone."""
    return deletion(run, confirm=lambda row: (f"The {noun} is deleted permanently.",))


def counterpart(there: Actor, row: PriceRule | ProductGroup | None) -> int | None:
    """The id of the rule or group of the same name in the other world; copies it when there is none."""
    if row is None:
        return None
    model, life = (PriceRule, RULE_LIFE) if isinstance(row, PriceRule) else (ProductGroup, GROUP_LIFE)
    same = [model.merchant_id == row.merchant_id, model.test.is_(there.test), model.name == row.name]
    if isinstance(row, PriceRule):
        same.append(PriceRule.kind == row.kind)
    found = db.session.scalar(select(model.id).where(*same))
    if found is None:
        made = copy_of(row)
        life.add(there, made)
        found = made.id
    return int(found)


PRICE_RULES = Resource(
    name="price_rules", noun="price rule", listing=RULES, read_scope="READ_PRODUCTS", write_scope="WRITE_PRODUCTS",
    input=PriceRuleInput, create=create_rule, update=update_rule,
    delete=_gone(delete_rule, "price rule"), sample=samples.PRICE_RULE,
)
PRODUCT_GROUPS = Resource(
    name="product_groups", noun="product group", listing=GROUPS, read_scope="READ_PRODUCTS",
    write_scope="WRITE_PRODUCTS", input=GroupInput, create=create_group, update=update_group,
    delete=_gone(delete_group, "product group"), sample=samples.GROUP,
)
