"""The commands `gateway test …`: the test bank's own book, and its notifications."""

from typing import Any

import click

from blueprints.cli._command import Needs, Result, operator_command
from blueprints.cli.tables import Output, table
from blueprints.services import settings
from operations.errors import OperationRefused
from outbound.gateways.test_bank import FILE, test_bank

option = click.option


@click.group()
def gateway() -> None:
    """Gateways, which collect payments."""


@gateway.group("test")
def test() -> None:
    """The test bank of the test world."""


@operator_command(
    "ledger", option("--order", "order_id", type=int, help="Of this order alone."), needs=Needs.READING,
)
def ledger(order_id: int | None) -> Result:
    """Show what the test bank booked: one entry for each key."""
    test_bank.book.configure(settings().instance / FILE)
    charges = test_bank.ledger(None if order_id is None else [order_id])
    return Result({"charges": charges}, _table(charges))


def _table(charges: list[dict[str, Any]]) -> Output:
    names = ("id", "order_id", "scheduled_payment_id", "amount_minor", "currency", "status", "at", "refunded_minor")
    columns = [name.replace("_", " ") for name in names]
    return Output(table("Charges", columns, [[one[name] for name in names] for one in charges]))


@operator_command("notify", click.argument("charge", type=int), needs=Needs.APPLICATION)
def notify(charge: int) -> Result:
    """Send the notification of a charge again."""
    if not test_bank.notify(charge):
        raise OperationRefused(f"The test bank has no charge {charge}.")
    return Result({"id": charge}, f"The notification of charge {charge} was sent.")


test.add_command(ledger)
test.add_command(notify)
