"""Writes money as text, for contracts whose amounts are no JSON numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from blueprints.api.field import Formats
from blueprints.api.field_map import Amount, Price
from blueprints.api.json_schema import Schema, nullable
from models.money import exponent, from_micro

MONEY: Schema = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}
SENT_MONEY: Schema = {"type": ["string", "number"], "pattern": r"^\d+(\.\d+)?$"}


def amount(minor: int | None, currency: str) -> str | None:
    """Minor units as text, with the decimals of the currency."""
    places = exponent(currency)
    return None if minor is None else f"{Decimal(minor).scaleb(-places):.{places}f}"


def price(micro: int | None, least: int) -> str | None:
    """A unit price as text, with all its decimals and at least so many."""
    if micro is None:
        return None
    whole, _, decimals = f"{from_micro(micro):.6f}".partition(".")
    kept = decimals.rstrip("0").ljust(least, "0")
    return f"{whole}.{kept}" if kept else whole


@dataclass(frozen=True, kw_only=True)
class Money(Amount):
    """An amount as text."""

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return nullable(SENT_MONEY) if "null" in base.get("type", ()) else SENT_MONEY

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return MONEY

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        value = row.get(self.name, 0)
        return None if value is None else f"{value:.2f}"


@dataclass(frozen=True, kw_only=True)
class UnitPrice(Price):
    """A unit price as text."""

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return nullable(SENT_MONEY) if "null" in base.get("type", ()) else SENT_MONEY

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return MONEY

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return f"{row.get(self.name, 0):.2f}"
