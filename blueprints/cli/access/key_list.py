"""The command `key list`. Imports nothing that only writing needs, because it is used most."""

from typing import Any

import click

from blueprints.cli._command import Needs, Result, iso, operator_command
from blueprints.cli._merchant import for_merchant
from blueprints.cli.tables import Output, table
from domain.integrations.key_listing import LISTING
from domain.pages import Query

SHOWN = ("id", "name", "key", "status", "rate_limit", "expires")    # as many as fit into a terminal


@operator_command(
    "list", click.option("--merchant", "merchant_id", type=int, required=True, metavar="ID"), needs=Needs.READING
)
def key_list(merchant_id: int) -> Result:
    """List the keys of a merchant; never the keys themselves."""
    by_id = Query(sort="id", descending=False)
    found = [_row(one) for one in LISTING.stream(for_merchant(merchant_id), by_id)]
    rows = [[one[name] for name in SHOWN] for one in found]
    return Result({"keys": found}, Output(table(f"Keys of merchant {merchant_id}", list(SHOWN), rows)))


def _row(one: Any) -> dict[str, Any]:
    return {
        "id": f"api_key_{one.id}", "name": one.name, "key": f"{one.prefix}…{one.last_four}", "status": one.status,
        "mode": str(one.mode), "scopes": one.scopes, "rate_limit": one.rate_limit_per_hour,
        "per_minute": one.rate_limit_per_minute, "per_day": one.rate_limit_per_day,
        "allowed_ips": one.allowed_ips, "expires": iso(one.expires_at), "created": iso(one.created_at),
    }
