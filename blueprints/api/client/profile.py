"""Declares a customer's own profile in the Client API."""

from typing import Any

from blueprints.api.client.contract import CONTRACT, moment
from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.description import Description, ExampleBody
from blueprints.api.json_schema import Schema, of_model
from blueprints.api.requests import conditions, unknown_names
from domain import inputs
from domain.actor import Actor
from domain.errors import Invalid, Problem
from domain.pages import Record
from domain.people import customers, profiles
from domain.people.customer_addresses import billing_of

WRITABLE = {                            # the contract's name and the domain's
    "first_name": "first_name", "last_name": "last_name", "phone": "phone", "company": "organisation",
    "address1": "billing_street", "city": "billing_city", "state": "billing_state",
    "postcode": "billing_postal_code", "country": "billing_country",
}
WIRE = {inside: wire for wire, inside in WRITABLE.items()}
WRITTEN: dict[str, Schema] = of_model(profiles.ProfileInput, new=False)["properties"]
COUNTRY: Schema = {"type": ["string", "null"], "pattern": "^[A-Z]{2}$"}
ADDRESS: dict[str, Schema] = {name: WRITTEN[WRITABLE[name]] for name in ("address1", "city", "state", "postcode")}
READ: dict[str, Schema] = {
    "id": {"type": "integer"}, "first_name": {"type": ["string", "null"]}, "last_name": {"type": ["string", "null"]},
    "email": {"type": ["string", "null"]}, "phone": {"type": ["string", "null"]},
    "company": {"type": ["string", "null"]}, "country": COUNTRY, "created_at": CONTRACT.formats.moment_schema,
}
EXAMPLE = {
    "id": 1, "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.org", "phone": "+44 20 7946 0000",
    "company": "Analytical Engines", "country": "GB", "created_at": "2024-01-01 10:00:00",
}
EXAMPLE_ADDRESS = {"address1": "12 St James's Square", "city": "London", "state": None, "postcode": "SW1Y 4JH"}


def shown(record: Record, *, address: bool = False) -> dict[str, Any]:
    """The profile; with the rest of the billing address after a change."""
    billing = billing_of(record.children)
    found = {
        "id": record.id, "first_name": record.first_name, "last_name": record.last_name, "email": record.email,
        "phone": record.phone, "company": record.organisation, "country": billing.country if billing else None,
        "created_at": moment(record.created_at),
    }
    if not address:
        return found
    parts = {"address1": "street", "city": "city", "state": "state", "postcode": "postal_code"}
    return found | {wire: getattr(billing, name, None) for wire, name in parts.items()}


def outcome(actor: Actor, *, address: bool = False) -> Outcome:
    record = customers.LISTING.read(actor, own(actor))
    return Outcome(shown(record, address=address), headers={"ETag": f'"{record.version}"'})


def own(actor: Actor) -> int:
    """The customer that calls."""
    assert actor.customer_id is not None        # the contract accepts customers' tokens only
    return actor.customer_id


def read(actor: Actor, arguments: Arguments) -> Outcome:
    return outcome(actor)


def change(actor: Actor, arguments: Arguments) -> Outcome:
    """Change the fields that were sent; others, such as id and email, are ignored and reported."""
    narrow, row = customers.LISTING.lock(actor, own(actor))
    conditions.check(row, arguments.if_match)
    unknown_names.note(name for name in arguments.body if name not in WRITABLE)
    taken = {WRITABLE[name]: value for name, value in arguments.body.items() if name in WRITABLE}
    try:
        profiles.update(narrow, row, inputs.changes(profiles.ProfileInput, taken))
    except Invalid as error:
        raise Invalid(error.message, code=error.code, fields=in_words(error)) from None
    return outcome(actor, address=True)


def in_words(error: Invalid) -> dict[str, Problem]:
    """The mistakes by the contract's names; without a name of a person the company is what is missing."""
    return {WIRE.get(name, "company"): problem for name, problem in error.fields.items()}


def body(properties: dict[str, Schema], example: dict[str, Any], title: str, **more: Any) -> ExampleBody:
    return ExampleBody({"title": title, "type": "object", "properties": properties, **more}, example)


CONTRACT.operations += [
    Operation(
        name="profile.get", method="GET", path="/profile", scope="READ_CUSTOMERS", run=read,
        summary="Read the profile",
        described=Description(
            versioned=True, answer=body(READ, EXAMPLE, "Profile", required=list(READ)),
        ),
    ),
    Operation(
        name="profile.update", method="PUT", path="/profile", scope="WRITE_CUSTOMERS", run=change, writes=True,
        takes_body=True, summary="Change the profile",
        described=Description(
            versioned=True,
            body=body(
                {wire: WRITTEN[name] for wire, name in WRITABLE.items()},
                {"phone": "+44 20 7946 0000", "city": "London", "country": "GB"}, "ProfileInput",
                anyOf=[{"required": [name]} for name in WRITABLE],
            ),
            answer=body(READ | ADDRESS, EXAMPLE | EXAMPLE_ADDRESS, "ProfileWithAddress", required=[*READ, *ADDRESS]),
        ),
    ),
]
