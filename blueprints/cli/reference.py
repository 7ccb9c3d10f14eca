"""The API's own documents, printed: the same as the reference at /docs offers."""

import json

import click

from blueprints.cli._command import Needs, operator_command, settings
from blueprints.services import services

HERE = "http://127.0.0.1:8000"                  # where `make run` answers, if no public address is set


def base() -> str:
    """Where this installation answers."""
    return (settings().public_url or HERE).rstrip("/")


@operator_command("openapi", click.argument("contract", type=click.Choice(("public", "core"))), needs=Needs.APPLICATION)
def openapi(contract: str) -> None:
    """Print a contract's OpenAPI 3.1 document."""
    click.echo(json.dumps(services().documents.openapi(contract, base()), indent=2, ensure_ascii=False))


@operator_command("postman", needs=Needs.APPLICATION)
def postman() -> None:
    """Print a Postman collection of all contracts."""
    click.echo(json.dumps(services().documents.postman(base()), indent=2, ensure_ascii=False))
