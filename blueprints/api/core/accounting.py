"""accounting.currencies: the list, a rate on a day, a new rate."""

import re
from collections.abc import Mapping
from datetime import UTC, date
from typing import Any

from flask import g
from pydantic_core import PydanticCustomError

from blueprints.api import schemas
from blueprints.api.contract import Arguments, Contract, Exposure, Operation, Outcome
from blueprints.api.core.contract import exact
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field import Field
from blueprints.api.json_schema import nullable, of_model
from blueprints.api.verbs import expose, listed
from domain import clock, inputs, settings
from domain.actor import Actor
from domain.catalog import currencies
from domain.catalog.currencies import Rate, RateInput
from domain.errors import Invalid
from domain.inputs import times

CURRENCY = {
    "id": Field(name="id"),
    "code": Field(name="code"),
    "name": Field(name="name"),
    "rates_precision": Field(name="rates_precision"),
    "details_precision": Field(name="details_precision"),
    "totals_precision": Field(name="totals_precision"),
}


RATE = ExampleBody(
    {
        "title": "Rate", "type": "object",
        "properties": {
            "from": {"type": "string"}, "to": {"type": "string"}, "rate": {"type": "number"},
            "dt": {"type": "string", "format": "date"},
        },
        "required": ["from", "to", "rate", "dt"],
    },
    {"from": "USD", "to": "EUR", "rate": 0.92, "dt": "2026-01-31"},
)
PARAMETERS: dict[str, Any] = {
    "from": {"type": ["string", "integer"], "description": "ISO 4217, as code or as number"},
    "to": {"type": ["string", "integer"], "description": "ISO 4217, as code or as number"},
    "dt": {"type": "string", "description": "A day or a time; today when it is left out"},
}
NEW_RATE = {
    "title": "RateInput", "type": "object", "additionalProperties": False,
    "properties": PARAMETERS | {
        "rate": of_model(RateInput)["properties"]["rate"], "dt": nullable(PARAMETERS["dt"]),
    },
    "required": ["from", "to", "rate"],
}
DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def shown(rate: Rate) -> dict[str, Any]:
    return {"from": rate.from_code, "to": rate.to_code, "rate": exact(rate.rate), "dt": rate.day.isoformat()}


def day(given: Any) -> date:
    """A day, or the day of a time in the call's zone; today without one."""
    zone = g.call.zone or UTC
    if given is None or given == "":
        return clock.now().astimezone(zone).date()
    try:
        if isinstance(given, str) and DAY.fullmatch(given):
            return date.fromisoformat(given)
        if isinstance(given, str):
            return times.moment(given, zone).astimezone(zone).date()
    except (ValueError, PydanticCustomError):
        pass
    raise Invalid.field("dt", "must be a day or a time such as 2026-01-31 12:00:00", "invalid")


def search(exposure: Exposure) -> Operation:
    run = listed(exposure).run

    def with_base(actor: Actor, arguments: Arguments) -> Outcome:
        base = settings.get("base_currency")
        rows = run(actor, arguments).payload
        return Outcome([{**row, "is_base": row["code"] == base} for row in rows])

    names = ("limit", "offset", "order")
    return Operation(
        name="accounting.currencies.search", method="GET", path="/accounting/currencies", scope=None, run=with_base,
        exposure=exposure, parameters=names, positional=names, summary="List currencies",
        described=Description(answer=with_base_example(exposure)),
    )


def with_base_example(exposure: Exposure) -> ExampleBody:
    """The rows of the list, with whether each is the base currency."""
    row = schemas.row(exposure)
    schema = row.schema | {
        "properties": row.schema["properties"] | {"is_base": {"type": "boolean"}},
        "required": [*row.schema["required"], "is_base"],
    }
    return ExampleBody({"type": "array", "items": schema}, [{**row.example, "is_base": True}])


def get_rate(actor: Actor, arguments: Arguments) -> Outcome:
    given: Mapping[str, Any] = arguments.query
    return Outcome(shown(currencies.get_rate(given.get("from"), given.get("to"), day(given.get("dt")))))


def create_rate(actor: Actor, arguments: Arguments) -> Outcome:
    names = {"from": "from_currency", "to": "to_currency", "rate": "rate"}
    body = {inside: arguments.body[wire] for wire, inside in names.items() if wire in arguments.body}
    for name in ("from_currency", "to_currency"):
        if isinstance(body.get(name), int) and not isinstance(body.get(name), bool):
            body[name] = str(body[name])
    try:
        new = inputs.parse(RateInput, body | {"day": day(arguments.body.get("dt"))})
    except Invalid as error:
        wire = {inside: name for name, inside in names.items()}
        raise Invalid(error.message, fields={wire.get(name, name): one for name, one in error.fields.items()}) from None
    return Outcome(shown(currencies.create_rate(actor, new)))


def operations(contract: Contract) -> list[Operation]:
    """The three methods of the specification."""
    exposure = expose(
        contract, currencies.RESOURCE, "/accounting/currencies", CURRENCY, verbs=(), unscoped=("list", "get"),
        sorts={"id": "id", "code": "code", "name": "name"}, name="accounting.currencies",
    )
    return [
        search(exposure),
        Operation(
            name="accounting.currencies.get_rate", method="GET", path="/accounting/currencies/exchange-rate",
            scope=None, run=get_rate, parameters=("from", "to", "dt"), positional=("from", "to", "dt"),
            summary="The rate between two currencies on a day",
            described=Description(
                query=PARAMETERS, called_with={"from": "USD", "to": "EUR"}, answer=RATE, refused_with=("422",)),
        ),
        Operation(
            name="accounting.currencies.rates.create", method="POST", path="/accounting/currencies/rates",
            scope=None, run=create_rate, writes=True, takes_body=True, positional=("from", "to", "rate", "dt"),
            summary="Set a rate", described=Description(body=ExampleBody(NEW_RATE, RATE.example), answer=RATE),
        ),
    ]
