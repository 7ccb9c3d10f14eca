"""Builds schemas and examples of an exposure's bodies and rows from its fields."""

from typing import Any

from blueprints.api.contract import Exposure
from blueprints.api.description import ExampleBody
from blueprints.api.field import Known
from blueprints.api.field_parts import IGNORED, capital, object_sample, object_schema
from blueprints.api.json_schema import Schema, filled, identifier, of_model
from blueprints.api.requests.unknown_names import UnknownNames


def title_of(exposure: Exposure) -> str:
    """The contract's name of the noun as a title: customer as Customer, clients as Client."""
    noun, name = exposure.resource.noun, exposure.name
    return capital(noun if name.endswith(exposure.resource.name) else name.removesuffix("s"))


def known_of(exposure: Exposure, *, new: bool = False) -> Known:
    """The domain's schemas of the noun; `new` for a creation."""
    listing = exposure.resource.listing
    return Known(
        of_model(exposure.resource.input, new=new), listing.columns, listing.children, exposure.contract.formats,
        title_of(exposure),
    )


def body(exposure: Exposure, *, new: bool) -> ExampleBody:
    """The body of a creation or of a change."""
    known, resource = known_of(exposure, new=new), exposure.resource
    model, sample = resource.input, resource.sample
    required = frozenset({*known.input.get("required", ()), *exposure.required} if new else ())
    kept = (model.only_in_changes if new else model.only_at_creation | {"merchant_id"}) if model else frozenset()
    schema = object_schema(exposure.fields, known, writing=True, required=required, left_out=kept)
    for wire, one in exposure.fields.items():
        if one.name in exposure.required and wire in schema["properties"]:
            schema["properties"][wire] = filled(schema["properties"][wire])
    if not new:
        schema["properties"] |= {wire: IGNORED for wire, one in exposure.fields.items() if one.name in kept}
        schema |= {"title": known.title + "Changes"}
    if exposure.contract.unknown_names is UnknownNames.IGNORED:
        schema = opened(schema)
    if exposure.contract.reads_text:
        schema = clearable(schema)
        if not new:
            schema["properties"] |= {
                wire: or_empty(schema["properties"][wire]) for wire, one in exposure.fields.items()
                if wire in schema["properties"] and one.name in may_be_left_out(exposure)
            }
    sent = sample.sent if new else {name: sample.sent[name] for name in sample.changed}
    found = ExampleBody(schema, object_sample(exposure.fields, sent, schema, known.formats, writing=True))
    return wrapped(found, exposure.wrapper) if exposure.wrapper else found


def opened(schema: Any) -> Any:
    """The schema of a body that may have unknown names."""
    if isinstance(schema, list):
        return [opened(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: opened(one) for name, one in schema.items() if name != "additionalProperties" or one is not False}


def clearable(schema: Any) -> Any:
    """The schema of a body in which an empty text means null, as in forms."""
    if isinstance(schema, list):
        return [clearable(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: clearable(one) for name, one in schema.items()}
    return or_empty(found) if "null" in schema.get("type", ()) else found


def or_empty(schema: Schema) -> Schema:
    """The schema, or an empty text; a named component is the same in all places."""
    if "title" in schema:
        return schema
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], ""]}
    return schema | {"pattern": f"^$|{schema['pattern']}"} if "pattern" in schema else schema


def may_be_left_out(exposure: Exposure) -> set[str]:
    """The domain's names of what a change may leave out and not set to null: an empty text leaves it out."""
    new, changed = (known_of(exposure, new=one).input["properties"] for one in (True, False))
    return {name for name, one in changed.items() if "null" in new[name].get("type", ())
            and "null" not in one.get("type", ())}


def wrapped(inner: ExampleBody, name: str) -> ExampleBody:
    """A body inside the object that a contract puts around it."""
    title = inner.schema["title"] + "Body"
    schema = {"title": title, "type": "object", "properties": {name: inner.schema}, "required": [name]}
    return ExampleBody(schema, {name: inner.example})


def row(exposure: Exposure) -> ExampleBody:
    """A row as the contract shows it."""
    known = known_of(exposure)
    schema = object_schema(exposure.fields, known, writing=False)
    if exposure.prefix:
        schema["properties"]["id"] = identifier(exposure.prefix)
    whole = exposure.resource.sample.whole
    return ExampleBody(schema, object_sample(exposure.fields, whole, schema, known.formats, writing=False))
