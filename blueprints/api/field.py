"""Defines the field of a contract: converts one value of the domain in both directions and describes it.

A field has its domain name (for input and errors), the column it reads, the conversions of the value,
and its JSON Schema and an example for the reference. The kinds of fields are in `field_map`, objects
and lists of them in `field_parts`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from blueprints.api.json_schema import Schema, may_be_null, nullable, plausible, stored
from domain.errors import Problem

Convert = Callable[[Any, Any], Any]         # (value of the column, row) to the contract's value
Problems = dict[str, Problem]
SKIP = object()                             # no value for the domain


@dataclass(frozen=True, slots=True)
class Formats:
    """A contract's formats for values without a JSON type; None leaves them to the JSON writer."""

    moment: Callable[[Any], Any] | None
    day: Callable[[Any], Any] | None
    amount: Callable[[int | None, str], Any]        # minor units and currency
    price: Callable[[int | None, str], Any]         # millionths and currency
    moment_form: str = "%Y-%m-%dT%H:%M:%SZ"         # the form of a moment in examples
    moment_schema: Schema = field(default_factory=lambda: {"type": "string", "format": "date-time"})
    moment_taken: Schema | None = None              # the schema of a moment that is sent, if it is another


@dataclass(frozen=True, slots=True)
class Known:
    """The domain's schemas of the object that a field belongs to."""

    input: Schema                               # the schema of the input, in the domain's names
    columns: Mapping[str, Any]                  # the columns that are read
    children: Mapping[str, Any]
    formats: Formats
    title: str = ""                             # the object's name in the reference

    def input_of(self, name: str) -> Schema:
        """The schema of one field of the input; empty if it is not part of the input."""
        found: Schema = self.input.get("properties", {}).get(name, {})
        return found


@dataclass(frozen=True, kw_only=True)
class Field:
    """A value without conversion."""

    name: str                               # the domain's name
    column: str = ""                        # the column that is read, if it has another name
    writable: bool = True
    refers: str = ""                        # the noun of the row that the value names

    @property
    def source(self) -> str:
        """The column that is read; empty for a value made from child rows."""
        return self.column or self.name

    @property
    def names(self) -> tuple[str, ...]:
        """The domain's names of what it writes."""
        return (self.name,)

    @property
    def is_shown(self) -> bool:
        """Whether responses have the field."""
        return True

    def convert(self, formats: Formats) -> Convert | None:
        """The conversion from the column to the contract; None for no conversion."""
        return None

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        """The value for the domain, or SKIP after adding its mistake."""
        return value

    def put(self, taken: dict[str, Any], value: Any, path: str, problems: Problems) -> None:
        """Add the value that was sent to what is taken for the domain; `path` is that of the object."""
        found = self.take(value, path + self.name, problems)
        if found is not SKIP:
            taken[self.name] = found

    def word(self, rest: str) -> str:
        """The contract's name for the part of a path below this field."""
        return f".{rest}" if rest else ""

    def word_of(self, wire: str, head: str, rest: str) -> str | None:
        """The contract's name of a domain path, if it is this field's, which is called `wire`."""
        return wire + self.word(rest) if head == self.name else None

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any] | None:
        """A function from row and children to the value, for a field that is not a column."""
        return None

    def schema(self, known: Known, *, writing: bool) -> Schema:
        """The JSON Schema of the input or, otherwise, of the output."""
        base = known.input_of(self.name)
        if writing:
            return self.taken(base, known.formats)
        column = known.columns.get(self.source)
        found = self.shown(base, column, known.formats)
        return nullable(found) if may_be_null(column) else found

    def taken(self, base: Schema, formats: Formats) -> Schema:
        """The input schema, from the domain's."""
        return base

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        """The output schema of a column that is not null."""
        return stored(column, base)

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        """An example: the noun's sample value as the contract writes it, or a value that the schema allows."""
        value = row[self.name] if self.name in row else plausible(schema)
        return value.isoformat() if isinstance(value, date) else value


Fields = Mapping[str, Field]


def texts(problems: Mapping[str, Problem]) -> dict[str, str]:
    """The message of each wrong field."""
    return {name: one.text for name, one in problems.items()}
