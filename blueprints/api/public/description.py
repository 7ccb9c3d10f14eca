"""Describes the Public API's conventions for its reference."""

from blueprints.api.description import WHOLE, ContractDescription, ExampleBody
from blueprints.api.json_schema import Schema

VERSION = "1.4.0"
TEXT: Schema = {"type": "string"}
TIME: Schema = {"type": "string", "format": "date-time"}
META = ExampleBody(
    {
        "title": "Meta", "type": "object", "properties": {"requestId": TEXT, "timestamp": TIME},
        "required": ["requestId", "timestamp"],
    },
    {"requestId": "req_7f3kq2", "timestamp": "2026-01-31T12:00:00Z"},
)
PAGE = ExampleBody(
    {
        "title": "Page", "type": "object",
        "properties": {
            "page": {"type": "integer"}, "limit": {"type": "integer"}, "total": {"type": "integer"},
            "hasMore": {"type": "boolean"},
        },
        "required": ["page", "limit", "total", "hasMore"],
    },
    {"page": 1, "limit": 10, "total": 1, "hasMore": False},
)
FIELD_ERROR: Schema = {
    "title": "FieldError", "type": "object",
    "properties": {
        "field": {"type": "string", "description": "Its path, as it was sent"},
        "code": {"type": "string", "description": "Stays the same; codes may be added"},
        "message": {"type": "string"},
    },
    "required": ["field", "code", "message"],
}
ERROR = ExampleBody(
    {
        "title": "Error", "type": "object",
        "properties": {
            "error": TEXT | {"description": "A code for programs"},
            "message": TEXT | {"description": "A message for people"},
            "details": {
                "title": "ErrorDetails", "type": "object",
                "description": "The message of each wrong field, or what the error is about",
                "properties": {
                    "fields": {
                        "type": "array", "items": FIELD_ERROR, "description": "The wrong fields with their codes",
                    },
                },
            },
            "timestamp": TIME,
            "requestId": TEXT,
        },
        "required": ["error", "message", "details", "timestamp", "requestId"],
    },
    {
        "error": "validation_error", "message": "Some fields need attention.",
        "details": {
            "items[0].quantity": "must be greater than 0",
            "fields": [{"field": "items[0].quantity", "code": "range", "message": "must be greater than 0"}],
        },
        "timestamp": "2026-01-31T12:00:00Z",
        "requestId": "req_7f3kq2",
    },
)


def item(one: ExampleBody) -> ExampleBody:
    """One row with its meta data."""
    title = one.schema.get("title", "")
    whole: Schema = {
        "title": f"{title}Answer", "type": "object", "properties": {"data": one.schema, "meta": META.schema},
        "required": ["data", "meta"],
    }
    return ExampleBody(whole, {"data": one.example, "meta": META.example})


def collection(row: ExampleBody) -> ExampleBody:
    """A page of rows."""
    parts = {"data": {"type": "array", "items": row.schema}, "pagination": PAGE.schema, "meta": META.schema}
    whole: Schema = {
        "title": f"{row.schema.get('title', '')}List", "type": "object", "properties": parts, "required": list(parts),
    }
    return ExampleBody(whole, {"data": [row.example], "pagination": PAGE.example, "meta": META.example})


DESCRIPTION = ContractDescription(
    title="Public API",
    about="Server to server, for programs of one merchant. Opened by API keys.",
    version=VERSION, prefix="/v1/api/public", header="Authorization", scheme="Bearer ", credential="KEY",
    opened_by="An API key",
    lists={
        "page": (WHOLE | {"maximum": 999_999_999, "default": 1}, "The page, from 1"),
        "limit": (WHOLE | {"maximum": 999_999_999, "default": 10}, "Rows per page; more than 100 count as 100"),
        "search": ({"type": "string", "maxLength": 200}, "Words that the rows contain"),
        "createdAfter": (TIME, "Created at this time or later; a day means its first instant"),
        "createdBefore": (TIME, "Created at this time or earlier; a day means its last instant"),
        "sort": ({"type": "string"}, "What to sort by; createdAt when left out"),
        "order": ({"type": "string", "enum": ["asc", "desc"]}, "The direction; newest first without sort"),
    },
    item=item, collection=collection, error=ERROR,
    refusals={
        "400": "The request cannot be read, or a query parameter is wrong",
        "401": "The credential is missing or unknown",
        "402": "The key's customer has an unpaid invoice: `details.payUrl` is where it is paid",
        "403": "The credential lacks permission, or its address is not allowed",
        "404": "The row does not exist, or belongs to another merchant",
        "409": "It conflicts with the current state",
        "412": "The row was changed since it was read",
        "413": "The request is too large",
        "415": "The content type is not JSON, or the body is compressed by another method than gzip",
        "422": "Some fields are wrong; each is named",
        "429": "Too many calls; see Retry-After",
        "500": "An unexpected error occurred",
        "503": "Temporarily unavailable; see Retry-After",
    },
)
