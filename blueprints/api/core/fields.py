"""Defines fields that only the Core API has: currencies by number, and numbers with a single error."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from blueprints.api.field import SKIP, Convert, Field, Formats, Problems
from blueprints.api.field_map import Amount
from blueprints.api.json_schema import Schema, nullable
from domain.errors import Problem
from domain.inputs.validators import currency_numbers, is_whole
from models.money import ONE


@dataclass(frozen=True, kw_only=True)
class CurrencyNumber(Field):
    """A currency by its ISO number; written by number or code."""

    def convert(self, formats: Formats) -> Convert | None:
        numbers = currency_numbers()
        return lambda value, _: numbers.get(value)

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        if value is None or isinstance(value, str):
            return value
        known = {number: code for code, number in currency_numbers().items()}
        value = int(value) if isinstance(value, Decimal) and is_whole(value) else value
        if isinstance(value, bool) or not isinstance(value, int) or value not in known:
            problems[path] = Problem("unknown", "must be a known currency")
            return SKIP
        return known[value]

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return {"type": ["integer", "string"], "description": "ISO 4217, as number or as code"}

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return {"type": "integer"}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return currency_numbers()[row.get(self.name, "EUR")]


@dataclass(frozen=True, kw_only=True)
class Number(Amount):
    """Money whose only error is that it must be a number, as specified."""

    signed: bool = False

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
        if value is None and self.signed:
            return None
        if not is_number or (value < 0 and not self.signed):
            problems[path] = Problem("type", "must be a number")
            return SKIP
        return value


@dataclass(frozen=True, kw_only=True)
class PlannedChange(Field):
    """The change of plan that an order waits for."""

    def convert(self, formats: Formats) -> Convert | None:
        def write(value: Any, _: Any) -> Any:
            if value is None:
                return None
            line = value["line"]
            return {
                "products_id": line["product_id"], "quantity": line["quantity_ten_thousandths"] / ONE,
                "scheduled_unit": value["interval_unit"], "scheduled_interval": value["interval_count"],
            }

        return write

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return nullable({
            "title": "PlannedPlanChange", "type": "object", "properties": {
                "products_id": {"type": "integer"}, "quantity": {"type": "number"},
                "scheduled_unit": {"type": "string"}, "scheduled_interval": {"type": "integer"},
            },
        })

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return None
