"""Describes the Core API's conventions for its reference."""

from blueprints.api.description import WHOLE, ContractDescription, ExampleBody, ParameterDescription

ERROR = ExampleBody(
    {
        "title": "Error", "type": "object",
        "properties": {"error": {
            "title": "ErrorBody", "type": "object",
            "properties": {
                "code": {"type": "integer", "description": "Only for refused callers"},
                "message": {"type": "string"},
                "data": {"type": "object", "description": "The message of each wrong parameter"},
            },
            "required": ["message"],
        }},
        "required": ["error"],
    },
    {"error": {"message": "Invalid request", "data": {"name": "Is required"}}},
)


DESCRIPTION = ContractDescription(
    title="Core API",
    about="For programs of the operator on a private network, by REST and by JSON-RPC 2.0. Opened by users' tokens.",
    version="1", prefix="", header="X-Api-Key", scheme="", credential="TOKEN", opened_by="The API token of a user",
    lists={
        "limit": (WHOLE | {"maximum": 1000, "default": 20}, "Rows per response"),
        "offset": ({"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0}, "Rows to skip"),
        "order": ({"type": "string"}, "At most five columns separated by commas, with a minus for descending"),
    },
    error=ERROR,
    refusals={
        "400": "Some parameters are wrong; each is named",
        "401": "The credential is missing or unknown",
        "403": "The credential lacks permission, or its address is not allowed",
        "404": "The row does not exist, or belongs to another merchant",
        "409": "The Idempotency-Key was used for another request",
        "412": "The row was changed since it was read",
        "413": "The request is too large",
        "415": "The body is compressed by another method than gzip",
        "422": "It conflicts with the current state",
        "429": "Too many calls; see Retry-After",
        "500": "An unexpected error occurred",
        "503": "Temporarily unavailable; see Retry-After",
    },
    rpc=True,
    always=(ParameterDescription(
        "__tz", "query", {"type": "string", "format": "time-zone"},
        "The time zone of the times in this call and its answer, such as Europe/Madrid; may also stand in the body",
    ),),
    changes=ExampleBody({"type": "integer", "const": 1}, 1),
)
