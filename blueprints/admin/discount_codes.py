"""Pages of discount codes."""

from datetime import date
from typing import Any

from blueprints.admin import choices, row_field
from blueprints.admin.crud.form_fields import Field, Section, unsaid
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.admin.products import PAGE as PRODUCTS
from blueprints.admin.products import TABS
from blueprints.admin.row_field import RowField
from blueprints.pages.format import money
from domain import zones
from domain.sales.discounts import discount_codes
from models.discount_code import DiscountCode
from models.money import Money, from_ten_thousandths

ON_OFF = (("true", "Active"), ("false", "Switched off"))


def worth(row: Any) -> str:
    """What the code takes off: 10 % of all payments, 5.00 EUR off the first payment."""
    amount = money(row.amount_minor, row.currency) if row.amount_minor is not None else (
        f"{from_ten_thousandths(row.percent_ten_thousandths)} %")
    return f"{amount} off {'the first payment' if row.first_only else 'all payments'}"


def used(row: Any) -> str:
    """How often it was used, of how often it may be."""
    return str(row.uses) if row.max_uses is None else f"{row.uses} of {row.max_uses}"


ONLY_FOR = RowField(
    name="product_id", noun="product", slug="discounted", listing=PRODUCTS.resource.listing, scope="READ_PRODUCTS",
    filters={"active": True})


def last_day(row: DiscountCode) -> date | None:
    """The last day on which it is taken, in the merchant's zone."""
    return row.expires_at.astimezone(zones.of_merchant(row.merchant_id)).date() if row.expires_at else None


def values(row: DiscountCode) -> dict[str, Any]:
    """A code's values for the form."""
    shown = {name: getattr(row, name) for name in (
        "code", "description", "currency", "first_only", "active", "max_uses", "max_uses_per_customer")}
    percent = row.percent_ten_thousandths
    return shown | {
        "percentage": None if percent is None else from_ten_thousandths(percent), "expires_at": last_day(row),
        ONLY_FOR.name: ONLY_FOR.named(row.product_id),
        "amount": None if row.amount_minor is None else Money(row.amount_minor, row.currency or "").decimal,
    }


PAGE = ListPage(
    resource=discount_codes.RESOURCE,
    tabs=TABS,
    apart="It is a tab of Products.",
    title="Discount codes",
    icon="receipt-tax",
    about="What customers may enter on the payment page, until a date and a number of times.",
    columns=(
        Column(name="code", kind="link", sort="code"),
        Column(name="worth", title="Takes off", shown=worth),
        Column(name="uses", title="Used", shown=used),
        Column(name="expires_at", title="Until", kind="until", sort="expires_at"),
        Column(name="active", kind="flag"),
        Column(name="product_name", title="Only for", minor=True),
    ),
    list_filters=(
        ListFilter(name="active", choices=ON_OFF, read=lambda text: text == "true"),
    ),
    sections=(
        Section("Code", (
            Field(name="code", required=True, hint="What customers type; capitals make no difference."),
            Field(name="percentage", kind="number", hint="Or an amount.", fact=worth),
            Field(name="amount", kind="number", fact=unsaid, hint="Off an order; at most what it costs."),
            Field(name="currency", kind="select", choices=choices.currencies, blank="The merchant's",
                  hint="Of the amount.", fact=unsaid),
            Field(name="first_only", label="Off the first payment only", kind="check", fact=unsaid),
            Field(name="active", label="It can be entered", kind="check"),
            Field(name="description", wide=True, hint="Only you see it."),
        )),
        Section("Limits", (
            Field(name="expires_at", label="Last day", kind="date"),
            Field(name="max_uses", label="Uses", kind="number", hint="By all customers. Leave empty for any number."),
            Field(name="max_uses_per_customer", label="Uses of one customer", kind="number"),
            ONLY_FOR.field(label="Only for", blank="Any product"),
        )),
    ),
    values=values,
    read=lambda form: row_field.read((ONLY_FOR,), form),
    explain=lambda name, problem: row_field.explain((ONLY_FOR,), name, problem),
    sort="-created_at",
    name=lambda row: row.code,
)


def register(bp: Any) -> None:
    """Register the address of the suggestions."""
    row_field.add_suggestions(bp, (ONLY_FOR,))
