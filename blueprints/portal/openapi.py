"""The contracts as OpenAPI 3.1 documents, for generators of clients and for other tools."""

from typing import Any

from blueprints.api import public
from blueprints.portal.entries import Entry, entries, title_of
from blueprints.portal.manners import PUBLISHED, Manners, Named
from blueprints.portal.schemas import Schema

JSON = "application/json"
ERROR: Schema = {
    "type": "object",
    "properties": {
        "error": {"type": "string", "description": "A code for programs"},
        "message": {"type": "string", "description": "A sentence for people"},
        "details": {"type": "object", "description": "What is wrong with which field"},
        "timestamp": {"type": "string", "format": "date-time"},
        "requestId": {"type": "string"},
    },
    "required": ["error", "message", "details", "timestamp", "requestId"],
}
BARE_ERROR: Schema = {
    "type": "object",
    "properties": {"error": {
        "type": "object", "properties": {"message": {"type": "string"}, "data": {}}, "required": ["message"],
    }},
    "required": ["error"],
}
REFUSALS = {
    "400": "The request cannot be read",
    "401": "No credential, or one that nobody has",
    "403": "The credential may not do this, or not from here",
    "404": "There is no such row, or it is not yours",
    "409": "It clashes with what is there",
    "412": "The row was changed since it was read",
    "422": "Some fields are wrong; each is named",
    "429": "Too many calls; Retry-After says when to come back",
}


def refusals(manners: Manners) -> dict[str, str]:
    """What each status of a refusal means in a contract; the Core API has its own division of 400 and 422."""
    if manners.enveloped:
        return REFUSALS
    own = REFUSALS | {"400": "Some parameters are wrong; each is named", "422": REFUSALS["409"]}
    return {code: text for code, text in own.items() if code != "409"}


def document(name: str, base: str) -> dict[str, Any]:
    """The OpenAPI document of a contract; `base` is where this installation answers."""
    manners = PUBLISHED[name]
    paths: dict[str, dict[str, Any]] = {}
    for one in entries(name):
        paths.setdefault(one.path.removeprefix(manners.prefix), {})[one.operation.method.lower()] = operation(one)
    names = list(dict.fromkeys(one.group for one in entries(name)))
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Countinghouse {manners.title}", "version": version(manners), "description": manners.about},
        "servers": [{"url": base + manners.prefix}],
        "tags": [{"name": title_of(group)} for group in names],
        "security": [{"credential": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"credential": security(manners)},
            "schemas": {"Error": ERROR if manners.enveloped else BARE_ERROR},
            "responses": {f"Refused{code}": refusal(text) for code, text in refusals(manners).items()},
        },
    }


def version(manners: Manners) -> str:
    """The contract's own version."""
    return public.CONTRACT.version if manners.contract is public.CONTRACT else "1"


def security(manners: Manners) -> dict[str, Any]:
    """How the credential travels."""
    if manners.scheme:
        return {"type": "http", "scheme": manners.scheme.strip().lower(), "description": "An API key"}
    return {"type": "apiKey", "in": "header", "name": manners.header, "description": "The API token of a user"}


def refusal(text: str) -> dict[str, Any]:
    """A refusal's description and shape."""
    return {"description": text, "content": {JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}


def operation(one: Entry) -> dict[str, Any]:
    """One operation object."""
    found: dict[str, Any] = {
        "operationId": one.id, "summary": one.operation.summary, "tags": [title_of(one.group)],
        "parameters": [parameter(named) for named in one.parameters],
        "responses": responses(one),
    }
    if one.operation.scope:
        found["description"] = f"Scope: {one.operation.scope}"
        found["x-scope"] = one.operation.scope
    if one.manners.rpc:
        found["x-json-rpc-method"] = one.name
    if one.body is not None:
        found["requestBody"] = {
            "required": bool(one.body.get("required")),
            "content": {JSON: {"schema": one.body, "example": one.example}},
        }
    if one.operation.public:
        found["security"] = []
    return found


def parameter(named: Named) -> dict[str, Any]:
    """One parameter object."""
    found: dict[str, Any] = {
        "name": named.name, "in": named.place, "required": named.required, "schema": named.schema,
    }
    if named.schema.get("type") == "array":
        found |= {"style": "form", "explode": False}
    return found | ({"description": named.about} if named.about else {})


def responses(one: Entry) -> dict[str, Any]:
    """What may come back."""
    codes = ["401", "403", "429"] if not one.operation.public else ["401", "429"]
    codes += ["404"] if "{id}" in one.path else []
    codes += ["422", "409"] if one.body is not None and one.manners.enveloped else []
    codes += ["422"] if one.operation.writes and not one.manners.enveloped else []
    codes += ["412"] if any(named.name == "If-Match" for named in one.parameters) else []
    codes += ["400"] if one.body is not None or any(named.place == "query" for named in one.parameters) else []
    told = {"description": "Done", "content": {JSON: {"schema": one.answer, "example": one.answered}}}
    return {str(one.status): told} | {
        code: {"$ref": f"#/components/responses/Refused{code}"} for code in sorted(set(codes))
    }
