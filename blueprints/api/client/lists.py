"""Lists in the Client API: some fields of each row."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from blueprints.api import schemas
from blueprints.api.client.contract import CONTRACT
from blueprints.api.contract import Arguments, Exposure, Operation, Outcome
from blueprints.api.description import Description, ExampleBody
from blueprints.api.field_parts import record_shower
from blueprints.api.verbs import operation
from domain.actor import Actor
from domain.listing import Listing


def listed(
    exposure: Exposure, listing: Listing, names: tuple[str, ...], *, example: Mapping[str, Any] = MappingProxyType({}),
    **more: Any,
) -> Operation:
    """The list of a noun with only these fields; `listing` reads what they need, `example` has values of its own."""
    show = record_shower({name: exposure.fields[name] for name in names}, CONTRACT.formats)

    def run(actor: Actor, arguments: Arguments) -> Outcome:
        page = listing.page(actor, CONTRACT.query(exposure, arguments.query, actor))
        return Outcome(CONTRACT.collection([show(record) for record in page.records], page))

    return operation(
        exposure, "list", "GET", "", run, described=Description(answer=CONTRACT.description.collection(
            _row(exposure, names, example))), **more)


def _row(exposure: Exposure, names: tuple[str, ...], example: Mapping[str, Any]) -> ExampleBody:
    """The description of a row with these fields."""
    whole = schemas.row(exposure)
    schema = {
        "title": f"{schemas.title_of(exposure)}InList", "type": "object", "required": list(names),
        "properties": {name: whole.schema["properties"][name] for name in names},
    }
    return ExampleBody(schema, {name: whole.example[name] for name in names} | dict(example))
