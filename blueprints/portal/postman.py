"""Writes all contracts as one Postman collection (format 2.1) with credentials as variables."""

from typing import Any

from blueprints.api.contract import Contract
from blueprints.portal.entries import Entry, groups, pretty, title_of
from blueprints.portal.published import PUBLISHED

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection(base: str) -> dict[str, Any]:
    """The collection; `base` is this installation's URL."""
    variables = [{"key": "base", "value": base}]
    variables += [{"key": key, "value": ""} for key in dict.fromkeys(made(one) for one in every() if is_new(one))]
    variables += [
        {"key": one.description.credential.lower(), "value": "", "type": "secret"} for one in PUBLISHED.values()
    ]
    return {
        "info": {"name": "Countinghouse", "schema": SCHEMA, "description": "Generated from the APIs' declarations."},
        "variable": variables,
        "item": [folder(contract) for contract in PUBLISHED.values()],
    }


def folder(contract: Contract) -> dict[str, Any]:
    """A contract with a folder for each noun."""
    description = contract.description
    parts: list[dict[str, Any]] = [
        {"name": title_of(group), "item": [request(one) for one in in_order(found)]}
        for group, found in groups(contract.name).items()
    ]
    if description.rpc:
        calls = [rpc(one) for found in groups(contract.name).values() for one in in_order(found)]
        parts.append({"name": "JSON-RPC", "item": calls})
    return {"name": description.title, "description": description.about, "item": parts}


def request(one: Entry) -> dict[str, Any]:
    """One call by REST."""
    found: dict[str, Any] = {"method": one.operation.method, "header": headers(one), "url": url(one)}
    if one.body is not None:
        found["body"] = body(one.example)
    return {"name": one.operation.summary or one.name, "event": [script(one, "")], "request": found}


def every() -> list[Entry]:
    """All operations of all contracts."""
    return [one for name in PUBLISHED for found in groups(name).values() for one in found]


def in_order(found: list[Entry]) -> list[Entry]:
    """A noun's operations in an order that can be run: the row is created first and deleted last."""
    return sorted(found, key=lambda one: (one.operation.verb == "delete") - is_new(one))


def is_new(one: Entry) -> bool:
    """Whether it creates a row."""
    return one.operation.verb == "create"


def made(one: Entry) -> str:
    """The variable with the id of the row that the collection created: it changes and deletes no other."""
    return f"{one.contract.name}_{one.group.replace('-', '_')}_id"


def script(one: Entry, path: str) -> dict[str, Any]:
    """The test script of a response, which also stores its id; `path` is the row's place in it."""
    lines = [f'pm.test("answers {one.status}", () => pm.response.to.have.status({200 if path else one.status}));']
    if path:
        lines.append('pm.test("is no error", () => pm.expect(pm.response.json()).to.have.property("result"));')
    if is_new(one):
        place = path or (".data" if "data" in one.answer.get("properties", {}) else "")
        lines.append(f'pm.collectionVariables.set("{made(one)}", pm.response.json(){place}.id);')
    return {"listen": "test", "script": {"type": "text/javascript", "exec": lines}}


def rpc(one: Entry) -> dict[str, Any]:
    """The call by JSON-RPC."""
    address = {"raw": "{{base}}/", "host": ["{{base}}"], "path": [""]}
    call = body(one.rpc_call())
    if "{id}" in one.path:                          # a number, so without the quotes of a text
        document = one.rpc_call()
        document["params"]["id"] = f"{{{{{made(one)}}}}}"
        call = body(document)
        call["raw"] = call["raw"].replace(f'"{{{{{made(one)}}}}}"', f"{{{{{made(one)}}}}}")
    return {
        "name": one.name, "event": [script(one, ".result")],
        "request": {"method": "POST", "header": headers(one), "url": address, "body": call},
    }


def headers(one: Entry) -> list[dict[str, Any]]:
    """The headers: credential and content type."""
    description = one.description
    found = [] if one.operation.public else [
        {"key": description.header, "value": f"{description.scheme}{{{{{description.credential.lower()}}}}}"}
    ]
    return [*found, {"key": "Content-Type", "value": "application/json"}] if one.body is not None else found


def url(one: Entry) -> dict[str, Any]:
    """The URL in Postman's parts; optional parameters are listed, but disabled."""
    path = one.path.replace("{id}", ":id")
    query = [
        {"key": named.name, "value": str(one.called_with.get(named.name, "")), "description": named.about,
         "disabled": named.name not in one.called_with}
        for named in one.parameters if named.location == "query"
    ]
    found: dict[str, Any] = {"raw": "{{base}}" + path, "host": ["{{base}}"], "path": path.strip("/").split("/")}
    if query:
        found["query"] = query
    if ":id" in path:
        found["variable"] = [{"key": "id", "value": f"{{{{{made(one)}}}}}"}]
    return found


def body(example: Any) -> dict[str, Any]:
    """A JSON body."""
    return {"mode": "raw", "raw": pretty(example), "options": {"raw": {"language": "json"}}}
