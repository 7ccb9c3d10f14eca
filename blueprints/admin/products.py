"""Pages of products."""

from typing import Any

from werkzeug.datastructures import MultiDict

from blueprints.admin import choices, product_form, row_field
from blueprints.admin.crud.form_fields import Field, Section, pairs, unsaid
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.row_field import RowField
from blueprints.pages.format import money, price
from blueprints.pages.session import need
from domain.catalog import pricing, products
from domain.errors import Problem
from models.money import Money, from_micro, from_ten_thousandths
from models.product import (
    Billing,
    IntervalUnit,
    PriceRuleKind,
    Product,
    ProductKind,
    ProductStatus,
)

STATUS = pairs(ProductStatus)


def percent(row: Any) -> str:
    """A price rule with its percentage."""
    return f"{row.name} · {from_ten_thousandths(row.percent_ten_thousandths)} %"


def rule(name: str, kind: PriceRuleKind) -> RowField:
    """The control for a price rule of one kind."""
    noun = kind.value.lower()
    return RowField(
        name=name, noun=noun, slug=name.removesuffix("_id"), listing=pricing.RULES, scope="READ_PRODUCTS",
        filters={"kind": kind}, words=percent)


GROUP = RowField(name="group_id", noun="group", slug="group", listing=pricing.GROUPS, scope="READ_PRODUCTS")
TAX, DISCOUNT = rule("tax_id", PriceRuleKind.TAX), rule("discount_id", PriceRuleKind.DISCOUNT)
FEE = rule("fee_id", PriceRuleKind.FEE)
ROWS = (GROUP, TAX, DISCOUNT, FEE)


def values(row: Product) -> dict[str, Any]:
    """A product's values for the form."""
    shown = {name: getattr(row, name) for name in (
        "name", "description", "sku", "category", "unit", "kind", "billing", "status", "currency",
        "scheduled_interval", "scheduled_unit", "lock_price", "lock_payment_config",
        "fee_for_initial_payment_only", "discount_for_initial_payment_only", "details",
    )} | {one.name: one.named(getattr(row, one.name)) for one in ROWS}
    deposit = None if row.deposit_minor is None else Money(row.deposit_minor, row.currency).decimal
    return shown | {"price": _short(row), "deposit": deposit} | product_form.metered(row)


