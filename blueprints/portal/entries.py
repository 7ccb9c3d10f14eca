"""Builds the reference's entries: each operation with its parameters, body, response and examples."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

import orjson

from blueprints.api import schemas
from blueprints.api.contract import Contract, Exposure, Operation, Parameter
from blueprints.api.description import WHOLE, ContractDescription, Description, ExampleBody, ParameterDescription
from blueprints.api.json_schema import Schema, enumeration, identifier
from blueprints.portal.answers import answer_of
from blueprints.portal.published import PUBLISHED

KEY = "{key}"
ABOVE = re.compile(r"\{(\w+)\}")       # the ids of rows that own this one
LARGEST_AMOUNT = 9 * 10**14             # of a filter, in any currency
LONGEST_FILTER = 200
NOTHING = Description()
ACRONYMS = {"api": "API", "iam": "Access", "jwt": "JSON Web Tokens"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One operation in full."""

    contract: Contract
    operation: Operation
    parameters: tuple[ParameterDescription, ...]
    body: Schema | None
    example: Any
    answer: Schema
    answered: Any
    status: int
    called_with: Mapping[str, Any] = field(default_factory=dict)

    @property
    def description(self) -> ContractDescription:
        return self.contract.description

    @property
    def name(self) -> str:
        return self.operation.name

    @property
    def rpc(self) -> bool:
        """Whether it is a method of JSON-RPC, too."""
        return self.contract.description.rpc and not self.operation.media

    @property
    def shows_version(self) -> bool:
        """Whether the response has the row's version."""
        exposure = self.operation.exposure
        shows_row = self.description.changes is None or self.operation.verb in ("get", "create")
        return exposure is not None and "version" in exposure.resource.listing.columns and shows_row

    @property
    def id(self) -> str:
        """The id on the page and in OpenAPI: budgets_create."""
        return self.name.replace(".", "_")

    @property
    def group(self) -> str:
        """The noun it belongs to, for the page's URL."""
        return self.name.rpartition(".")[0].replace(".", "-").replace("_", "-")

    @property
    def path(self) -> str:
        return self.description.prefix + self.operation.path.replace(KEY, "{id}")

    @property
    def example_path(self) -> str:
        """The path with an example's id and query."""
        exposure = self.operation.exposure
        key = f"{exposure.prefix}1" if exposure else "1"
        path = ABOVE.sub("1", self.path.replace("{id}", key))
        query = "?" + urlencode(self.called_with) if self.called_with else ""
        return path + query

    def curl(self, base: str) -> str:
        """The call as a curl command."""
        description = self.description
        lines = [f'curl -X {self.operation.method} "{base}{self.example_path}"']
        if self.operation.method == "GET":
            lines = [f'curl "{base}{self.example_path}"']
        if not self.operation.public:
            lines.append(f'-H "{description.header}: {description.scheme}${description.credential}"')
        if self.body is not None:
            lines += ['-H "Content-Type: application/json"', f"-d {quoted(compact(self.example))}"]
        return " \\\n  ".join(lines)

    @property
    def params(self) -> dict[str, Any]:
        """The named parameters of the JSON-RPC call."""
        keyed = {"id": 1} if KEY in self.operation.path else {}
        return keyed | dict(self.called_with) | (self.example if isinstance(self.example, dict) else {})

    def rpc_call(self) -> dict[str, Any]:
        """The call as JSON-RPC 2.0."""
        return {"jsonrpc": "2.0", "id": 1, "method": self.name, "params": self.params}

    def rpc_curl(self, base: str) -> str:
        """The JSON-RPC call as a curl command."""
        how = self.description
        secret = "" if self.operation.public else f'\n  -H "{how.header}: {how.scheme}${how.credential}" \\'
        return f'curl "{base}/" \\{secret}\n  -d {quoted(compact(self.rpc_call()))}'


def compact(value: Any) -> str:
    return orjson.dumps(value).decode()


def quoted(text: str) -> str:
    """The text quoted as one word of a shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def pretty(value: Any) -> str:
    """JSON with indentation."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


TAG = r'(W/)?"[!#-~\u0080-\u00ff]*"'
IDEMPOTENCY = ParameterDescription(
    "Idempotency-Key", "header",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~\u00a1-\u00ac\u00ae-\u00ff]+$"},
    "A repeated call with the same key gets the response of the first, for 24 hours",
)
IF_MATCH = ParameterDescription(
    "If-Match", "header", {"type": "string", "pattern": rf"^\s*(\*|\d+|{TAG}(\s*,\s*{TAG})*)\s*$"},
    "The ETag that was read: refused with 412 if it has changed",
)
IF_NONE_MATCH = ParameterDescription(
    "If-None-Match", "header", {"type": "string"}, "The ETag that was read: 304 if it has not changed"
)


