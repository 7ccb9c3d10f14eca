"""What operations answer: schemas and examples, in each contract's envelope."""

from typing import Any

from blueprints.api.contract import Operation
from blueprints.portal import samples, schemas
from blueprints.portal.manners import TIME, Manners
from blueprints.portal.schemas import Schema
from blueprints.portal.special import SPECIAL

META: Schema = {
    "type": "object", "properties": {"requestId": {"type": "string"}, "timestamp": TIME},
    "required": ["requestId", "timestamp"],
}
SHOWN_META = {"requestId": "req_7f3kq2", "timestamp": "2026-01-31T12:00:00Z"}
NUMBERS = {"page": 1, "limit": 10, "total": 1, "hasMore": False}


def answer_of(manners: Manners, operation: Operation, verb: str) -> tuple[Schema, Any]:
    """The schema of the answer and an example."""
    exposure, special = operation.exposure, SPECIAL.get(operation.name)
    if special is not None:
        return enveloped(manners, special.answer, special.answered)
    assert exposure is not None
    schema = schemas.shown(exposure)
    row = samples.answer(exposure, schema)
    if verb in ("list", "search"):
        return collection(manners, schema, row)
    if manners.changes is not None and operation.writes and verb != "create":
        return {"type": "integer", "const": manners.changes}, manners.changes
    if verb == "delete":
        gone = {"id": schema["properties"]["id"], "deleted": {"type": "boolean"}}
        told = {"id": f"{exposure.prefix}1", "deleted": True}
        return enveloped(manners, {"type": "object", "properties": gone}, told)
    once = exposure.resource.secret_field if verb == "create" and not manners.enveloped else ""
    if once:
        schema = schema | {"properties": schema["properties"] | {once: {"type": "string"}}}
        row |= {once: "shown this once"}
    return enveloped(manners, schema, row)


def enveloped(manners: Manners, schema: Schema, example: Any) -> tuple[Schema, Any]:
    """One thing as the contract wraps it."""
    if not manners.enveloped:
        return schema, example
    whole = {"type": "object", "properties": {"data": schema, "meta": META}, "required": ["data", "meta"]}
    return whole, {"data": example, "meta": SHOWN_META}


def collection(manners: Manners, schema: Schema, row: Any) -> tuple[Schema, Any]:
    """A list as the contract wraps it."""
    rows: Schema = {"type": "array", "items": schema}
    if not manners.enveloped:
        return rows, [row]
    numbers = {name: {"type": "boolean" if name == "hasMore" else "integer"} for name in NUMBERS}
    paging: Schema = {"type": "object", "properties": numbers, "required": list(NUMBERS)}
    parts = {"data": rows, "pagination": paging, "meta": META}
    return (
        {"type": "object", "properties": parts, "required": list(parts)},
        {"data": [row], "pagination": NUMBERS, "meta": SHOWN_META},
    )
