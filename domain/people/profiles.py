"""Changes what a customer may change of its own row: names, phone, company and the billing address."""

from typing import Annotated, Any

from domain.actor import Actor
from domain.errors import Invalid
from domain.inputs import Country, Input, Maybe, NameText, Text
from domain.people import customers
from models.customer import Customer

SHORT = 100                             # characters


class ProfileInput(Input):
    """A customer's profile as its own programs and pages may write it."""

    first_name: Annotated[str, NameText(SHORT, 1)] = ""
    last_name: Annotated[str, NameText(SHORT, 1)] = ""
    phone: Maybe[Annotated[str, Text(40)]] = None
    organisation: Maybe[Annotated[str, NameText(SHORT)]] = None
    billing_street: Maybe[Annotated[str, Text(SHORT)]] = None
    billing_city: Maybe[Annotated[str, Text(SHORT)]] = None
    billing_state: Maybe[Annotated[str, Text(SHORT)]] = None
    billing_postal_code: Maybe[Annotated[str, Text(32)]] = None
    billing_country: Maybe[Country] = None


def update(actor: Actor, customer: Customer, changes: dict[str, Any]) -> Customer:
    """Change what was sent of the profile; raises Invalid (`nothing_sent`) when that is nothing."""
    if not changes:
        raise Invalid("No updatable fields supplied", code="nothing_sent")
    return customers.update(actor, customer, changes)
