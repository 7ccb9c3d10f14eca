"""Pages of domain names."""

from typing import Any

from blueprints.admin import choices, customer_field
from blueprints.admin.crud.form_fields import Field, Section, pairs
from blueprints.admin.crud.list_filters import ListFilter
from blueprints.admin.crud.listing import Column, ListPage
from domain.hosting import domain_names
from models.domain_name import DomainName, DomainStatus
from models.money import Money

STATUS, YES = pairs(DomainStatus), (("true", "Yes"), ("false", "No"))


def values(row: DomainName) -> dict[str, Any]:
    """A domain name's values for its form."""
    shown = {name: getattr(row, name) for name in (
        "name", "registrar", "status", "registered_on", "expires_on", "next_due_on", "auto_renew",
        "currency",
    )}
    return shown | {
        "customer_id": customer_field.named(row.customer_id), "amount": Money(row.amount_minor, row.currency).decimal,
    }


PAGE = ListPage(
    resource=domain_names.RESOURCE,
    title="Domain names",
    group="Billing",
    position=142,
    note=lambda row: row.customer_name,
    icon="world",
    about="Domain names that you manage for customers, with their dates.",
    columns=(
        Column(name="name", title="Domain", kind="link", sort="name"),
        Column(name="customer_name", title="Customer", fixed_by="customer_id"),
        Column(name="status", kind="tag", editable="status", choices=STATUS),
        Column(name="expires_on", title="Expires", kind="day", sort="expires_on"),
        Column(name="auto_renew", kind="flag"),
        Column(name="amount_minor", title="Renewal", kind="money", minor=True),
    ),
    list_filters=(
        ListFilter(name="status", choices=STATUS, read=DomainStatus),
        ListFilter(name="auto_renew", choices=YES, read=lambda text: text == "true"),
    ),
    sections=(
        Section("Domain name", (
            Field(name="name", label="Domain", required=True, hint="Such as mysite.com."),
            customer_field.customer_field(required=True),
            Field(name="registrar"),
            Field(name="status", kind="select", choices=STATUS, required=True),
        )),
        Section("Renewal", (
            Field(name="registered_on", label="Registered", kind="date"),
            Field(name="expires_on", label="Expires", kind="date"),
            Field(name="next_due_on", label="Next due", kind="date"),
            Field(name="auto_renew", label="Renews by itself", kind="check"),
            Field(name="amount", label="Price of a renewal", kind="number", required=True),
            Field(name="currency", kind="select", choices=choices.currencies, blank="The merchant's"),
        )),
    ),
    values=values,
    read=customer_field.read,
    explain=customer_field.explain,
    sort="name",
    tones={"active": "ok", "pending": "warn", "expired": "bad"},
)
