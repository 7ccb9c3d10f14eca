"""POST /leaked-keys: anybody reports an API key that was found in public. The answer never says whether it is one."""

from typing import Any

from flask import request

from blueprints.api.contract import Arguments, Contract, Operation, Outcome
from blueprints.api.description import Description, ExampleBody
from blueprints.api.rate_limits import rate_limits
from blueprints.api.requests import unknown_names
from domain import inputs
from domain.actor import Actor
from domain.errors import Invalid
from domain.people.keys import key_leaks
from domain.people.keys.key_leaks import LeakInput

REPORTS_PER_MINUTE = 30                 # of an address
TEXT = {"type": "string"}
DESCRIBED = Description(
    body=ExampleBody(
        {
            "title": "LeakedKey", "type": "object", "additionalProperties": False, "required": ["key"],
            "properties": {
                "key": TEXT | {"minLength": 1, "maxLength": key_leaks.LONGEST_TEXT, "description": "The whole key"},
                "url": {"type": ["string", "null"], "maxLength": key_leaks.LONGEST_URL,
                        "description": "Where it was found"},
            },
        },
        {"key": "bk_live_…", "url": "https://git.example.org/shop/settings.py#L3"},
    ),
    answer=ExampleBody(
        {"title": "LeakReport", "type": "object", "properties": {"received": {"type": "boolean"}},
         "required": ["received"]},
        {"received": True},
    ),
)


def operation(contract: Contract) -> Operation:
    """The operation, open to everybody, so many times a minute from one address."""

    def before(actor: Actor, arguments: Arguments) -> tuple[LeakInput, int | None]:
        rate_limits.spend_by_address(REPORTS_PER_MINUTE, "minute", "leaked-keys", request.remote_addr or "")
        report = inputs.parse(LeakInput, body_of(arguments))
        return report, key_leaks.reported(report.key)

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        report, key_id = arguments.ready
        if key_id is not None:
            key_leaks.take(actor, key_id, report.url)
        return Outcome(contract.item({"received": True}))

    return Operation(
        name="leaked_keys.report", method="POST", path="/leaked-keys", scope=None, run=run, before=before,
        writes=True, takes_body=True, public=True, kept=False,
        summary="Report an API key that was found in public; it is paused, and its owner told", described=DESCRIBED,
    )


def body_of(arguments: Arguments) -> dict[str, Any]:
    """The body; raises Invalid for anything but an object with known names."""
    if not isinstance(arguments.body, dict):
        raise Invalid("The body must be a JSON object.", code="invalid_json")
    wrong = unknown_names.problems(arguments.body, ("key", "url"))
    if wrong:
        raise Invalid.several(wrong)
    return arguments.body
