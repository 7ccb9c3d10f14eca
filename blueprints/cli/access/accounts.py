"""Commands for merchants, users and customers."""

import sys
from typing import Any

import click

from blueprints.cli._command import Needs, Result, operator_command
from blueprints.cli._merchant import for_merchant
from database import transaction
from domain.access import tokens
from domain.actor import Actor
from domain.errors import Invalid, NotFound
from domain.inputs import parse
from domain.people import customers, merchants, users
from domain.people.logins import user_second_factors
from domain.support import departments
from models.user import Role, User

option = click.option
assert departments.NAMES                # importing the module gives every new merchant its departments


@click.group()
def merchant() -> None:
    """Merchants, the tenants."""


@click.group()
def user() -> None:
    """People who sign in, and programs that act as one."""


@click.group()
def customer() -> None:
    """Customers of a merchant."""


@operator_command(
    "create",
    option("--name", required=True),
    option("--currency", default="EUR", show_default=True, help="ISO 4217 code."),
    option("--timezone", help="IANA name such as Europe/Madrid; none = the system's."),
)
def merchant_create(**given: Any) -> Result:
    """Create a merchant."""
    with transaction():
        row = merchants.create(Actor.operator(), parse(merchants.MerchantInput, given))
        data = {"id": row.id, "name": row.name, "currency": row.currency, "timezone": row.timezone}
    zone = data["timezone"] or "the system's time zone"
    return Result(data, f"Merchant {data['id']}: {data['name']}, {data['currency']}, {zone}")


@operator_command(
    "create",
    option("--email", required=True),
    option("--password", help="At least 15 characters; prompted for if left out."),
    option("--name"),
    option("--role", type=click.Choice([role.value for role in Role]), default=Role.NORMAL.value, show_default=True),
    option("--merchant", "merchant_ids", type=int, multiple=True, metavar="ID", help="May be given several times."),
    option("--all-merchants", is_flag=True, help="All merchants, future ones included."),
    option("--api-access", is_flag=True, help="May use the Merchant API."),
    option("--timezone", help="IANA name such as Europe/Madrid."),
)
def user_create(merchant_ids: tuple[int, ...], **given: Any) -> Result:
    """Create a user."""
    operator = Actor.operator()
    given |= {"password": _password(given["password"]), "merchant_ids": list(merchant_ids)}
    new = users.hashed(operator, parse(users.UserInput, given))
    with transaction():
        row = users.create(operator, new)
        data = {
            "id": row.id, "email": row.email, "role": row.role.value, "merchants": row.merchant_ids,
            "all_merchants": row.all_merchants, "api_token": tokens.reveal(operator, row),
            "test_api_token": tokens.reveal(operator, row, test=True),
        }
    return Result(data, f"User {data['id']}: {data['email']}, {data['role']}\nAPI token: {data['api_token']}\n"
                      f"Test API token: {data['test_api_token']}")


@operator_command("reset-password", click.argument("email"), option("--password", help="Prompted for if left out."))
def user_reset_password(email: str, password: str | None) -> Result:
    """Give a user a new password; the user's sessions end."""
    operator, password = Actor.operator(), _password(password)
    _user(email)
    changes = users.hashed_changes(operator, {"password": password})
    with transaction():
        row = users.update(operator, _user(email), changes)
        data = {"id": row.id, "email": row.email}
    return Result(data, f"{data['email']} has a new password, and earlier sessions and tokens have ended.")


@operator_command("turn-off-two-factor", click.argument("email"))
def user_turn_off_two_factor(email: str) -> Result:
    """Turn off two-factor authentication of a user who has lost it: sessions end, and a mail tells the user."""
    with transaction():
        row = user_second_factors.turn_off(Actor.operator(), _user(email))
        data = {"id": row.id, "email": row.email, "two_factor": False}
    return Result(data, f"{data['email']} signs in by the password alone, and earlier sessions and tokens have ended.")


@operator_command("deactivate", click.argument("email"))
def user_deactivate(email: str) -> Result:
    """Deactivate a user: sessions end, tokens are refused."""
    with transaction():
        row = users.archive(Actor.operator(), _user(email))
        data = {"id": row.id, "email": row.email, "active": row.active}
    return Result(data, f"{data['email']} is deactivated.")


@operator_command(
    "create",
    option("--merchant", "merchant_id", type=int, required=True, metavar="ID"),
    option("--name", required=True),
    option("--email", required=True),
    option("--test", is_flag=True, help="In the test world."),
    needs=Needs.EVENTS,
)
def customer_create(merchant_id: int, test: bool, **given: Any) -> Result:
    """Create a customer of a merchant."""
    with transaction():
        actor = for_merchant(merchant_id).in_world(test=test)
        row = customers.create(actor, parse(customers.CustomerInput, given))
        data = {"id": row.id, "merchant": row.merchant_id, "name": row.name, "email": row.email, "test": row.test}
    return Result(data, f"Customer {data['id']}: {data['name']}, {data['email']}")


def _user(email: str) -> User:
    found = users.find_by_email(email)
    if found is None:
        raise NotFound("user", email)
    return found


def _password(given: str | None) -> str:
    if given is not None:
        return given
    if not sys.stdin.isatty():
        raise Invalid.field("password", "is required", "missing")
    entered: str = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return entered


merchant.add_command(merchant_create)
user.add_command(user_create)
user.add_command(user_reset_password)
user.add_command(user_turn_off_two_factor)
user.add_command(user_deactivate)
customer.add_command(customer_create)
