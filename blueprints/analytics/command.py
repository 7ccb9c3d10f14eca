"""A request as a command for a shell: what is printed can be pasted and run."""

import re
from shlex import quote as shell
from urllib.parse import quote

from flask import request

from analytics.listing import Row

CREDENTIALS = {
    "public": "Authorization: Bearer $API_KEY", "client": "Authorization: Bearer $API_TOKEN",
    "merchant": "Authorization: Bearer $API_TOKEN", "core": "X-Api-Key: $API_TOKEN"}
BODIES = ("POST", "PUT", "PATCH")
STRAY = re.compile(r"%(?![0-9A-Fa-f]{2})")       # a percent sign that escapes nothing


def command(row: Row) -> str:
    """One request of the log; secrets and what was masked are left to be filled in."""
    path = escaped(row.path, "/:@") if row.source.startswith("import:") else quote(row.path, "/:@")
    query = f"?{escaped(row.query, '=&+/:@*,')}" if row.query else ""
    return curl("POST" if row.method == "RPC" else row.method, path + query, row.contract)


def escaped(text: str, safe: str) -> str:
    """What no address may contain, escaped; escapes that are there stay."""
    return quote(STRAY.sub("%25", text), safe + "%")


def curl(method: str, address: str, contract: str) -> str:
    """A call to this server, with the credential that the contract wants."""
    how = {"GET": "curl", "HEAD": "curl --head"}.get(method, f"curl -X {shell(method)}")
    parts = [f"{how} {shell(request.host_url.rstrip('/') + address)}"]
    if contract in CREDENTIALS:
        parts.append(f'-H "{CREDENTIALS[contract]}"')        # in double quotes: the shell fills it in
    if method in BODIES:
        parts.append("-H 'Content-Type: application/json' -d @body.json")
    return " \\\n  ".join(parts)
