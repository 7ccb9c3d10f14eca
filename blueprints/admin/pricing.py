"""Pages of product groups and price rules."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request

from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.products import TABS
from domain.actor import Actor
from domain.catalog import pricing, vat_rates
from domain.catalog.vat_rates import VatRate
from domain.inputs import validators
from domain.people import merchant_listing
from models.money import from_ten_thousandths
from models.product import PriceRule, PriceRuleKind

KINDS = pairs(PriceRuleKind)


def percentage(row: Any) -> str:
    """A rule's percentage as text: 21 or 5.5."""
    return str(from_ten_thousandths(row.percent_ten_thousandths))


@dataclass(frozen=True, slots=True)
class Offered:
    """The VAT rates that a new tax may be made of: those of a country, and the countries that there are."""

    country: str
    name: str
    rates: Sequence[VatRate]
    countries: Sequence[tuple[str, str]]


def offered(who: Actor) -> Offered:
    """The rates of the country in the URL, else of the merchant's."""
    known, names = vat_rates.by_country(), validators.countries()
    country = request.args.get("vat_country") or _home(who)
    rates = known.get(country, ())
    return Offered(
        country, names[country] if rates else "", rates,
        sorted(((code, names[code]) for code in known), key=lambda pair: pair[1]),
    )


def _home(who: Actor) -> str:
    """The country of the only merchant of the actor."""
    if not who.has_one_merchant:
        return ""
    return merchant_listing.LISTING.read(who, who.merchant_id).country or ""


def values(row: PriceRule) -> dict[str, Any]:
    """A rule's values for the form."""
    return {"name": row.name, "kind": row.kind, "percentage": percentage(row), "description": row.description}


RULES = ListPage(
    resource=pricing.PRICE_RULES,
    mount="/products/rules",
    tabs=TABS,
    apart="It is a tab of Products.",
    title="Taxes, discounts, fees",
    icon="receipt-tax",
    about="Named percentages. A product carries at most one tax, one discount and one fee.",
    columns=(
        Column(name="name", kind="link", sort="name"),
        Column(name="kind", kind="tag"),
        Column(name="percent_ten_thousandths", title="Percentage", kind="percent", editable="percentage"),
        Column(name="description"),
    ),
    list_filters=(ListFilter(name="kind", choices=KINDS, read=PriceRuleKind),),
    sections=(
        Section("Percentage", (
            Field(name="name", required=True, hint="VAT 21 %, for example."),
            Field(name="kind", kind="select", choices=KINDS, required=True, hint="Cannot be changed later."),
            Field(name="percentage", kind="number", required=True, hint="Up to four decimals: 9.975."),
            Field(name="description"),
        )),
    ),
    values=values,
    form="admin/price_rule_form.html",
    choices=lambda who: {"vat": offered(who)},
    sort="name",
    tones={"tax": "acc", "discount": "ok", "fee": "warn"},
)

GROUPS = ListPage(
    resource=pricing.PRODUCT_GROUPS,
    mount="/products/groups",
    tabs=TABS,
    apart="It is a tab of Products.",
    named_by="group_id",
    title="Product groups",
    icon="package",
    about="Groups of products in the catalogue.",
    columns=(
        Column(name="name", kind="link", sort="name", editable="name"),
        Column(name="created_at", title="Since", kind="day", sort="created_at"),
    ),
    sections=(Section("Group", (Field(name="name", required=True),)),),
    values=lambda row: {"name": row.name},
    sort="name",
)
