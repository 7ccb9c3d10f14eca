"""Commands for customers' tokens of the Client API."""

from typing import Any

import click

from blueprints.cli._command import Result, operator_command
from database import transaction
from domain.access import customer_tokens
from domain.actor import Actor
from domain.errors import NotFound
from domain.people import customers
from models.customer import Customer

option = click.option
CUSTOMER = option("--customer", "customer_id", type=int, required=True, metavar="ID")


@click.group("customer-token")
def customer_token() -> None:
    """Customers' tokens: how their programs reach the Client API."""


def _locked(customer_id: int) -> tuple[Actor, Customer]:
    """The operator in the customer's world, and the customer."""
    operator = Actor.operator()
    try:
        return customers.LISTING.lock(operator, customer_id)
    except NotFound:
        return customers.LISTING.lock(operator.in_world(test=True), customer_id)


@operator_command("create", CUSTOMER)
def create(customer_id: int) -> Result:
    """Create a customer's token, shown once; the one before stops working."""
    with transaction():
        actor, customer = _locked(customer_id)
        data: dict[str, Any] = {"token": customer_tokens.issue(actor, customer)}
    return Result(data, f"Token of customer {customer_id}: {data['token']}")


@operator_command("revoke", CUSTOMER)
def revoke(customer_id: int) -> Result:
    """Revoke a customer's token."""
    with transaction():
        actor, customer = _locked(customer_id)
        customer_tokens.revoke(actor, customer)
    return Result({"id": customer_id}, f"The token of customer {customer_id} is revoked.")


customer_token.add_command(create)
customer_token.add_command(revoke)
