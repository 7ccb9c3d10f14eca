"""Generates JSON Schemas (2020-12, as in OpenAPI 3.1) of input models and of columns."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import JSON

from domain.inputs import Input
from domain.inputs.schema_facts import COMPONENT, NULL_IF_NEW, VISIBLE

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
SAID_BY_US = ("title", "default", "$defs", "description")       # pydantic's, removed or rewritten
NOT_SHOWN = ("default", "writeOnly", "description", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum")


def nullable(schema: Schema) -> Schema:
    """The schema, or null."""
    kind = schema.get("type")
    if kind is None or "null" in kind:
        return schema
    wider = schema | {"type": [*([kind] if isinstance(kind, str) else kind), "null"]}
    return wider | {"enum": [*schema["enum"], None]} if "enum" in schema else wider


def enumeration(values: Iterable[Any]) -> Schema:
    """The schema of a closed set."""
    listed = list(dict.fromkeys(values))
    if all(isinstance(value, bool) for value in listed):
        return {"type": "boolean"}
    return {"type": "string", "enum": [str(value) for value in listed]}


def identifier(prefix: str) -> Schema:
    """The schema of an id as prefix and number."""
    return {"type": "string", "pattern": f"^{prefix}[1-9][0-9]{{0,17}}$"}


def plausible(schema: Schema) -> Any:
    """An example value of the schema."""
    if "examples" in schema:
        return schema["examples"][0]
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if isinstance(kind, list) and "null" in kind:
        return None
    values: dict[Any, Any] = {
        "integer": 1, "number": 0, "boolean": False, "array": [], "object": {}, "string": "text",
    }
    return values.get(kind if isinstance(kind, str) else "")


# Input models --------------------------------------------------------------------------------------


@cache
def of_model(model: type[Input] | None, *, new: bool = True) -> Schema:
    """An input model as a plain schema in the domain's names, for a creation or for a change."""
    if model is None:
        return {"properties": {}}
    whole = model.model_json_schema()
    found = _simple(whole, whole.get("$defs", {}))
    parts = {name: _null_if_new(one, new=new) for name, one in found["properties"].items()}
    return found | {"properties": parts}


def _null_if_new(schema: Schema, *, new: bool) -> Schema:
    if NULL_IF_NEW not in schema:
        return schema
    plain = {name: one for name, one in schema.items() if name != NULL_IF_NEW}
    return plain if new else never_null(plain)


def never_null(schema: Schema) -> Schema:
    """The schema without null."""
    kinds = [one for one in schema["type"] if one != "null"]
    narrower = schema | {"type": kinds[0] if len(kinds) == 1 else kinds}
    return narrower | {"enum": [one for one in schema["enum"] if one is not None]} if "enum" in schema else narrower


def filled(schema: Schema) -> Schema:
    """The schema of a value that is neither null nor an empty text."""
    found = never_null(schema) if isinstance(schema["type"], list) else schema
    return {"minLength": 1, **VISIBLE.added, **found} if found["type"] == "string" and "enum" not in found else found


def _simple(schema: Schema, known: Mapping[str, Schema]) -> Schema:
    """A schema of pydantic's without references and titles."""
    if "$ref" in schema:
        rest = {name: one for name, one in schema.items() if name != "$ref"}
        return _simple(known[schema["$ref"].rpartition("/")[2]] | rest, known)
    if "anyOf" in schema:
        return _one_of(schema, known)
    kept = {name: one for name, one in schema.items() if name not in (*SAID_BY_US, COMPONENT)}
    kept |= {"title": schema[COMPONENT]} if COMPONENT in schema else {}
    if "properties" in kept:
        kept["properties"] = {name: _simple(one, known) for name, one in kept["properties"].items()}
    else:
        is_ours = "enum" not in kept or COMPONENT in schema             # else pydantic's, of an enumeration
        kept |= {"description": schema["description"]} if "description" in schema and is_ours else {}
    if "items" in kept:
        kept["items"] = _simple(kept["items"], known)
    if kept.get("minLength") == 0:
        del kept["minLength"]
    if schema.get("default") not in (None, [], "", {}):
        kept["default"] = int(schema["default"]) if kept["type"] == "number" else schema["default"]
    return kept


def _one_of(schema: Schema, known: Mapping[str, Schema]) -> Schema:
    """A nullable schema as one schema: inputs have no other unions."""
    real = [one for one in schema["anyOf"] if one.get("type") != "null"]
    beside = {name: one for name, one in schema.items() if name not in (*SAID_BY_US, "anyOf")}
    found = _simple(real[0], known) | beside
    return nullable(found) if len(real) < len(schema["anyOf"]) else found


# Columns -------------------------------------------------------------------------------------------


def stored(column: Any, base: Schema) -> Schema:
    """The schema of a stored column; JSON columns have the input's."""
    kind = getattr(column, "type", None)
    if "title" in base:
        return {name: value for name, value in base.items() if name != "default"}
    if kind is None or isinstance(getattr(kind, "impl", kind), JSON) or "enum" in base:
        return {name: value for name, value in base.items() if name not in NOT_SHOWN}
    members = getattr(kind, "enum_class", None)
    if members is not None and issubclass(members, Enum):
        return {"type": "string", "enum": [member.value for member in members]}
    try:
        python: type = kind.python_type
    except NotImplementedError:
        return {}
    found = dict(next((schema for known, schema in TYPES if issubclass(python, known)), {}))
    return found | {name: base[name] for name in ("format", "examples") if name in base}


def may_be_null(column: Any) -> bool:
    """Whether the column may be null; true for computed ones, of which it is unknown."""
    columns = getattr(getattr(column, "property", None), "columns", None)
    return bool(columns[0].nullable) if columns else True
