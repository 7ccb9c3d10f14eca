"""The command `demo`: creates demonstration data and stores its traffic as live traffic is stored."""

from typing import Any

import click

from analytics.log import drain
from analytics.log.spool import Spool
from blueprints.cli._command import Needs, Result, operator_command
from blueprints.services import settings
from config import command_line
from domain import clock
from operations import demo as demonstration
from operations.demo import retail, traffic
from operations.errors import OperationRefused

option = click.option
LATER = (
    "The database has data, so no demo data was loaded.\n"
    "A key:      {key}\n"
    "A password: {password}"
)


@operator_command(
    "demo",
    option("--force", is_flag=True, help="Add it to a database that is not empty."),
    option("--if-empty", is_flag=True, help="Do nothing if the database is not empty."),
    option("--host", default="127.0.0.1", show_default=True, help="The server's URL, for the output."),
    option("--port", default=8000, show_default=True),
    needs=Needs.APPLICATION,
)
def demo(**given: Any) -> Result:
    """Load two merchants with everything, and 90 days of traffic."""
    return load_demo(**given)


def load_demo(*, host: str, port: int, if_empty: bool = False, force: bool = False) -> Result:
    """Load the demonstration and print how to try it at that URL; raises OperationRefused."""
    if if_empty and not force and not demonstration.is_empty():
        words = LATER.format(
            key=command_line("key create --merchant 1 --name NAME"), password=command_line("user reset-password EMAIL")
        )
        return Result({"loaded": False}, words)
    made = demonstration.load(force=force)
    count = _store_traffic(made)
    base = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    data = _document(made, base) | {"loaded": True, "budgets": made.budgets, "requests": count, "source": retail.CREDIT}
    return Result(data, _words(data))


def _store_traffic(made: demonstration.Demo) -> int:
    folder = settings().spool
    spool = Spool(folder)
    count = 0
    for record in traffic.requests(made, clock.now()):
        if not spool.append(record):
            raise OperationRefused(f"The traffic cannot be written: {spool.last_error}")
        count += 1
    spool.close()
    drain.catch_up(folder, within=60.0)
    return count


def _document(made: demonstration.Demo, base: str) -> dict[str, Any]:
    keys = [
        {
            "id": f"api_key_{one.number}", "merchant": one.merchant_id, "name": one.name, "mode": one.mode,
            "key": one.text,
        }
        for one in made.keys if one.text
    ]
    people = [{"email": one.email, "password": one.password, "role": one.role} for one in made.people]
    return {
        "base": base, "login": {name: people[0][name] for name in ("email", "password")}, "users": people,
        "merchants": made.merchants, "keys": keys, "client": dict(zip(("name", "token"), made.client, strict=True)),
        "curl": f"curl -H 'Authorization: Bearer {keys[0]['key']}' '{base}/v1/api/public/budgets?limit=3'",
    }


def _words(data: dict[str, Any]) -> str:
    people = "\n".join(f"  {one['email']:<31} {one['password']:<25} {one['role']}" for one in data["users"])
    keys = "\n".join(f"  {one['name']:<18} {one['key']}" for one in data["keys"])
    return (
        f"Demo: {data['budgets']} budgets of two merchants, {data['requests']} requests of 90 days.\n"
        f"{data['source']}\n\n"
        f"Dashboard\n  {data['base']}/admin/\n\nSign in (shown this once)\n{people}\n\n"
        f"Keys (shown this once)\n{keys}\n\n"
        f"Client API token of {data['client']['name']} (shown this once)\n  {data['client']['token']}\n\n"
        f"Try\n  {data['curl']}\n"
    )
