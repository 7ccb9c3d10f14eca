"""JSON Schemas (2020-12, as OpenAPI 3.1 has them) of what a contract takes and shows, from its declarations."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import JSON

from blueprints.api.contract import Exposure
from blueprints.api.core.fields import CurrencyNumber
from blueprints.api.decimals import Decimals
from blueprints.api.field_map import (
    Amount,
    Day,
    Derived,
    Field,
    Fields,
    Ident,
    Many,
    Moment,
    One,
    Price,
    Words,
    WriteOnly,
)
from domain.integrations.events import EVENTS
from domain.permissions import KEY_SCOPES

Schema = dict[str, Any]
TYPES: tuple[tuple[type, Schema], ...] = (
    (bool, {"type": "boolean"}),
    (int, {"type": "integer"}),
    (float, {"type": "number"}),
    (Decimal, {"type": "number"}),
    (datetime, {"type": "string", "format": "date-time"}),
    (date, {"type": "string", "format": "date"}),
    (str, {"type": "string"}),
)
LARGEST = 2**53
# What validators check and a schema of types does not say; by the domain's names.
HINTS: dict[str, Schema] = {
    "email": {"format": "email"},
    "currency": {"pattern": "^[A-Z]{3}$", "description": "ISO 4217"},
    "country": {"pattern": "^[A-Za-z]{2}$", "description": "ISO 3166-1, two letters"},
    "billing_country": {"pattern": "^[A-Za-z]{2}$", "description": "ISO 3166-1, two letters"},
    "timezone": {"description": "A name of the IANA time zone database"},
    "url": {"format": "uri"},
    "webhook_url": {"format": "uri"},
    "password": {"format": "password"},
    "scopes": {"items": {"type": "string", "enum": list(KEY_SCOPES)}},
    "events": {"items": {"type": "string", "enum": [one.name for one in EVENTS]}},
    "allowed_ips": {"description": "IPv4 or IPv6 addresses and networks"},
}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    kind = schema.get("type")
    if kind is None or "null" in kind:
        return schema
    wider = schema | {"type": [*([kind] if isinstance(kind, str) else kind), "null"]}
    return wider | {"enum": [*schema["enum"], None]} if "enum" in schema else wider


# What the domain says ------------------------------------------------------------------------------


def model_of(exposure: Exposure) -> Schema:
    """The noun's input model as a plain schema in the domain's names."""
    if exposure.resource.input is None:
        return {"properties": {}}
    whole = exposure.resource.input.model_json_schema()
    return simple(whole, whole.get("$defs", {}))


def simple(schema: Schema, known: Mapping[str, Schema]) -> Schema:
    """A schema of pydantic's without references, titles, and the text that decimals may be for forms."""
    if "$ref" in schema:
        rest = {name: one for name, one in schema.items() if name != "$ref"}
        schema = known[schema["$ref"].rpartition("/")[2]] | rest
    if "anyOf" in schema:
        return _one_of(schema, known)
    kept = {name: one for name, one in schema.items() if name not in ("title", "default", "$defs", "description")}
    if "properties" in kept:
        kept["properties"] = {name: simple(one, known) for name, one in kept["properties"].items()}
    if "items" in kept:
        kept["items"] = simple(kept["items"], known)
    if schema.get("default") not in (None, [], ""):
        kept["default"] = schema["default"]
    return _bounded(kept)


def _one_of(schema: Schema, known: Mapping[str, Schema]) -> Schema:
    choices = [simple(one, known) for one in schema["anyOf"]]
    real = [one for one in choices if one.get("type") != "null"]
    found = next((one for one in real if one.get("type") == "number"), real[0])
    return nullable(found) if len(real) < len(choices) else found


def _bounded(schema: Schema) -> Schema:
    """Bounds that say nothing are left out; whole ones are written whole."""
    for name in ("minimum", "maximum"):
        value = schema.get(name)
        if isinstance(value, float) and value.is_integer():
            schema[name] = int(value)
    if schema.get("maximum", 0) >= LARGEST:
        del schema["maximum"]
    if schema.get("minLength") == 0:
        del schema["minLength"]
    return schema


# What a contract takes -----------------------------------------------------------------------------


def taken(exposure: Exposure, *, new: bool) -> Schema:
    """The body of a creation or a change."""
    model = model_of(exposure)
    required = {*(model.get("required", ()) if new else ()), *(exposure.required if new else ())}
    return object_taken(exposure.fields, model, required)


