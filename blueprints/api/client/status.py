"""Declares the status of the Client API, which anybody may ask."""

from datetime import UTC

from blueprints.api.client.contract import CONTRACT
from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.description import Description, ExampleBody
from domain import clock
from domain.actor import Actor

VERSION = "1.0"                         # of the API
STATUS = ExampleBody(
    {
        "title": "Status", "type": "object", "required": ["status", "version", "time"],
        "properties": {
            "status": {"type": "string", "enum": ["ok"]}, "version": {"type": "string"},
            "time": {"type": "string", "format": "date-time"},
        },
    },
    {"status": "ok", "version": VERSION, "time": "2024-01-15T12:00:00+00:00"},
)


def status(actor: Actor, arguments: Arguments) -> Outcome:
    """That the API answers, its version and the time."""
    now = clock.now().astimezone(UTC).isoformat(timespec="seconds")
    return Outcome({"status": "ok", "version": VERSION, "time": now})


CONTRACT.operations.append(Operation(
    name="status.get", method="GET", path="/status", scope=None, run=status, public=True, summary="Ask for the status",
    described=Description(answer=STATUS),
))
