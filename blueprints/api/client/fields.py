"""Defines the field of amounts that only the Client API has: as text."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.api.field import Field, Formats
from blueprints.api.field_map import Amount
from blueprints.api.json_schema import Schema

MONEY: Schema = {"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}


def shown(name: str, column: str = "") -> Field:
    """A value that is only read."""
    return Field(name=name, column=column, writable=False)


@dataclass(frozen=True, kw_only=True)
class Money(Amount):
    """An amount as text, which is only read."""

    writable: bool = False

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return MONEY

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return f"{row.get(self.name, 0):.2f}"
