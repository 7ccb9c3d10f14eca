"""Describes the Core API's conventions for its reference."""

from blueprints.api.description import WHOLE, Manners, Told
from blueprints.api.json_schema import Schema

ERROR = Told(
    {
        "title": "Error", "type": "object",
        "properties": {"error": {
            "title": "ErrorBody", "type": "object",
            "properties": {
                "code": {"type": "integer", "description": "Only where nobody was let in"},
                "message": {"type": "string"},
                "data": {"type": "object", "description": "What is wrong with which parameter"},
            },
            "required": ["message"],
        }},
        "required": ["error"],
    },
    {"error": {"message": "Invalid request", "data": {"name": "Is required"}}},
)


def item(one: Told) -> Told:
    """One row without an envelope."""
    return one


def collection(row: Told) -> Told:
    """Rows without an envelope."""
    rows: Schema = {"type": "array", "items": row.schema}
    return Told(rows, [row.example])


MANNERS = Manners(
    title="Core API",
    about="For programs of the operator on a private network, by REST and by JSON-RPC 2.0. Opened by users' tokens.",
    version="1", prefix="", header="X-Api-Key", scheme="", credential="TOKEN", opened_by="The API token of a user",
    lists={
        "limit": (WHOLE | {"maximum": 1000, "default": 20}, "Rows of an answer"),
        "offset": ({"type": "integer", "minimum": 0, "maximum": 10**9, "default": 0}, "Rows to skip"),
        "order": ({"type": "string"}, "Columns with commas between, a minus before those that descend"),
    },
    item=item, collection=collection, error=ERROR,
    refusals={
        "400": "Some parameters are wrong; each is named",
        "401": "No credential, or one that nobody has",
        "403": "The credential may not do this, or not from here",
        "404": "There is no such row, or it is not yours",
        "412": "The row was changed since it was read",
        "413": "More than is taken in one request",
        "422": "It clashes with what is there",
        "429": "Too many calls; Retry-After says when to come back",
        "500": "Something broke on our side",
        "503": "Not now; Retry-After says when to come back",
    },
    rpc=True,
    changes=Told({"type": "integer", "const": 1}, 1),
)
