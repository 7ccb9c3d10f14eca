"""GET /rate-limit: what is left of the key's rate limit, without spending a call."""

from datetime import UTC, datetime
from typing import Any

from flask import g

from blueprints.api.contract import Arguments, Contract, Operation, Outcome
from blueprints.api.description import Description, ExampleBody
from blueprints.api.rate_limits import Spent
from domain.actor import Actor

LOOKS_PER_MINUTE = 600                  # of a merchant: looking is free, but not without end
WHOLE = {"type": "integer"}
DESCRIBED = Description(answer=ExampleBody(
    {
        "title": "RateLimit", "type": "object",
        "properties": {
            "limit": WHOLE | {"description": "Calls in a window"},
            "remaining": WHOLE | {"description": "Calls that are left now"},
            "resetAt": {"type": "string", "format": "date-time",
                        "description": "When the oldest counted call leaves the window, and one more is left"},
            "window": WHOLE | {"description": "Length of the window in seconds"},
        },
        "required": ["limit", "remaining", "resetAt", "window"],
    },
    {"limit": 1000, "remaining": 852, "resetAt": "2026-01-31T12:00:00Z", "window": 3600},
))


def operation(contract: Contract) -> Operation:
    """The operation, open to every key that may call."""

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        return Outcome(contract.item(shown(g.call.limit)))

    return Operation(
        name="rate_limit.get", method="GET", path="/rate-limit", scope=None, run=run, spends=False,
        per_minute=LOOKS_PER_MINUTE, summary="What is left of the key's rate limit; spends no call",
        described=DESCRIBED,
    )


def shown(left: Spent) -> dict[str, Any]:
    reset = datetime.fromtimestamp(left.reset, UTC)
    return {"limit": left.limit, "remaining": left.remaining, "resetAt": reset, "window": left.window}
