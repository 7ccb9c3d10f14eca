"""All contracts as one Postman collection (format 2.1); the credentials are its variables."""

from typing import Any

from blueprints.api.contract import Contract
from blueprints.portal.entries import Entry, groups, pretty, title_of
from blueprints.portal.published import PUBLISHED

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection(base: str) -> dict[str, Any]:
    """The collection; `base` is where this installation answers."""
    variables = [{"key": "base", "value": base}]
    variables += [{"key": one.manners.credential.lower(), "value": "", "type": "secret"} for one in PUBLISHED.values()]
    return {
        "info": {"name": "Countinghouse", "schema": SCHEMA, "description": "Made from the APIs' own declarations."},
        "variable": variables,
        "item": [folder(contract) for contract in PUBLISHED.values()],
    }


def folder(contract: Contract) -> dict[str, Any]:
    """A contract with a folder for each noun."""
    manners = contract.manners
    parts: list[dict[str, Any]] = [
        {"name": title_of(group), "item": [request(one) for one in found]}
        for group, found in groups(contract.name).items()
    ]
    if manners.rpc:
        calls = [rpc(one) for found in groups(contract.name).values() for one in found]
        parts.append({"name": "JSON-RPC", "item": calls})
    return {"name": manners.title, "description": manners.about, "item": parts}


def request(one: Entry) -> dict[str, Any]:
    """One call by REST."""
    found: dict[str, Any] = {"method": one.operation.method, "header": headers(one), "url": url(one)}
    if one.body is not None:
        found["body"] = body(one.example)
    return {"name": one.operation.summary or one.name, "request": found}


def rpc(one: Entry) -> dict[str, Any]:
    """The same call by JSON-RPC."""
    address = {"raw": "{{base}}/", "host": ["{{base}}"], "path": [""]}
    return {
        "name": one.name,
        "request": {"method": "POST", "header": headers(one), "url": address, "body": body(one.rpc_call())},
    }


def headers(one: Entry) -> list[dict[str, Any]]:
    """The credential, and what the body is."""
    manners = one.manners
    found = [] if one.operation.public else [
        {"key": manners.header, "value": f"{manners.scheme}{{{{{manners.credential.lower()}}}}}"}
    ]
    return [*found, {"key": "Content-Type", "value": "application/json"}] if one.body is not None else found


def url(one: Entry) -> dict[str, Any]:
    """The address in Postman's parts; optional parameters are there, switched off."""
    path = one.path.replace("{id}", ":id")
    query = [
        {"key": named.name, "value": str(one.called_with.get(named.name, "")), "description": named.about,
         "disabled": named.name not in one.called_with}
        for named in one.parameters if named.place == "query"
    ]
    found: dict[str, Any] = {"raw": "{{base}}" + path, "host": ["{{base}}"], "path": path.strip("/").split("/")}
    if query:
        found["query"] = query
    if ":id" in path:
        exposure = one.operation.exposure
        found["variable"] = [{"key": "id", "value": f"{exposure.prefix}1" if exposure else ""}]
    return found


def body(example: Any) -> dict[str, Any]:
    """A JSON body."""
    return {"mode": "raw", "raw": pretty(example), "options": {"raw": {"language": "json"}}}
