"""Defines the field for quantities and percentages."""

from dataclasses import dataclass
from typing import Any

from blueprints.api.field import Convert, Field, Formats
from blueprints.api.json_schema import Schema
from models.money import ONE


@dataclass(frozen=True, kw_only=True)
class Decimals(Field):
    """A number with up to four decimals, stored in ten-thousandths; a whole one is written as an integer."""

    @property
    def source(self) -> str:
        return self.column or f"{self.name}_ten_thousandths"

    def convert(self, formats: Formats) -> Convert | None:
        return lambda value, _: (
            None if value is None else value / ONE if value % ONE else value // ONE
        )

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return {"type": "number"}
