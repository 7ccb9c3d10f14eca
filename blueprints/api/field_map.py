"""Defines the kinds of fields that contracts have.

Contracts format moments and money through `Formats`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Any

from blueprints.api.field import SKIP, Convert, Field, Formats, Known, Problems
from blueprints.api.json_schema import Schema, enumeration, identifier, nullable, plausible, stored
from domain.errors import Problem
from domain.inputs.schema_facts import decimals
from domain.listing import LARGEST_ID
from models.money import EXPONENTS, Money

MOST_DECIMALS = max(EXPONENTS.values())              # of any currency
EXAMPLE_MOMENT = datetime(2026, 1, 31, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Moment(Field):
    """A point in time."""

    def convert(self, formats: Formats) -> Convert | None:
        write = formats.moment
        return None if write is None else lambda value, _: None if value is None else write(value)

    def taken(self, base: Schema, formats: Formats) -> Schema:
        schema = formats.moment_taken or formats.moment_schema
        return nullable(schema) if "null" in base.get("type", ()) else schema

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return formats.moment_schema

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        value = row.get(self.name)
        if value is None and "null" in schema["type"]:
            return None
        return (value or EXAMPLE_MOMENT).strftime(formats.moment_form)


@dataclass(frozen=True, kw_only=True)
class Day(Field):
    """A calendar day."""

    def convert(self, formats: Formats) -> Convert | None:
        write = formats.day
        return None if write is None else lambda value, _: None if value is None else write(value)

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return {"type": "string", "format": "date"}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        value: date | None = row.get(self.name)
        return plausible(schema) if value is None else value.isoformat()


@dataclass(frozen=True, kw_only=True)
class Amount(Field):
    """Money: minor units in the domain, the contract's format outside; `currency` names its column."""

    currency: str = "currency"

    @property
    def source(self) -> str:
        return self.column or f"{self.name}_minor"

    def convert(self, formats: Formats) -> Convert | None:
        beside, write = self.currency, formats.amount
        return lambda value, row: write(value, getattr(row, beside))

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return base | decimals(MOST_DECIMALS) | {"description": "With as many decimals as the currency has"}

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return {"type": "number"}


@dataclass(frozen=True, kw_only=True)
class Sum(Amount):
    """An amount that is shown together with the same of the row's parts; `part` is the column that is written."""

    part: str

    def written(self, row: Any) -> Any:
        """The part of the shown sum that was written, as a caller would send it."""
        return Money(getattr(row, self.part), getattr(row, self.currency)).decimal

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return base | {"description": "Added to those of the parts; the sum that was read, sent back, changes nothing"}


@dataclass(frozen=True, kw_only=True)
class Price(Field):
    """A unit price, in millionths in the domain."""

    currency: str = "currency"

    @property
    def source(self) -> str:
        return self.column or f"{self.name}_micro"

    def convert(self, formats: Formats) -> Convert | None:
        beside, write = self.currency, formats.price
        return lambda value, row: write(value, getattr(row, beside))

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return base | decimals(6)

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return {"type": "number"}


@dataclass(frozen=True, kw_only=True)
class Key(Field):
    """A reference by number."""

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return base or {"type": "integer", "minimum": 1, "maximum": LARGEST_ID}

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return {"type": "integer"}


@dataclass(frozen=True, kw_only=True)
class Ident(Field):
    """A reference as prefix and number: customer_12."""

    prefix: str

    def convert(self, formats: Formats) -> Convert | None:
        prefix = self.prefix
        return lambda value, _: None if value is None else f"{prefix}{value}"

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        if value is None:
            return None
        key = number_after(self.prefix, value)
        if key is None:
            problems[path] = Problem("invalid", f"must be an id such as {self.prefix}123")
            return SKIP
        return key

    def taken(self, base: Schema, formats: Formats) -> Schema:
        found = identifier(self.prefix)
        return nullable(found) if "null" in base.get("type", ()) else found

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return identifier(self.prefix)

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        value = row.get(self.name, None if "null" in schema["type"] else 1)
        return None if value is None else f"{self.prefix}{value}"


def number_after(prefix: str, value: Any) -> int | None:
    """12 of "customer_12"; None for anything else."""
    if not isinstance(value, str):
        return None
    found = _pattern(prefix).fullmatch(value)
    key = int(found[1]) if found else 0
    return key if 0 < key <= LARGEST_ID else None


@cache
def _pattern(prefix: str) -> re.Pattern[str]:
    return re.compile(re.escape(prefix) + r"([1-9]\d{0,18})", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Words(Field):
    """A closed set of values that the contract names differently: domain value to contract value."""

    words: Mapping[Any, Any]
    shown_words: Mapping[str, Any] | None = None    # when more values are shown than can be written

    def convert(self, formats: Formats) -> Convert | None:
        words = self.shown_words or self.words        # enumeration members equal their text
        return lambda value, _: words[value]

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        for inside, outside in self.words.items():
            if type(value) is type(outside) and value == outside:
                return inside
        known = ", ".join(str(one).lower() if isinstance(one, bool) else str(one) for one in self.words.values())
        problems[path] = Problem("inclusion", f"must be one of {known}")
        return SKIP

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return enumeration(self.words.values())

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        return enumeration((self.shown_words or self.words).values())

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        if writing or not self.shown_words:
            return self.words.get(row.get(self.name), plausible(schema))
        return self.shown_words.get(row.get(self.source, ""), plausible(schema))


@dataclass(frozen=True, kw_only=True)
class WriteOnly(Field):
    """A value of the input that is never shown."""

    @property
    def source(self) -> str:
        return ""

    @property
    def is_shown(self) -> bool:
        return False

    def taken(self, base: Schema, formats: Formats) -> Schema:
        return base | {"writeOnly": True}


@dataclass(frozen=True, kw_only=True)
class Derived(Field):
    """A value computed from the row's children."""

    make: Callable[[Mapping[str, Any]], Any]

    @property
    def source(self) -> str:
        return ""

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        make = self.make
        return lambda _, children: make(children)

    def schema(self, known: Known, *, writing: bool) -> Schema:
        base = known.input_of(self.name)
        return base if writing else stored(None, base)
