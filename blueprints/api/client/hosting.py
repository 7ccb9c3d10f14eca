"""Declares a customer's services and domain names in the Client API."""

from typing import Any

from blueprints.api.client.contract import CONTRACT
from blueprints.api.contract import Arguments, Exposure, Outcome
from blueprints.api.decimals import Decimals
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.field_map import Day, Moment
from blueprints.api.json_schema import Schema
from blueprints.api.money_text import Money
from blueprints.api.verbs import expose, operation
from domain.actor import Actor
from domain.hosting import domain_names, services


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
        "billing_cycle": shown("billing_cycle"),
        "quantity": Decimals(name="quantity", writable=False),
        "amount": Money(name="later", writable=False),
        "currency": shown("currency"),
        "registration_date": Day(name="registered_on", writable=False),
        "next_due_date": Day(name="next_due_on", writable=False),
        "order_id": shown("order_id", "id"),
        "created_at": CREATED_AT,
    },
    verbs=("get",),
)
LISTED = ("id", "product_name", "domain", "status", "next_due_date")
IN_LIST: dict[str, Schema] = {
    "id": {"type": "integer"}, "product_name": {"type": "string"}, "domain": {"type": ["string", "null"]},
    "status": {"type": "string"}, "next_due_date": {"type": ["string", "null"], "format": "date"},
}
EXAMPLE: dict[str, Any] = {
    "id": 1, "product_name": "Business Hosting", "domain": "mysite.com", "status": "active",
    "next_due_date": "2024-02-01",
}


def part_of(exposure: Exposure, names: tuple[str, ...]) -> Any:
    """What lists the rows of a customer with some of their fields."""

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        page, rows = exposure.page(actor, CONTRACT.query(exposure, arguments.query, actor))
        return Outcome(CONTRACT.collection([{name: row[name] for name in names} for row in rows], page))

    return run


CONTRACT.operations.append(operation(
    SERVICES, "list", "GET", "", part_of(SERVICES, LISTED), summary="List services",
    described=Description(answer=CONTRACT.description.collection(ExampleBody(
        {"title": "ServiceInList", "type": "object", "properties": IN_LIST, "required": list(LISTED)}, EXAMPLE,
    ))),
))

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
