"""Writes a request as a shell command to paste and run."""

import re
from shlex import quote as shell
from urllib.parse import quote

from flask import request

from analytics.queries.listing import Row
from blueprints.services import own_url

CREDENTIALS = {
    "public": "Authorization: Bearer $API_KEY", "client": "Authorization: Bearer $CLIENT_TOKEN",
    "merchant": "Authorization: Bearer $API_TOKEN", "core": "X-Api-Key: $API_TOKEN",
}
BODIES = ("POST", "PUT", "PATCH")
STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")       # a percent sign that is not part of an escape


def command(row: Row) -> str:
    """The command for one request of the log; secrets and masked values must be filled in."""
    path = escaped(row.path, "/:@") if row.source.startswith("import:") else quote(row.path, "/:@")
    query = f"?{escaped(row.query, '=&+/:@*,')}" if row.query else ""
    return curl("POST" if row.method == "RPC" else row.method, path + query, row.contract)


def escaped(text: str, safe: str) -> str:
    """The text with characters escaped that no URL may contain; existing escapes stay."""
    return quote(STRAY.sub("%25", text), safe + "%")


def curl(method: str, address: str, contract: str) -> str:
    """A call to this server, with the contract's credential."""
    how = {"GET": "curl", "HEAD": "curl --head"}.get(method, f"curl -X {shell(method)}")
    parts = [f"{how} {shell(own_url(request.host_url) + address)}"]
    if contract in CREDENTIALS:
        parts.append(f'-H "{CREDENTIALS[contract]}"')        # in double quotes, for the shell to expand
    if method in BODIES:
        parts.append("-H 'Content-Type: application/json' -d @body.json")
    return " \\\n  ".join(parts)
