"""The commands `test-clock …`: clocks of the test world, which the worker moves on."""

import re
from datetime import timedelta
from typing import Any

import click

from blueprints.cli._command import Result, iso, operator_command
from blueprints.cli._merchant import for_merchant
from database import transaction
from domain.actor import Actor
from domain.errors import Invalid
from domain.inputs import parse
from domain.payments.collecting import test_clocks
from domain.sales.orders.order_clock import LISTING
from models.test_clock import TestClock

option = click.option
UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@click.group("test-clock")
def test_clock() -> None:
    """Test clocks, by which orders of the test world are paid."""


@operator_command(
    "create",
    option("--merchant", type=int, required=True, help="Id of the merchant."),
    option("--now", "now_at", required=True, help="ISO 8601."),
    option("--name"),
)
def create(merchant: int, now_at: str, name: str | None) -> Result:
    """Create a test clock."""
    with transaction():
        new = parse(test_clocks.TestClockInput, {"now_at": now_at, "name": name})
        return shown(test_clocks.create(for_merchant(merchant).in_world(test=True), new))


@operator_command(
    "advance",
    click.argument("clock_id", metavar="ID", type=int),
    option("--to", help="ISO 8601."),
    option("--by", help="A duration: 30d, 12h, 45m or 2w."),
)
def advance(clock_id: int, to: str | None, by: str | None) -> Result:
    """Have the worker move a test clock forward."""
    if (to is None) == (by is None):
        raise click.UsageError("Use either --to or --by.")
    with transaction():
        own, row = LISTING.lock(operator(), clock_id)
        if by is not None:
            target = (row.target_at or row.now_at) + distance(by)
        else:
            target = parse(test_clocks.TestClockInput, {"now_at": to}).now_at
        return shown(test_clocks.advance(own, row, target))


@operator_command("show", click.argument("clock_id", metavar="ID", type=int))
def show(clock_id: int) -> Result:
    """Show a test clock."""
    return shown(LISTING.get(operator(), clock_id))


def operator() -> Actor:
    return Actor.operator().in_world(test=True)


def distance(text: str) -> timedelta:
    """A distance in time: 30d, 12h, 45m, 2w; raises Invalid."""
    found = re.fullmatch(r"(\d{1,6})([mhdw])", text.strip())
    if found is None:
        raise Invalid.field("by", "must be a number with m, h, d or w", "invalid")
    return timedelta(**{UNITS[found[2]]: int(found[1])})


def shown(row: TestClock) -> Result:
    """A clock for programs and for people."""
    data: dict[str, Any] = {
        "id": row.id, "companies_id": row.merchant_id, "name": row.name, "now_dt": iso(row.now_at),
        "target_dt": iso(row.target_at), "status": str(row.status),
    }
    way = f", on its way to {data['target_dt']}" if row.target_at else ""
    return Result(data, f"Test clock {row.id}: {data['now_dt']}{way}")


for command in (create, advance, show):
    test_clock.add_command(command)
