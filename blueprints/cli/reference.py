"""Commands that print the API documents, the same as in the reference at /docs."""

import json

import click

from blueprints.cli._command import Needs, operator_command
from blueprints.services import public_url, services

CONTRACTS = ("public", "client", "merchant", "core")


@operator_command("openapi", click.argument("contract", type=click.Choice(CONTRACTS)), needs=Needs.APPLICATION)
def openapi(contract: str) -> None:
    """Print a contract's OpenAPI 3.1 document."""
    click.echo(json.dumps(services().documents.openapi(contract, public_url()), indent=2, ensure_ascii=False))


@operator_command("postman", needs=Needs.APPLICATION)
def postman() -> None:
    """Print a Postman collection of all contracts."""
    click.echo(json.dumps(services().documents.postman(public_url()), indent=2, ensure_ascii=False))
