"""Declares test clocks in the Core API; `advance` names the moment, and the worker takes the clock there."""

from blueprints.api import schemas
from blueprints.api.contract import Arguments, Outcome
from blueprints.api.core.contract import CONTRACT
from blueprints.api.core.vocabulary import COMPANY, HISTORY, ID, IDS, SORTS
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.field_map import Moment
from blueprints.api.verbs import body_of, changed, expose, locked, operation, shown
from domain import inputs
from domain.actor import Actor
from domain.payments.collecting import test_clocks

CLOCKS = expose(
    CONTRACT,
    test_clocks.RESOURCE,
    "/test-clocks",
    {
        "id": ID,
        "companies_id": COMPANY,
        "name": Field(name="name"),
        "now_dt": Moment(name="now_at"),
        "target_dt": Moment(name="target_at", writable=False),
        "status": Field(name="status", writable=False),
        **HISTORY,
    },
    verbs=("get", "list", "create", "update", "delete"),
    required=("now_at", "merchant_id"),
    tenant="companies_id",
    parameters=IDS,
    sorts=SORTS,
)


def advance(actor: Actor, arguments: Arguments) -> Outcome:
    """Have the clock moved forward to a moment; its status says whether it is still on the way."""
    own, row = locked(CLOCKS, actor, arguments)
    taken, problems = CLOCKS.take({name: value for name, value in body_of(arguments).items() if name == "now_dt"})
    given = inputs.parse(test_clocks.TestClockInput, taken, zone=CONTRACT.zone(), problems=problems)
    test_clocks.advance(own, row, given.now_at)
    changed(CLOCKS, actor, row.id)                       # flushes what is read with plain statements
    return Outcome(shown(CLOCKS, actor, row.id).payload)


CONTRACT.operations.append(operation(
    CLOCKS, "advance", "POST", "/{key}/advance", advance, takes_body=True, positional=("id", "now_dt"),
    summary="Move a test clock forward",
    described=Description(body=ExampleBody(
        {
            "title": "Advance", "type": "object", "properties": {"now_dt": {"type": "string"}}, "required": ["now_dt"],
        },
        {"now_dt": "2027-01-31T12:00:00Z"},
    ), answer=schemas.row(CLOCKS)),
))
