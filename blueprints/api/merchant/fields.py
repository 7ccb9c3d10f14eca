"""Defines fields that only the Merchant API has: values as text, and phone numbers that are checked strictly."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from blueprints.api import money_text
from blueprints.api.field import SKIP, Convert, Field, Formats, Problems
from blueprints.api.field_map import Day
from blueprints.api.json_schema import Schema, nullable, stored
from blueprints.api.money_text import MONEY, amount
from domain.errors import Problem
from models.money import MICRO, ONE

BLANK = Problem("blank", "can't be blank")


def price(micro: int | None, currency: str) -> str | None:
    """A unit price as text, with all its decimals and at least two."""
    return money_text.price(micro, 2)


@dataclass(frozen=True, kw_only=True)
class Computed(Field):
    """An amount that the domain computes from the row, as text."""

    compute: Callable[[Any], int | None]
    writable: bool = False

    @property
    def source(self) -> str:
        return "currency"

    def convert(self, formats: Formats) -> Convert | None:
        compute = self.compute
        return lambda currency, row: amount(compute(row), currency)

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return nullable(MONEY)

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return f"{row.get(self.name, 0):.2f}"


@dataclass(frozen=True, kw_only=True)
class Percent(Field):
    """A percentage as text, with at least two decimals."""

    @property
    def source(self) -> str:
        return self.column or f"{self.name}_ten_thousandths"

    def convert(self, formats: Formats) -> Convert | None:
        return lambda value, _: None if value is None else price(value * MICRO // ONE, "")

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return MONEY

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return f"{row.get(self.name, 0):.2f}"


@dataclass(frozen=True, kw_only=True)
class OrNull(Field):
    """A value of another row, which may be absent."""

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return nullable(stored(column, base))


@dataclass(frozen=True, kw_only=True)
class WholeText(Field):
    """A whole number as text, such as an interval."""

    def convert(self, formats: Formats) -> Convert | None:
        return lambda value, _: None if value is None else str(value)

    def taken(self, base: Schema, formats: Formats) -> Schema:
        found: Schema = {"type": ["string", "integer"], "pattern": r"^[1-9]\d{0,2}$"}
        return nullable(found) if "null" in base.get("type", ()) else found

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return {"type": "string", "pattern": r"^\d+$"}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        value = row.get(self.name)
        return None if value is None else str(value)


@dataclass(frozen=True, kw_only=True)
class Filled(Field):
    """A text that may not be blank."""

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        if isinstance(value, str) and not value.strip():
            problems[path] = BLANK
            return SKIP
        return value


@dataclass(frozen=True, kw_only=True)
class DayText(Day):
    """A day, written as 31/01/2026 or 2026-01-31, shown as the latter."""

    def taken(self, base: Schema, formats: Formats) -> Schema:
        found: Schema = {
            "type": "string", "pattern": r"^(\d\d/\d\d/\d{4}|\d{4}-\d\d-\d\d)$", "examples": ["12/05/1995"],
            "description": "DD/MM/YYYY or YYYY-MM-DD",
        }
        return nullable(found) if "null" in base.get("type", ()) else found

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        value: date | None = row.get(self.name)
        return None if value is None else value.isoformat()


@dataclass(frozen=True, kw_only=True)
class Phone(Field):
    """A phone number with its country code and as many digits as that country has, stored as E.164."""

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, str) or not value.strip():
            return None if isinstance(value, str) else value
        found = e164(value)
        if found is None:
            problems[path] = Problem("invalid", "is invalid")
            return SKIP
        return found

    def taken(self, base: Schema, formats: Formats) -> Schema:
        said = "With the country code: +44 20 7946 0000"
        return base | {"pattern": r"^(\+[0-9 ()./-]{6,30}|\s*)$", "description": said}


def e164(text: str) -> str | None:
    """A phone number in the form of E.164; None unless its length is possible in its country."""
    import phonenumbers  # its tables take long to load, and only writes need them

    try:
        number = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE or number.extension:
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
