"""Defines the fields of metered products and orders: tiers, and the calls that are billed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.api.field import Convert, Field, Formats, Known, Problems
from blueprints.api.field_map import Amount, Price
from blueprints.api.field_parts import Many, One
from blueprints.api.json_schema import Schema, nullable

TIER = {
    "up_to": Field(name="up_to"),
    "unit_price": Price(name="unit_price"),
    "flat_amount": Amount(name="flat_amount"),
}
SHOWN_TIER: Schema = {
    "title": "Tier", "type": "object",
    "properties": {
        "up_to": {"type": ["integer", "null"]}, "unit_price": {"type": "number"}, "flat_amount": {"type": "number"},
    },
    "required": ["up_to", "unit_price", "flat_amount"],
}
CALLS = {
    "keys_ids": Field(name="key_ids", refers="API key"),
    **{name: Field(name=name) for name in ("contracts", "endpoints", "methods", "status_classes", "sources")},
}
NUMBERS = ("keys_ids", "status_classes")
SHOWN_CALLS: Schema = {
    "title": "Calls", "type": "object",
    "properties": {
        name: {"type": "array", "items": {"type": "integer" if name in NUMBERS else "string"}} for name in CALLS
    },
    "required": list(CALLS),
}
Shower = Callable[[Any, Mapping[str, Any]], Any]


@dataclass(frozen=True, kw_only=True)
class Tiers(Field):
    """Tiers: objects in a list, all in one column of the row."""

    @property
    def parts(self) -> Many:
        """The list as it is sent."""
        return Many(name=self.name, fields=TIER)

    def convert(self, formats: Formats) -> Convert | None:
        price, amount = formats.price, formats.amount

        def show(tier: Mapping[str, Any], currency: str) -> dict[str, Any]:
            return {
                "up_to": tier["up_to"], "unit_price": price(tier["unit_price_micro"], currency),
                "flat_amount": amount(tier["flat_minor"], currency),
            }

        return lambda tiers, row: [show(one, row.currency) for one in tiers or ()]

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        return self.parts.take(value, path, problems)

    def word(self, rest: str) -> str:
        return self.parts.word(rest)

    def schema(self, known: Known, *, writing: bool) -> Schema:
        return self.parts.schema(known, writing=True) if writing else {"type": "array", "items": SHOWN_TIER}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return row.get(self.name, [])


@dataclass(frozen=True, kw_only=True)
class Calls(One):
    """Which calls a line bills; null in an order that is not metered."""

    @property
    def source(self) -> str:
        return "metered"

    def convert(self, formats: Formats) -> Convert | None:
        return lambda terms, _: None if terms is None else {
            wire: terms["calls"][one.name] for wire, one in self.fields.items()
        }

    def shower(self, formats: Formats) -> Shower | None:      # type: ignore[override]
        return None

    def schema(self, known: Known, *, writing: bool) -> Schema:
        return nullable(super().schema(known, writing=True) if writing else SHOWN_CALLS)

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return row.get(self.name)
