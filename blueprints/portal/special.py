"""What the declarations cannot tell: bodies and answers of the operations that belong to no noun."""

from dataclasses import dataclass, field
from typing import Any

from blueprints.portal.schemas import Schema

TEXT: Schema = {"type": "string"}
DAY: Schema = {"type": "string", "description": "A day or a time; today when it is left out"}
CURRENCY: Schema = {"type": ["string", "integer"], "description": "ISO 4217, as code or as number"}
TOKEN: Schema = {
    "type": "object", "properties": {"token": TEXT, "expires_at": TEXT}, "required": ["token", "expires_at"],
}
RATE: Schema = {
    "type": "object", "properties": {"from": TEXT, "to": TEXT, "rate": {"type": "number"}, "dt": TEXT},
    "required": ["from", "to", "rate", "dt"],
}
SHOWN_RATE = {"from": "USD", "to": "EUR", "rate": 0.92, "dt": "2026-01-31"}
SHOWN_TOKEN = {"token": "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9…", "expires_at": "2026-01-31 13:00:00+0000"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Special:
    """One operation's body, query and answer, with examples."""

    body: Schema | None = None
    example: Any = None
    query: dict[str, Schema] = field(default_factory=dict)
    called_with: dict[str, Any] = field(default_factory=dict)      # an example of the query
    answer: Schema = field(default_factory=dict)
    answered: Any = None


CURRENCY_ROW = {
    "id": 978, "code": "EUR", "name": "Euro", "rates_precision": 6, "details_precision": 6, "totals_precision": 2,
    "is_base": True,
}
ROW_TYPES = {bool: "boolean", int: "integer", str: "string"}
CURRENCIES: Schema = {"type": "array", "items": {
    "type": "object", "properties": {name: {"type": ROW_TYPES[type(value)]} for name, value in CURRENCY_ROW.items()},
}}

SPECIAL = {
    "accounting.currencies.search": Special(answer=CURRENCIES, answered=[CURRENCY_ROW]),
    "webhooks.test": Special(
        body={"type": "object", "properties": {
            "event": {"type": "string", "minLength": 1, "maxLength": 100, "default": "webhook.test"},
            "data": {"description": "Whatever the receiver shall find in `data`"},
        }},
        example={"event": "webhook.test", "data": {"hello": "world"}},
        answer={"type": "object", "properties": {
            "message": TEXT, "timestamp": {"type": "string", "format": "date-time"}, "apiKey": TEXT,
            "deliveryId": {"type": ["string", "null"]}, "delivered": {"type": "boolean"},
            "statusCode": {"type": ["integer", "null"]},
        }},
        answered={
            "message": "delivered", "timestamp": "2026-01-31T12:00:00Z", "apiKey": "bk_live_jasT",
            "deliveryId": "delivery_1", "delivered": True, "statusCode": 200,
        },
    ),
    "accounting.currencies.get_rate": Special(
        query={"from": CURRENCY, "to": CURRENCY, "dt": DAY}, called_with={"from": "USD", "to": "EUR"}, answer=RATE,
        answered=SHOWN_RATE,
    ),
    "accounting.currencies.rates.create": Special(
        body={"type": "object", "properties": {
            "from": CURRENCY, "to": CURRENCY, "rate": {"type": "number", "exclusiveMinimum": 0}, "dt": DAY,
        }, "required": ["from", "to", "rate"]},
        example={"from": "USD", "to": "EUR", "rate": 0.92, "dt": "2026-01-31"}, answer=RATE, answered=SHOWN_RATE,
    ),
    "webhooks.rotate": Special(
        answer={"type": "object", "properties": {"id": {"type": "integer"}, "secret": TEXT, "previous_until_dt": TEXT}},
        answered={"id": 1, "secret": "whsec_…, told this once", "previous_until_dt": "2026-02-01 12:00:00+0000"},
    ),
    "iam.auth.jwt.authenticate": Special(
        body={"type": "object", "properties": {"login": TEXT, "password": {"type": "string", "format": "password"}},
              "required": ["login", "password"]},
        example={"login": "grace@example.org", "password": "a long and private sentence"}, answer=TOKEN,
        answered=SHOWN_TOKEN,
    ),
    "iam.auth.jwt.refresh": Special(body={"type": "object"}, example={}, answer=TOKEN, answered=SHOWN_TOKEN),
}
NOTHING = Special()