def object_taken(fields: Fields, model: Schema, required: set[str] | None = None) -> Schema:
    """An object of writable fields in the contract's words."""
    needs = set(model.get("required", ())) if required is None else required
    known = model.get("properties", {})
    writable = {wire: one for wire, one in fields.items() if one.writable}
    parts = {wire: field_taken(one, known.get(one.name, {})) for wire, one in writable.items()}
    found: Schema = {"type": "object", "properties": parts}
    must = [wire for wire, one in writable.items() if one.name in needs]
    return found | ({"required": must} if must else {})


def field_taken(one: Field, base: Schema) -> Schema:
    """One field of a body."""
    if isinstance(one, One):
        return object_taken(one.fields, base)
    if isinstance(one, Many):
        return {**base, "type": "array", "items": object_taken(one.fields, base.get("items", {}))}
    if isinstance(one, CurrencyNumber):
        return {"type": ["integer", "string"], "description": "ISO 4217, as number or as code"}
    if isinstance(one, Words):
        return enumeration(one.words.values())
    if isinstance(one, Ident):
        found = identifier(one.prefix)
        return nullable(found) if "null" in base.get("type", ()) else found
    return (base or ({"type": "integer"} if one.name.endswith("_id") else {})) | HINTS.get(one.name, {})


def enumeration(values: Any) -> Schema:
    """A closed set."""
    listed = list(dict.fromkeys(values))
    if all(isinstance(value, bool) for value in listed):
        return {"type": "boolean"}
    return {"type": "string", "enum": [str(value) for value in listed]}


def identifier(prefix: str) -> Schema:
    """An id as prefix and number."""
    return {"type": "string", "pattern": f"^{prefix}[1-9][0-9]*$"}


# What a contract shows -----------------------------------------------------------------------------


def shown(exposure: Exposure) -> Schema:
    """A row as the contract shows it."""
    listing = exposure.resource.listing
    found = object_shown(exposure.fields, listing.columns, model_of(exposure).get("properties", {}), listing.children)
    if isinstance(exposure.fields.get("id"), Ident):
        found["properties"]["id"] = identifier(exposure.prefix)
    return found


def object_shown(fields: Fields, columns: Mapping[str, Any], known: Schema, children: Mapping[str, Any]) -> Schema:
    """An object of everything that is shown, in the contract's words."""
    visible = {wire: one for wire, one in fields.items() if not isinstance(one, WriteOnly)}
    return {
        "type": "object",
        "properties": {
            wire: field_shown(one, columns, known.get(one.name, {}), children) for wire, one in visible.items()
        },
        "required": list(visible),
    }


def field_shown(one: Field, columns: Mapping[str, Any], base: Schema, children: Mapping[str, Any]) -> Schema:
    """One field of an answer."""
    if isinstance(one, One):
        if one.of is None:
            return object_shown(one.fields, columns, {}, {})
        return nullable(object_taken(one.fields, base) | {"required": list(one.fields)})
    if isinstance(one, Many):
        child = children[one.column or one.name]
        parts = base.get("items", {}).get("properties", {})
        return {"type": "array", "items": object_shown(one.fields, child.columns, parts, {})}
    if isinstance(one, Derived):
        return nullable(base) if base.get("type") != "array" else base
    column = columns.get(one.source)
    found = _converted(one) or _stored(column, base)
    return nullable(found) if _may_be_null(column) else found


def _converted(one: Field) -> Schema | None:
    if isinstance(one, Moment):
        return {"type": "string", "format": "date-time"}
    if isinstance(one, Day):
        return {"type": "string", "format": "date"}
    if isinstance(one, Amount | Price | Decimals):
        return {"type": "number"}
    if isinstance(one, Ident):
        return identifier(one.prefix)
    if isinstance(one, CurrencyNumber):
        return {"type": "integer"}
    return enumeration((one.shown or one.words).values()) if isinstance(one, Words) else None


def _stored(column: Any, base: Schema) -> Schema:
    """The schema of a column as it is stored; JSON columns are what the input says."""
    kind = getattr(column, "type", None)
    if kind is None or isinstance(getattr(kind, "impl", kind), JSON) or "enum" in base:
        return {name: value for name, value in base.items() if name != "default"}
    members = getattr(kind, "enum_class", None)
    if members is not None and issubclass(members, Enum):
        return {"type": "string", "enum": [member.value for member in members]}
    try:
        python: type = kind.python_type
    except NotImplementedError:
        return {}
    return dict(next((schema for known, schema in TYPES if issubclass(python, known)), {}))


def _may_be_null(column: Any) -> bool:
    """Unknown for what is computed, so that it may."""
    stored = getattr(getattr(column, "property", None), "columns", None)
    return bool(stored[0].nullable) if stored else True
