"""Writes all contracts as one Postman collection (format 2.1) with credentials as variables."""

import re
from functools import cache
from typing import Any

from blueprints.api.contract import Contract
from blueprints.api.requests.touched import Reference, slug
from blueprints.portal.entries import ABOVE, Entry, groups, pretty, title_of
from blueprints.portal.published import PUBLISHED
from domain.actor import Actor

ENDS = ("archive", "delete")
NOW = "{{$timestamp}}"                  # Postman's
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"


def collection(base: str) -> dict[str, Any]:
    """The collection; `base` is this installation's URL."""
    variables = [{"key": "base", "value": base}]
    variables.append({"key": "everything", "value": "", "description": "Any text: runs also what cannot be undone"})
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
    """A contract with a folder for each noun, and one that removes what they made."""
    description = contract.description
    parts: list[dict[str, Any]] = [
        {"name": title_of(group), "item": [request(one) for one in in_order(found)]}
        for group, found in groups(contract.name).items()
    ]
    calls = [one for found in groups(contract.name).values() for one in in_order(found)]
    parts.append({"name": "Clean up", "item": [request(one) for one in removals(contract.name)]})
    if description.rpc:
        by_rpc = [rpc(one) for one in (*calls, *removals(contract.name)) if one.rpc]
        parts.append({"name": "JSON-RPC", "item": by_rpc})
    return {"name": description.title, "description": description.about, "item": parts}


def request(one: Entry) -> dict[str, Any]:
    """One call by REST."""
    found: dict[str, Any] = {"method": one.operation.method, "header": headers(one), "url": url(one)}
    if one.body is not None:
        found["body"] = body(one.example, one)
    return {"name": one.operation.summary or one.name, "event": events(one, ""), "request": found}


@cache
def every() -> list[Entry]:
    """All operations of all contracts."""
    return [one for name in PUBLISHED for found in groups(name).values() for one in found]


def in_order(found: list[Entry]) -> list[Entry]:
    """A noun's operations in an order that can be run: the row is created first; what ends it comes at the end."""
    return sorted((one for one in found if one.operation.verb not in ENDS), key=lambda one: not is_new(one))


def removals(name: str) -> list[Entry]:
    """What archives and deletes the rows, those first that name others."""
    ends = [one for found in reversed(groups(name).values()) for one in found if one.operation.verb in ENDS]
    return sorted(ends, key=lambda one: one.operation.verb == "delete")


def is_new(one: Entry) -> bool:
    """Whether it creates a row."""
    return one.operation.verb == "create"


def made(one: Entry) -> str:
    """The variable with the id of the row that the collection created: it changes and deletes no other."""
    return f"{one.contract.name}_{one.group.replace('-', '_')}_id"


def noun_of(one: Entry) -> str:
    exposure = one.operation.exposure
    return slug(exposure.resource.noun) if exposure is not None else ""


@cache
def owners() -> set[str]:
    """The nouns that own others: one that was there is used, since one with rows can no longer be deleted."""
    exposures = [one.operation.exposure for one in every() if one.operation.exposure is not None]
    return {reference.noun for one in exposures for reference in one.references if reference.wire == one.tenant}


def is_found(one: Entry) -> bool:
    """Whether the first row of the noun's list is used: it owns others, or the contract creates none."""
    noun, own = noun_of(one), [other for other in every() if other.contract is one.contract]
    creates = any(is_new(other) and noun_of(other) == noun for other in own)
    return bool(noun) and (noun in owners() or not creates)


def listed(one: Entry) -> str:
    """The variable with the id of the first row of a list."""
    return f"first_{made(one)}"


def is_live(one: Entry) -> bool:
    """Whether a caller of the live world, whose secret the collection has, may create the row."""
    exposure = one.operation.exposure
    return exposure is None or exposure.resource.may_create(Actor.operator())


def makes_another(verb: str) -> bool:
    """Whether the verb makes a row beside the one that it is called with."""
    return verb.startswith("copy_") or verb == "convert"


def is_undone(one: Entry) -> bool:
    """Whether the call leaves nothing behind: it reads, or concerns a row that the collection makes and deletes.

    A file that not every row has is left out as well.
    """
    operation = one.operation
    if operation.media and operation.described is not None and operation.described.refused_with:
        return False
    deleted_here = {made(other) for other in every() if other.operation.verb == "delete"}
    made_here = {made(other) for other in every() if is_new(other) and is_live(other)} & deleted_here
    is_own = (is_new(one) or "{id}" in one.path) and not operation.lasting
    return operation.method == "GET" or (is_own and made(one) in made_here and not makes_another(operation.verb))


