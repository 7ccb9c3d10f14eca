"""Describes the Merchant API's conventions for its reference."""

from blueprints.api.description import WHOLE, ContractDescription, ExampleBody

ERROR = ExampleBody(
    {
        "title": "Errors", "type": "object",
        "additionalProperties": {"type": "array", "items": {"type": "string"}, "minItems": 1},
        "description": "The messages of each wrong attribute; base is the whole request",
    },
    {"phone": ["is invalid"]},
)


DESCRIPTION = ContractDescription(
    title="Merchant API",
    about="A merchant's customers, products and orders. Opened by the API token of a user with API access, who may do "
          "what the role allows. Bodies are JSON or form data with brackets, such as customer[first_name]=Ada.",
    version="1", prefix="/api/v1", header="Authorization", scheme="Bearer ", credential="API_TOKEN",
    opened_by="The API token of a user with API access",
    lists={
        "page": (WHOLE | {"default": 1}, "The page, from 1 on; X-Total-Pages is the last one"),
        "per_page": (WHOLE | {"default": 25}, "Rows per page; what is above 100 is read as 100"),
        "preview": ({"type": "string", "enum": ["true", "false"]}, "true: only show what would be paid, store nothing"),
        "profile_id": (WHOLE, "The merchant profile; required if the user has several"),
    },
    error=ERROR,
    refusals={
        "400": "The request cannot be read, or a query parameter is wrong",
        "401": "The token is missing or unknown, or its user has no API access",
        "403": "The role lacks permission, or the merchant profile or the address is not allowed",
        "404": "The row does not exist, or belongs to another merchant",
        "405": "The address does not support the method",
        "409": "The Idempotency-Key was used for another request",
        "412": "The row was changed since it was read",
        "413": "The request is too large",
        "415": "The body is packed in another way than gzip",
        "422": "Some attributes are wrong; each is named",
        "429": "Too many calls; see Retry-After",
        "500": "An unexpected error occurred",
        "503": "Temporarily unavailable; see Retry-After",
    },
)
