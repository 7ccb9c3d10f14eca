"""Declares a customer's services and domain names in the Client API."""

from blueprints.api import money_text, schemas
from blueprints.api.client.contract import CONTRACT
from blueprints.api.client.lists import listed
from blueprints.api.contract import Arguments, Outcome
from blueprints.api.decimals import Decimals
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.field_map import Day, Moment
from blueprints.api.json_schema import Schema
from blueprints.api.money_text import MONEY, Money
from blueprints.api.verbs import expose, key_of, operation
from domain.actor import Actor
from domain.hosting import domain_names, services
from domain.hosting.service_listing import LISTING
from domain.invoicing import invoices_of_customer
from domain.pages import Query


def shown(name: str, column: str = "") -> Field:
    """A value that is only read."""
    return Field(name=name, column=column, writable=False)


CREATED_AT = Moment(name="created_at", writable=False)
SERVICES = expose(
    CONTRACT,
    services.RESOURCE,
    "/services",
    {
        "id": shown("id"),
        "product_id": shown("product_id"),
        "product_name": shown("product_name"),
        "domain": shown("domain"),
        "status": shown("status"),
        "suspended_for": shown("suspended_for"),
        "billing_cycle": shown("billing_cycle"),
        "quantity": Decimals(name="quantity", writable=False),
        "amount": Money(name="later", writable=False),
        "currency": shown("currency"),
        "registration_date": Day(name="registered_on", writable=False),
        "next_due_date": Day(name="next_due_on", writable=False),
        "order_id": shown("order_id", "id"),
        "created_at": CREATED_AT,
    },
    verbs=(),
)
LISTED = ("id", "product_name", "domain", "status", "next_due_date")
MOST_INVOICES = 1000                    # of a service, the newest
INVOICE: dict[str, Schema] = {
    "id": {"type": "integer"}, "invoice_number": {"type": "string"}, "status": {"type": "string"}, "total": MONEY,
}
EXAMPLE_INVOICE = {"id": 1, "invoice_number": "INV-000001", "status": "paid", "total": "24.00"}


def details(actor: Actor, arguments: Arguments) -> Outcome:
    """A service with the invoices that bill it."""
    record = LISTING.read(actor, key_of(SERVICES, arguments.key))
    query = Query(filters={"service_id": record.id}, sort="issue_on", limit=MOST_INVOICES)
    invoices = invoices_of_customer.ROWS.page(actor, query).records
    shown = [
        {"id": one.id, "invoice_number": one.number, "status": one.status,
         "total": money_text.amount(one.total_minor, one.currency)}
        for one in invoices
    ]
    return Outcome(SERVICES.show(record) | {"invoices": shown})


def with_invoices(row: ExampleBody) -> ExampleBody:
    """The description of a service with its invoices."""
    invoice: Schema = {"title": "InvoiceOfService", "type": "object", "properties": INVOICE, "required": list(INVOICE)}
    schema = row.schema | {
        "properties": row.schema["properties"] | {"invoices": {"type": "array", "items": invoice}},
        "required": [*row.schema["required"], "invoices"],
    }
    return ExampleBody(schema, row.example | {"invoices": [EXAMPLE_INVOICE]})


CONTRACT.operations += [
    listed(SERVICES, LISTING, LISTED, summary="List services", example={"status": "active"}),
    operation(
        SERVICES, "details", "GET", "/{key}", details, name="get", summary="Read one service",
        described=Description(answer=with_invoices(schemas.row(SERVICES))),
    ),
]

DOMAINS = expose(
    CONTRACT,
    domain_names.RESOURCE,
    "/domains",
    {
        "id": shown("id"),
        "domain": shown("name"),
        "registrar": shown("registrar"),
        "status": shown("status"),
        "registration_date": Day(name="registered_on", writable=False),
        "expiry_date": Day(name="expires_on", writable=False),
        "next_due_date": Day(name="next_due_on", writable=False),
        "auto_renew": shown("auto_renew"),
        "amount": Money(name="amount", writable=False),
        "currency": shown("currency"),
    },
    verbs=("list",),
    name="domains",
)