def events(one: Entry, path: str) -> list[dict[str, Any]]:
    """The scripts of a call: what it needs before, and what is tested after; `path` is the row's place in it."""
    ids = [made(one)] if "{id}" in one.path else []
    needed = [f'!pm.collectionVariables.get("{name}")' for name in (*ids, *owning(one).values())]
    needed += [] if is_undone(one) else ['!pm.collectionVariables.get("everything")']
    before = [f"if ({' || '.join(needed)}) pm.execution.skipRequest();"] if needed else []
    after = [f'pm.test("answers {one.status}", () => pm.response.to.have.status({200 if path else one.status}));']
    if path:
        after.append('pm.test("is no error", () => pm.expect(pm.response.json()).to.have.property("result"));')
    if is_new(one):
        place = path or (".data" if "data" in one.answer.get("properties", {}) else "")
        after.append(f'pm.collectionVariables.set("{made(one)}", pm.response.json(){place}.id);')
    if one.operation.verb == "list" and is_found(one):
        place = path or (".data" if "data" in one.answer.get("properties", {}) else "")
        rows, name = f"pm.response.json(){place}", listed(one)
        after.append(f'if ({rows}.length) pm.collectionVariables.set("{name}", {rows}[0].id);')
    if one.operation.verb == "delete":
        after.append(f'pm.collectionVariables.unset("{made(one)}");')
    return [
        {"listen": when, "script": {"type": "text/javascript", "exec": lines}}
        for when, lines in (("prerequest", before), ("test", after)) if lines
    ]


def rpc(one: Entry) -> dict[str, Any]:
    """The call by JSON-RPC."""
    address = {"raw": "{{base}}/", "host": ["{{base}}"], "path": [""]}
    document = one.rpc_call()
    if "{id}" in one.path:
        document["params"]["id"] = variable(made(one))
    return {
        "name": one.name, "event": events(one, ".result"),
        "request": {"method": "POST", "header": headers(one), "url": address, "body": body(document, one)},
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
    path = ABOVE.sub(r":\1", one.path)
    query = [
        {"key": named.name, "value": str(one.called_with.get(named.name, "")), "description": named.about,
         "disabled": named.name not in one.called_with}
        for named in one.parameters if named.location == "query"
    ]
    found: dict[str, Any] = {"raw": "{{base}}" + path, "host": ["{{base}}"], "path": path.strip("/").split("/")}
    if query:
        found["query"] = query
    ids = owning(one) | ({"id": made(one)} if "{id}" in one.path else {})
    if ids:
        found["variable"] = [{"key": name, "value": variable(known)} for name, known in ids.items()]
    return found


def owning(one: Entry) -> dict[str, str]:
    """The other ids in the path, each with the variable of a row that the collection made.

    One of a row that it does not make has a variable that stays empty, so that the call is left out.
    """
    known = {noun_of(other): made(other) for other in every() if is_new(other) and other.contract is one.contract}
    return {
        name: known.get(name.removesuffix("_id"), f"{one.contract.name}_{name}")
        for name in ABOVE.findall(one.path) if name != "id"
    }


def variable(name: str) -> str:
    return f"{{{{{name}}}}}"


def body(example: Any, one: Entry) -> dict[str, Any]:
    """A JSON body that names rows which the collection made; a variable for a number has no quotes."""
    exposure = one.operation.exposure
    if exposure is not None and isinstance(example, dict):
        around = "params" if "params" in example else exposure.wrapper
        changed = chained(example[around] if around else example, exposure.references, one)
        example = example | {around: changed} if around else changed
    raw = pretty(example)
    if one.rpc:
        raw = re.sub(r'"(\{\{\w+_id\}\})"', r"\1", raw)
    return {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}


def chained(example: dict[str, Any], references: tuple[Reference, ...], one: Entry) -> dict[str, Any]:
    """The example with the ids of rows that the collection made, and with what must be unique made so."""
    found = {name: own(name, value) for name, value in example.items()}
    known = {noun_of(other): listed(other) if is_found(other) else made(other)
             for other in every() if (is_new(other) or is_found(other)) and other.contract is one.contract}
    for reference in references:
        value = found.get(reference.wire)
        if reference.inner and isinstance(value, list):
            found[reference.wire] = [chained(part, reference.inner, one) for part in value]
        elif value is not None and reference.noun in known:
            name = variable(known[reference.noun])
            found[reference.wire] = [name] if isinstance(value, list) else name
    return found


def own(name: str, value: Any) -> Any:
    """A value that must be unique with the time of the run in it."""
    if name == "sku":
        return f"{value}-{NOW}"
    return f"{NOW}.{value}" if isinstance(value, str) and "@" in value and " " not in value else value
