"""GET /rate-limit: what is left of the key's rate limit, without spending a call."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import g

from blueprints.api.contract import Arguments, Contract, Operation, Outcome
from blueprints.api.description import Description, ExampleBody
from blueprints.api.rate_limits import Spent
from domain.actor import Actor

LOOKS_PER_MINUTE = 600                  # of a merchant: looking is free, but not without end
WHOLE = {"type": "integer"}
STATE: dict[str, Any] = {
    "limit": WHOLE | {"description": "Calls in a window"},
    "remaining": WHOLE | {"description": "Calls that are left now"},
    "resetAt": {"type": "string", "format": "date-time",
                "description": "When the oldest counted call leaves the window, and one more is left"},
    "window": WHOLE | {"description": "Length of the window in seconds"},
}
OF_HOUR = {"limit": 1000, "remaining": 852, "resetAt": "2026-01-31T12:00:00Z", "window": 3600}
OF_MINUTE = {"limit": 60, "remaining": 59, "resetAt": "2026-01-31T11:31:00Z", "window": 60}
DESCRIBED = Description(answer=ExampleBody(
    {
        "title": "RateLimit", "type": "object",
        "properties": STATE | {"windows": {
            "type": "array", "description": "Each limit of the key, of the shortest window first",
            "items": {"title": "RateLimitWindow", "type": "object", "properties": STATE, "required": list(STATE)},
        }},
        "required": [*STATE, "windows"],
    },
    {**OF_HOUR, "windows": [OF_MINUTE, OF_HOUR]},
))


def operation(contract: Contract) -> Operation:
    """The operation, open to every key that may call."""

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        left: Spent = g.call.limit
        return Outcome(contract.item({**shown(left), "windows": windows(left.windows or (left,))}))

    return Operation(
        name="rate_limit.get", method="GET", path="/rate-limit", scope=None, run=run, spends=False,
        per_minute=LOOKS_PER_MINUTE, summary="What is left of the key's rate limit; spends no call",
        described=DESCRIBED,
    )


def windows(states: Sequence[Spent]) -> list[dict[str, Any]]:
    """The state of each window, the shortest first."""
    return [shown(one) for one in states]


def shown(left: Spent) -> dict[str, Any]:
    reset = datetime.fromtimestamp(left.reset, UTC)
    return {"limit": left.limit, "remaining": left.remaining, "resetAt": reset, "window": left.window}
