"""Pages of customers: the list, the form, and the record with its budgets."""

from datetime import timedelta
from typing import Any

from blueprints.admin import choices
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.pages.format import money
from blueprints.pages.session import wide_actor
from domain import clock, usage
from domain.invoicing.invoice_listing import LISTING
from domain.pages import Query
from domain.people import customer_balance, customers
from domain.people.logins import customer_users
from domain.sales.budgets import budget_sums
from models.customer import Address, Customer, CustomerStatus
from models.money import Money

STATUS = pairs(CustomerStatus)
MOST_USERS = 5                          # on the customer's page; all are in a tab
A_YEAR = timedelta(days=365)
PARTS = ("street", "city", "state", "postal_code", "country")


def address(kind: str, title: str) -> Section:
    """The form's fields of an address."""
    labels = {"state": "State or province", "postal_code": "Postal code"}
    plain = [Field(name=f"{kind}.{part}", label=labels.get(part, part.capitalize())) for part in PARTS[:-1]]
    country = Field(
        name=f"{kind}.country", label="Country", kind="select", choices=choices.countries, blank="Not given"
    )
    return Section(title, (*plain, country), folds=True)


def values(row: Customer) -> dict[str, Any]:
    """A customer's values for the form."""
    currency = customers.currency_of(row)
    shown = {name: getattr(row, name) for name in (
        "name", "email", "phone", "status", "organisation", "registration_number", "tax_number", "website",
        "currency", "timezone", "language", "note", "details",
    )}
    shown["credit_limit"] = Money(row.credit_limit_minor, currency).decimal
    low = row.low_balance_minor
    shown["low_balance"] = None if low is None else Money(low, currency).decimal
    for kind, current in (("billing_address", row.billing_address), ("shipping_address", row.shipping_address)):
        shown |= {f"{kind}.{part}": _part(current, part) for part in PARTS}
    return shown


def _part(current: Address | None, part: str) -> str | None:
    return getattr(current, part) if current is not None else None


def context(record: Any) -> dict[str, Any]:
    """What the customer owes, has pending, and approved in twelve months, and its users, for the record's page."""
    who = wide_actor()
    query = Query(filters={"customer_id": record.id}, sort="id", descending=False, limit=MOST_USERS)
    users = customer_users.LISTING.page(who, query)
    invoices = LISTING.count(who, customer_id=record.id, open=True) if who.can("READ_INVOICES") else 0
    if not who.can("READ_BUDGETS"):
        return {"pending": None, "users": users, "open_invoices": invoices}
    pending, approved = budget_sums.of_customer(who, record.id, clock.now() - A_YEAR)
    return {
        "account": customer_balance.LISTING.read(who, record.id) if who.can("READ_INVOICES") else None,
        "pending": pending, "users": users, "approved": approved, "open_invoices": invoices,
        "budgets_url": PAGE.url("show", key=record.id, tab="budgets"),
    }


def open_documents(record: Any) -> tuple[str, ...]:
    """What the customer still has open, for the confirmation of archiving."""
    found = usage.of(customers.LISTING.get(wide_actor(), record.id))
    return (f"{usage.as_text(found)} {'stays' if sum(found.values()) == 1 else 'stay'} open.",) if found else ()


def limit(row: Customer) -> str:
    """The credit limit with its currency; none is not shown."""
    return money(row.credit_limit_minor, customers.currency_of(row)) if row.credit_limit_minor else ""


def low(row: Customer) -> str:
    """The balance below which users are notified, with its currency."""
    amount = row.low_balance_minor
    return "" if amount is None else money(amount, customers.currency_of(row))


PAGE = ListPage(
    resource=customers.RESOURCE,
    title="Customers",
    group="Billing",
    position=110,
    keys="c",
    note=lambda row: row.email,
    icon="user-circle",
    about="The people and organisations that you bill.",
    columns=(
        Column(name="name", kind="link", sort="name"),
        Column(name="email", title="E-mail", sort="email", editable="email"),
        Column(name="organisation", minor=True),
        Column(name="status", kind="tag", editable="status", choices=STATUS),
        Column(name="created_at", title="Since", kind="day", sort="created_at"),
    ),
    list_filters=(
        ListFilter(name="status", choices=STATUS, read=CustomerStatus),
        ListFilter(name="created_after", title="Created from", kind="day"),
        ListFilter(name="created_before", title="Created until", kind="day"),
    ),
    sections=(
        Section("Details", (
            Field(name="name", required=True, hint="A person or an organisation."),
            Field(name="email", label="E-mail", kind="email"),
            Field(name="phone", kind="tel"),
            Field(name="status", kind="select", choices=STATUS, required=True),
        )),
        Section("Organisation", (
            Field(name="organisation", label="Company name"),
            Field(name="registration_number"),
            Field(name="tax_number", hint="VAT number or similar, as shown on invoices."),
            Field(name="website", kind="url"),
        ), folds=True),
        Section("Billing", (
            Field(name="currency", kind="select", choices=choices.currencies, blank="The merchant's"),
            Field(name="timezone", label="Time zone", kind="select", choices=choices.zones, blank="The merchant's"),
            Field(name="language", label="Language of documents", kind="select", choices=choices.languages,
                  blank="The merchant's"),
            Field(name="credit_limit", kind="number", required=True, fact=limit),
            Field(name="low_balance", kind="number", fact=low,
                  hint="Notify below this balance. Leave empty for never."),
        ), folds=True),
        address("billing_address", "Billing address"),
        address("shipping_address", "Shipping address"),
        Section("More", (
            Field(name="note", kind="area", wide=True),
            Field(name="details", label="Metadata", kind="area", wide=True, hint="One name=value per line."),
        ), folds=True),
    ),
    values=values,
    tones={"active": "ok", "stopped": "warn", "archived": ""},
    warnings=lambda verb, record: open_documents(record) if verb == "archive" else (),
    show="admin/customer.html",
    details="admin/_customer.html",
    audit_verbs={"signed_in": "signed in as"},
    context=context,
)
