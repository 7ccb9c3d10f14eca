"""Examples of bodies and answers: one sample of each noun in the domain's words, told in each contract's."""

from collections.abc import Mapping
from typing import Any

from blueprints.api.contract import Exposure
from blueprints.api.core.fields import CurrencyNumber
from blueprints.api.field_map import Field, Fields, Ident, Many, Moment, One, Words
from blueprints.portal.schemas import Schema
from domain.validators import currency_numbers

DATED = ("created_at", "updated_at", "due_at", "started_at")           # moments that every row has
LATER = "2035-12-31T12:00:00Z"
ITEM = {
    "description": "Consulting, by the hour", "quantity": 8, "unit_price": 120, "tax": 201.6, "discount": 0,
    "total": 1161.6,
}
SAMPLES: dict[str, dict[str, Any]] = {
    "customer": {
        "merchant_id": 1, "name": "Ada Lovelace", "email": "ada@example.org", "phone": "+44 20 7946 0000",
        "organisation": "Analytical Engines Ltd", "currency": "EUR", "archived": False, "status": "active",
        "billing_address": {
            "street": "12 St James's Square", "city": "London", "state": "England", "postal_code": "SW1Y 4JH",
            "country": "GB",
        },
        "billing_street": "12 St James's Square", "billing_country": "GB", "timezone": "Europe/London",
        "credit_limit": 500,
    },
    "product": {
        "merchant_id": 1, "name": "Desk lamp", "description": "Brass, with a green shade", "price": 49.9,
        "currency": "EUR", "sku": "LAMP-1", "category": "Lighting", "unit": "piece", "kind": "PRODUCT",
    },
    "budget": {
        "merchant_id": 1, "customer_id": 1, "currency": "EUR", "valid_until": LATER, "notes": "Valid for 30 days",
        "items": [ITEM], "subtotal": 960, "tax": 201.6, "discount": 0, "total": 1161.6, "status": "PENDING",
        "customer_name": "Ada Lovelace", "customer_email": "ada@example.org",
    },
    "merchant": {
        "active": True, "name": "Alder & Sons", "currency": "EUR", "timezone": "Europe/Madrid",
        "legal_name": "Alder & Sons SL",
    },
    "user": {
        "email": "grace@example.org", "password": "a long and private sentence", "name": "Grace Hopper",
        "active": True, "role": "normal_user", "merchant_ids": [1], "api_access": True, "timezone": "Europe/Madrid",
    },
    "API key": {
        "merchant_id": 1, "name": "Web shop", "scopes": ["READ_CUSTOMERS", "WRITE_CUSTOMERS"],
        "rate_limit_per_hour": 1000, "allowed_ips": ["203.0.113.0/24"],
    },
    "webhook endpoint": {
        "merchant_id": 1, "url": "https://hooks.example.com/countinghouse", "description": "The shop",
        "events": ["budget.approved", "customer.created"], "failures_in_row": 0,
    },
}
# What a creation leaves to the program, and what a change changes.
LEFT_OUT = {"status", "archived", "tax", "discount", "active"}
CHANGES = {
    "customer": ("phone",), "product": ("price",), "budget": ("notes",), "merchant": ("legal_name",), "user": ("name",),
    "API key": ("rate_limit_per_hour",), "webhook endpoint": ("description",),
}


def body(exposure: Exposure, *, new: bool) -> dict[str, Any]:
    """A body that the contract takes."""
    sample = SAMPLES.get(exposure.resource.noun, {})
    if not new:
        sample = {name: sample[name] for name in CHANGES.get(exposure.resource.noun, ()) if name in sample}
    return written(exposure.fields, sample)


def written(fields: Fields, sample: Mapping[str, Any]) -> dict[str, Any]:
    """The sample's writable part in a contract's words."""
    return {
        wire: told(one, sample[one.name], writing=True) for wire, one in fields.items()
        if one.writable and one.name in sample and one.name not in LEFT_OUT
    }


def told(one: Field, value: Any, *, writing: bool = False) -> Any:
    """A value in a contract's words."""
    if isinstance(one, Ident):
        return f"{one.prefix}{value}"
    if isinstance(one, One):
        return written(one.fields, value)
    if isinstance(one, Many):
        return [written(one.fields, part) for part in value]
    if isinstance(one, Words):
        return (one.words if writing or not one.shown else one.shown).get(value, value)
    return currency_numbers()[value] if isinstance(one, CurrencyNumber) else value


def answer(exposure: Exposure, schema: Schema) -> dict[str, Any]:
    """A row as the contract shows it."""
    sample = SAMPLES.get(exposure.resource.noun, {})
    return shown(exposure.fields, schema, sample, exposure.contract.formats.moment)


def shown(fields: Fields, schema: Schema, sample: Mapping[str, Any], moment: Any) -> dict[str, Any]:
    """An object with the sample's values, and plausible ones where it has none."""
    return {
        wire: _value(fields[wire], part, sample, moment) for wire, part in schema["properties"].items()
    }


def _value(one: Field, schema: Schema, sample: Mapping[str, Any], moment: Any) -> Any:
    if isinstance(one, Moment) and one.name in DATED:
        return "2026-01-31 12:00:00+0000" if moment else "2026-01-31T12:00:00Z"
    if isinstance(one, One):
        return shown(one.fields, schema, sample.get(one.name, sample), moment)
    if isinstance(one, Many):
        parts = sample.get(one.name) or [{}]
        return [shown(one.fields, schema["items"], part, moment) for part in parts]
    if one.name in sample and not (isinstance(one, Words) and one.shown):
        return told(one, sample[one.name])
    if isinstance(one, Ident) and "null" not in schema["type"]:
        return f"{one.prefix}1"
    return True if one.name == "active" else plausible(schema)


def plausible(schema: Schema) -> Any:
    """A value of the schema."""
    kind = schema.get("type")
    if "enum" in schema:
        return schema["enum"][0]
    if isinstance(kind, list) and "null" in kind:
        return None
    values: dict[Any, Any] = {
        "integer": 1, "number": 0, "boolean": False, "array": [], "object": {}, "string": "text",
    }
    return values.get(kind)
