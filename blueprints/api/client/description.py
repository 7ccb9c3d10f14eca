"""Describes the Client API's conventions for its reference."""

from typing import Any

from blueprints.api.description import WHOLE, ContractDescription, ExampleBody

ERROR = ExampleBody(
    {
        "title": "Error", "type": "object", "required": ["error", "code"],
        "properties": {
            "error": {"type": "string", "description": "What is wrong, for a person"},
            "code": {"type": "integer", "description": "The HTTP status"},
            "pay_url": {"type": "string", "format": "uri", "description": "Where the unpaid invoice is paid"},
        },
    },
    {"error": "Missing required field: subject", "code": 422},
)


def rows(row: ExampleBody) -> ExampleBody:
    """A list in its envelope."""
    properties: dict[str, Any] = {
        "data": {"type": "array", "items": row.schema}, "count": {"type": "integer", "description": "Rows in data"},
        **{name: {"type": "integer"} for name in ("total", "page", "limit", "pages")},
    }
    title = row.schema["title"].removesuffix("InList") + "List"
    schema = {"title": title, "type": "object", "required": ["data", "count"], "properties": properties}
    return ExampleBody(schema, {"data": [row.example], "count": 1})


DESCRIPTION = ContractDescription(
    title="Client API",
    about="A customer's own data: profile, services, invoices and tickets. Opened by the token that the merchant makes "
          "on the customer's page. The token may also be sent as the query parameter api_token.",
    version="1.0", prefix="/api/v1", header="Authorization", scheme="Bearer ", credential="CLIENT_TOKEN",
    opened_by="A customer's API token", in_query="api_token",
    lists={
        "page": (WHOLE | {"maximum": 10**9 - 1, "default": 1}, "The page, from 1 on"),
        "limit": (WHOLE | {"maximum": 10**9 - 1, "default": 20}, "Rows per page; 100 at most"),
    },
    collection=rows,
    error=ERROR,
    refusals={
        "400": "The request cannot be read, or a value is invalid",
        "401": "The token is missing or invalid",
        "402": "An invoice is unpaid: `pay_url` is where it is paid. Invoices and tickets stay open",
        "403": "The row belongs to another customer, or the account may only read",
        "404": "The row does not exist",
        "405": "The address does not support the method",
        "409": "The request conflicts with the present state",
        "412": "The row was changed since it was read",
        "413": "The request is too large",
        "415": "The body is packed in another way than gzip",
        "422": "A required field is missing",
        "429": "Too many calls from this address; see Retry-After",
        "500": "An unexpected error occurred",
        "503": "Temporarily unavailable; see Retry-After",
    },
)
