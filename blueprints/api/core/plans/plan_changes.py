"""Declares the calls of the Core API that have a preview: creating orders, changing their plan, cancelling them.

What a change collects at once is committed as an attempt before the gateway is asked.
"""

from typing import Any

from blueprints.api.contract import Arguments, Outcome
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.ordering import ORDERS
from blueprints.api.core.plans import previewing
from blueprints.api.core.plans.previewing import NAME, PREVIEW, TRUTH
from blueprints.api.description import Description, ExampleBody
from blueprints.api.requests import unknown_names
from blueprints.api.verbs import body_of, changed, created, locked, operation
from blueprints.services import services
from domain import inputs
from domain.actor import Actor
from domain.errors import Invalid
from domain.payments.checkout import previews
from domain.payments.plans import cancelling, plan_changes
from domain.payments.plans.cancelling import CancelInput
from domain.payments.plans.plan_terms import ChangeInput, When
from models.product import IntervalUnit

WORDS = {
    "products_id": "product_id", "quantity": "quantity", "scheduled_unit": "interval_unit",
    "scheduled_interval": "interval_count", "when": "when",
}
WIRE = {name: wire for wire, name in WORDS.items()}
WHEN = {"enum": [one.value for one in When], "default": When.NOW.value}
CHANGE = ExampleBody(
    {
        "title": "PlanChange", "type": "object", "additionalProperties": False,
        "properties": {
            "products_id": {"type": ["integer", "null"]},
            "quantity": {"type": ["number", "null"], "exclusiveMinimum": 0, "maximum": 1_000_000},
            "scheduled_unit": {"enum": [*(one.value for one in IntervalUnit), None]},
            "scheduled_interval": {"type": ["integer", "null"], "minimum": 1, "maximum": 3660},
            "when": WHEN, NAME: TRUTH,
        },
    },
    {"quantity": 2, "when": "now"},
)
CANCEL = ExampleBody(
    {
        "title": "Cancellation", "type": "object", "additionalProperties": False,
        "properties": {"when": WHEN, NAME: TRUTH},
    },
    {"when": "now"},
)


def given(arguments: Arguments, words: dict[str, str], form: Any) -> Any:
    """The typed input of a body; wrong fields have the names that were sent."""
    body = body_of(arguments)
    taken = {name: body[wire] for wire, name in words.items() if wire in body}
    unknown = unknown_names.problems(body, {*words, NAME, "id"})
    return inputs.parse(form, taken, zone=CONTRACT.zone(), problems=unknown)


def change(actor: Actor, arguments: Arguments) -> Outcome:
    """Change an order's plan, or show what that would do."""
    own, order = locked(ORDERS, actor, arguments)
    try:
        new = given(arguments, WORDS, ChangeInput)
        if previewing.is_wanted(arguments):
            return Outcome(previewing.shown(previews.of_change(own, order, new)), is_stored=False)
        made, attempt = plan_changes.change(own, order, new)
    except Invalid as problem:
        raise Invalid.several({WIRE.get(name, name): one for name, one in problem.fields.items()}) from None
    return Outcome(previewing.shown(previews.shown_of(order, made)), begun=attempt)


def ask(actor: Actor, outcome: Outcome) -> Outcome:
    """Ask the gateway for what is due now; a decline leaves the new plan in force, and the order failed."""
    if outcome.begun is not None:
        services().ask_gateway(outcome.begun)
    return outcome


def cancel(actor: Actor, arguments: Arguments) -> Outcome:
    """End an order now or when its period ends, or show what that would do."""
    own, order = locked(ORDERS, actor, arguments)
    when = given(arguments, {"when": "when"}, CancelInput).when
    if previewing.is_wanted(arguments):
        return Outcome(previewing.shown(previews.of_cancellation(order, when)), is_stored=False)
    cancelling.cancel(own, order, when)
    return changed(ORDERS, actor, order.id)


CONTRACT.operations += [
    previewing.previewed(created(ORDERS), ORDERS),
    operation(
        ORDERS, "change", "POST", "/{key}/change", change, positional=("id", *WORDS, NAME), takes_body=True, finish=ask,
        summary="Change the plan of a subscription or a metered order",
        described=Description(body=CHANGE, answer=PREVIEW),
    ),
    operation(
        ORDERS, "cancel", "POST", "/{key}/cancel", cancel, positional=("id", "when", NAME), takes_body=True,
        summary="Cancel an order", described=Description(
            body=CANCEL, answer=ExampleBody({"anyOf": [{"const": 1}, PREVIEW.schema]}, 1)),
    ),
]
