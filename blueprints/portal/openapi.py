"""Writes the contracts as OpenAPI 3.1 documents, for client generators and other tools."""

from typing import Any

from blueprints.api.contract import Contract
from blueprints.portal import receivers
from blueprints.portal.components import Components
from blueprints.portal.entries import Entry, entries, title_of
from blueprints.portal.published import PUBLISHED
from blueprints.portal.responses import JSON, named_headers, refusal, responses

DIALECT = "3.1.0"
BLANK = "A blank text (empty, or spaces alone) in a field that may be null is stored, and answered, as null."
CHANGES = (
    "PUT and PATCH keep what is not sent; a list, an address or metadata that is sent replaces the former one whole."
)


def document(name: str, base: str) -> dict[str, Any]:
    """The OpenAPI document of a contract; `base` is this installation's URL."""
    contract, components = PUBLISHED[name], Components()
    description = contract.description
    paths: dict[str, dict[str, Any]] = {}
    for one in entries(name):
        methods = paths.setdefault(one.path.removeprefix(description.prefix), {})
        for method in (one.operation.method, *one.operation.also):
            methods[method.lower()] = components.referring(operation(one, method))
    error = components.referring(description.error.schema)
    events = components.referring(receivers.webhooks(contract))
    names = list(dict.fromkeys(one.group for one in entries(name)))
    return {
        "openapi": DIALECT,
        "info": {
            "title": f"Countinghouse {description.title}", "version": description.version,
            "description": f"{description.about}\n\n{BLANK}\n\n{CHANGES}",
        },
        "servers": [{"url": base + description.prefix}],
        "tags": [{"name": title_of(group)} for group in names],
        "security": [{name: []} for name in security(contract)],
        "paths": paths,
        **({"webhooks": events} if events else {}),
        "components": {
            "securitySchemes": security(contract),
            "headers": named_headers(contract),
            "schemas": dict(sorted(components.found.items())),
            "responses": {
                f"Refused{code}": refusal(contract, code, text, error) for code, text in description.refusals.items()
            },
        },
    }


def security(contract: Contract) -> dict[str, Any]:
    """The security schemes of the credential: how it is sent, and how else."""
    description = contract.description
    about = {"description": description.opened_by}
    if description.scheme:
        header = {"type": "http", "scheme": description.scheme.strip().lower(), **about}
    else:
        header = {"type": "apiKey", "in": "header", "name": description.header, **about}
    if not description.in_query:
        return {"credential": header}
    return {"credential": header, "in_query": {"type": "apiKey", "in": "query", "name": description.in_query, **about}}


def operation(one: Entry, method: str) -> dict[str, Any]:
    """One operation object; the id of a second method of the same operation ends with its name."""
    found: dict[str, Any] = {
        "operationId": one.id if method == one.operation.method else f"{one.id}_by_{method.lower()}",
        "summary": one.operation.summary, "tags": [title_of(one.group)],
        "parameters": [parameter(named) for named in one.parameters],
        "responses": responses(one),
    }
    if one.operation.scope:
        found["description"] = f"Scope: {one.operation.scope}"
        found["x-scope"] = one.operation.scope
    if one.rpc:
        found["x-json-rpc-method"] = one.name
    if one.body is not None:
        found["requestBody"] = {
            "required": not one.operation.optional_body,
            "content": {JSON: {"schema": one.body, "example": one.example}},
        }
    if one.operation.public:
        found["security"] = []
    return found


def parameter(named: Any) -> dict[str, Any]:
    """One parameter object."""
    found: dict[str, Any] = {
        "name": named.name, "in": named.location, "required": named.required, "schema": named.schema,
    }
    if named.schema.get("type") == "array":
        found |= {"style": "form", "explode": False}
    return found | ({"description": named.about} if named.about else {})