@cache
def entries(name: str) -> tuple[Entry, ...]:
    """Every operation of a contract, as declared."""
    contract = PUBLISHED[name]
    return tuple(entry(contract, operation) for operation in contract.operations)


@cache
def groups(name: str) -> dict[str, list[Entry]]:
    """The entries by noun, in the order of declaration."""
    found: dict[str, list[Entry]] = {}
    for one in entries(name):
        found.setdefault(one.group, []).append(one)
    return found


def title_of(group: str) -> str:
    """A group as a heading."""
    words = " ".join(ACRONYMS.get(word, word) for word in group.split("-"))
    return words[:1].upper() + words[1:]


def entry(contract: Contract, operation: Operation) -> Entry:
    """The entry of one operation."""
    body, answer = body_of(operation), answer_of(contract.description, operation)
    return Entry(
        contract=contract, operation=operation, body=body.schema if body else None,
        example=body.example if body else None, answer=answer.schema, answered=answer.example,
        parameters=parameters(contract, operation), called_with=(operation.described or NOTHING).called_with,
        status=contract.created if operation.verb == "create" else 200,
    )


def body_of(operation: Operation) -> ExampleBody | None:
    """The request body, if there is one."""
    if operation.described is not None and operation.described.body is not None:
        return operation.described.body
    if not operation.takes_body or operation.exposure is None:
        return None
    return schemas.body(operation.exposure, new=operation.verb == "create")


# Parameters ----------------------------------------------------------------------------------------


def parameters(contract: Contract, operation: Operation) -> tuple[ParameterDescription, ...]:
    """The parameters of path, query and headers."""
    found = []
    exposure, described = operation.exposure, operation.described or NOTHING
    if KEY in operation.path:
        schema = identifier(exposure.prefix) if exposure and exposure.prefix else WHOLE
        found.append(ParameterDescription("id", "path", schema, required=True))
    found += [
        ParameterDescription(name, "path", WHOLE, required=True)
        for name in ABOVE.findall(operation.path.replace(KEY, ""))
    ]
    for name in operation.parameters:
        schema, about = _query(contract.description, exposure, name, described.query)
        found.append(ParameterDescription(name, "query", schema, about, name in described.required))
    found += contract.description.always
    if operation.method in contract.idempotent and operation.kept:
        found.append(IDEMPOTENCY)
    if contract.idempotent and exposure is not None and "version" in exposure.resource.listing.columns:
        found += [IF_MATCH] if operation.writes and KEY in operation.path else []
        found += [IF_NONE_MATCH] if operation.verb == "get" else []
    condition = IF_MATCH if operation.writes else IF_NONE_MATCH
    if described.versioned and condition not in found:
        found.append(condition)
    return tuple(found)


def _query(
    description: ContractDescription, exposure: Exposure | None, name: str, known: Mapping[str, Schema]
) -> tuple[Schema, str]:
    if exposure is None or name in known:
        return known.get(name, {"type": "string"}), ""
    if name == "sort":
        return {"type": "string", "enum": list(exposure.sorts)}, description.lists[name][1]
    if name == "order" and description.rpc:
        column = f"-?({'|'.join(exposure.sorts)})"
        schema = {"type": "string", "pattern": f"^{column}(,{column}){{0,4}}$"}
        return schema, f"{description.lists[name][1]}: {', '.join(exposure.sorts)}"
    if name in description.lists:
        return description.lists[name]
    return _filter(exposure, exposure.parameters[name]), "Only rows with it"


def _filter(exposure: Exposure, parameter: Parameter) -> Schema:
    if parameter.words is not None:
        return enumeration(word for word in parameter.words if isinstance(word, str))
    if parameter.prefix:
        return identifier(parameter.prefix)
    kind = exposure.resource.listing.filters[parameter.filter].kind
    if kind is list:
        return {"type": "array", "items": WHOLE}
    if kind is int:
        return WHOLE
    if kind == "amount":
        return {"type": "number", "minimum": 0, "maximum": LARGEST_AMOUNT}
    return {"type": "string", "maxLength": LONGEST_FILTER}
