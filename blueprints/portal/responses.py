"""Lists the possible responses of an operation: every status, with its headers."""

from typing import Any

from blueprints.api.contract import Contract
from blueprints.api.json_schema import Schema
from blueprints.api.requests import unknown_names
from blueprints.api.requests.unknown_names import UnknownNames
from blueprints.portal.entries import Entry

JSON = "application/json"
WHOLE: Schema = {"type": "integer", "minimum": 0}
FILE: Schema = {"type": "string", "contentMediaType": "application/octet-stream"}


def _header(schema: Schema, about: str) -> dict[str, Any]:
    return {"schema": schema, "description": about}


HEADERS: dict[str, dict[str, Any]] = {
    "X-Request-Id": _header({"type": "string"}, "The request id in the log; include it in questions about a call"),
    "X-RateLimit-Limit": _header(WHOLE, "Calls allowed in the window"),
    "X-RateLimit-Remaining": _header(WHOLE, "Calls left in the window"),
    "X-RateLimit-Reset": _header(WHOLE, "When the next call is allowed, in Unix seconds"),
    "X-RateLimit-Window": _header(WHOLE, "The window in seconds"),
    "RateLimit": _header({"type": "string"}, "What is left of each of several windows: r calls, the next in t seconds"),
    "RateLimit-Policy": _header({"type": "string"}, "Each of several windows: q calls in w seconds"),
    "ETag": _header({"type": "string"}, "The version of the row, for If-Match"),
    "Idempotent-Replayed": _header({"type": "string", "enum": ["true"]}, "The response of an earlier call"),
    "Retry-After": _header(WHOLE, "Seconds until the same call may succeed"),
    "WWW-Authenticate": _header({"type": "string"}, "How the credential is sent"),
    "Accept-Encoding": _header({"type": "string"}, "The content codings of a body that are read"),
    "Allow": _header({"type": "string"}, "The methods that the address supports"),
    "X-Ignored-Parameters": _header({"type": "string"}, "Names that were sent and are not known"),
    "Content-Disposition": _header({"type": "string"}, "The name of the file"),
    "Deprecation": _header({"type": "string"}, "The time of deprecation: @ and Unix time"),
}
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-RateLimit-Window")
SEVERAL_LIMITS = ("RateLimit", "RateLimit-Policy")
OF_STATUS = {
    "401": ("WWW-Authenticate",), "405": ("Allow",), "415": ("Accept-Encoding",), "429": ("Retry-After",),
    "503": ("Retry-After",),
}
WITHOUT_LIMITS = ("401",)


def limits_of(contract: Contract) -> tuple[str, ...]:
    """The headers that tell of rate limits."""
    return (*LIMITS, *(SEVERAL_LIMITS if contract.several_limits else ())) if contract.limited else ()


def named_headers(contract: Contract) -> dict[str, Any]:
    """Every header of a contract, to be referred to."""
    return HEADERS | {name: _header(WHOLE, about) for name, about in contract.list_headers.items()}


def headers(*names: str) -> dict[str, Any]:
    """References to headers."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *names)}


def refusal(contract: Contract, code: str, text: str, error: Schema) -> dict[str, Any]:
    """An error response's description, headers and schema."""
    counted = contract.counts_addresses or code not in WITHOUT_LIMITS
    limits = limits_of(contract) if counted else ()
    ignored = (unknown_names.HEADER,) if contract.unknown_names is UnknownNames.IGNORED else ()
    deprecation = ("Deprecation",) if contract.deprecated_since else ()
    return {
        "description": text, "headers": headers(*OF_STATUS.get(code, ()), *limits, *ignored, *deprecation),
        "content": {JSON: {"schema": error}},
    }


def responses(one: Entry) -> dict[str, Any]:
    """All responses of the operation."""
    media = one.operation.media
    content = {media: {"schema": FILE}} if media else {JSON: {"schema": one.answer, "example": one.answered}}
    success = {"description": "Done", "headers": headers(*headers_of(one)), "content": content}
    known = [code for code in codes_of(one) if code in one.description.refusals]
    found = {str(one.status): success}
    if any(named.name == "If-None-Match" for named in one.parameters):
        found["304"] = {"description": "Not changed since", "headers": headers(*headers_of(one))}
    return found | {
        code: {"$ref": f"#/components/responses/Refused{code}"} for code in sorted(set(known))
    }


def headers_of(one: Entry) -> list[str]:
    """The headers of a response."""
    operation = one.operation
    counted = one.contract.counts_addresses or not operation.public
    found = list(limits_of(one.contract)) if counted else []
    actions = operation.exposure.resource.actions if operation.exposure is not None else {}
    is_row = operation.verb in ("get", "create", "update", *actions) and one.shows_version
    found += ["ETag"] if is_row or (operation.described is not None and operation.described.versioned) else []
    found += ["Idempotent-Replayed"] if any(named.name == "Idempotency-Key" for named in one.parameters) else []
    found += one.contract.list_headers if operation.verb == "list" else ()
    found += ["Content-Disposition"] if operation.media else []
    found += [unknown_names.HEADER] if one.contract.unknown_names is UnknownNames.IGNORED else []
    return found + (["Deprecation"] if one.contract.deprecated_since else [])


def codes_of(one: Entry) -> list[str]:
    """The error statuses of the operation."""
    operation = one.operation
    found = ["400", "401", "402", "403", "413", "429", "500", "503"]
    found += ["404"] if "{" in one.path else []
    found += ["415"] if operation.takes_body else []
    found += ["409", "422"] if operation.writes or operation.takes_body else []
    found += operation.described.refused_with if operation.described else ()
    return found + (["412"] if any(named.name == "If-Match" for named in one.parameters) else [])