def _short(row: Product) -> str:
    """The price without trailing zeros, but with at least two decimals."""
    whole, _, decimals = f"{from_micro(row.price_micro):f}".partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def read(form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form for the domain: rows by their numbers, tiers without empty rows."""
    return product_form.read(row_field.read(ROWS, form))


def explain(name: str, problem: Problem) -> tuple[str, Problem]:
    """A mistake in this form's words, at its place."""
    return row_field.explain(ROWS, *product_form.explain(name, problem))


def price_of(row: Product) -> str:
    """The price with its currency and unit."""
    return price(row.price_micro, row.currency) + (f" per {row.unit}" if row.unit else "")


def listed_price(row: Any) -> int | str:
    """The price in a list, in millionths; of a product that is billed by use, what it is for."""
    if row.billing != Billing.METERED:
        return int(row.price_micro)
    return "By tiers" if row.metered_scheme else f"{price(row.price_micro, row.currency)} a call"


def deposit_of(row: Product) -> str:
    """The deposit with its currency."""
    return "" if row.deposit_minor is None else money(row.deposit_minor, row.currency)


TABS = (
    ("Products", "admin.products_list"), ("Groups", "admin.product_groups_list"),
    ("Taxes, discounts, fees", "admin.price_rules_list"), ("Discount codes", "admin.discount_codes_list"),
)

PAGE = ListPage(
    resource=products.RESOURCE,
    tabs=TABS,
    title="Products",
    group="Billing",
    position=120,
    keys="p",
    note=lambda row: row.sku,
    icon="package",
    about="What you sell: goods, services and subscriptions, with their prices.",
    columns=(
        Column(name="name", kind="link", sort="name"),
        Column(name="sku", title="SKU", kind="mono", sort="sku"),
        Column(name="kind", title="Type", kind="tag"),
        Column(name="status", kind="tag", editable="status", choices=STATUS),
        Column(name="price_micro", title="Price", kind="price", sort="price", editable="price", shown=listed_price),
        Column(name="created_at", title="Added", kind="day", sort="created_at", minor=True),
    ),
    list_filters=(
        ListFilter(name="status", choices=STATUS, read=ProductStatus),
        ListFilter(name="kind", title="Type", choices=pairs(ProductKind), read=ProductKind),
        ListFilter(name="billing", choices=pairs(Billing), read=Billing),
    ),
    sections=(
        Section("Details", (
            Field(name="name", required=True),
            Field(name="sku", label="SKU", hint="Your own number; unique in the catalogue."),
            Field(name="kind", label="Type", kind="select", choices=pairs(ProductKind), required=True),
            Field(name="status", kind="select", choices=STATUS, required=True),
            Field(name="category"),
            GROUP.field(label="Group", blank="None"),
            Field(name="description", kind="area", wide=True),
        )),
        Section("Price", (
            Field(name="price", kind="number", required=True, fact=price_of,
                  hint="Budgets and invoices add the tax, orders contain it. Up to six decimals."),
            Field(name="currency", kind="select", choices=choices.currencies, blank="The merchant's", fact=unsaid),
            Field(name="unit", fact=unsaid, hint="Piece, hour, licence …"),
            TAX.field(label="Tax", blank="None"),
            DISCOUNT.field(label="Discount", blank="None"),
            FEE.field(label="Fee", blank="None"),
            Field(name="lock_price", label="The price cannot be changed in an order", kind="check"),
        )),
        Section("Billing", (
            Field(name="billing", kind="select", choices=pairs(Billing), blank="Default for the type"),
            Field(name="scheduled_interval", label="Every", kind="number"),
            Field(name="scheduled_unit", label="Period", kind="select", choices=pairs(IntervalUnit), blank="None"),
            Field(name="deposit", kind="number", fact=deposit_of, hint="Due immediately. Leave empty for none."),
            Field(name="lock_payment_config", label="Billing cannot be changed in an order", kind="check"),
            Field(name="fee_for_initial_payment_only", label="The fee is charged with the first payment only",
                  kind="check"),
            Field(name="discount_for_initial_payment_only", label="The discount applies to the first payment only",
                  kind="check"),
        ), folds=True),
        Section("Use", (
            Field(name="metered_scheme", label="Calls are priced", kind="select", choices=product_form.SCHEMES,
                  blank="Each at the product's price", fact=product_form.scheme_of,
                  hint="Of a product that is billed metered."),
            Field(name="metered_ceiling", label="At most in a period", kind="number", fact=product_form.ceiling_of,
                  hint="Before discount and fee. Leave empty for no ceiling."),
        ), folds=True),
        Section("More", (
            Field(name="details", label="Metadata", kind="area", wide=True, hint="One name=value per line."),
        ), folds=True),
    ),
    values=values,
    tones={"active": "ok", "inactive": "", "SUBSCRIPTION": "acc", "SERVICE": ""},
    form="admin/product_form.html",
    details="admin/_product.html",
    read=read,
    explain=explain,
    choices=lambda who: {"tier_rows": product_form.rows, "tier_names": product_form.names},
    context=lambda record: {"preview": product_form.preview_of(record), "tiers": product_form.tiers_of(record)},
)


def register(bp: Any) -> None:
    """Register the addresses of the preview in the form, and of its suggestions."""
    write = need("WRITE_PRODUCTS")
    bp.add_url_rule(
        "/products/preview", "products_preview", write(lambda: product_form.show_preview(read)), methods=["POST"])
    row_field.add_suggestions(bp, ROWS)
