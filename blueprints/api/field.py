"""A field of a contract: how one value of the domain looks outside, in both directions, and in documents.

A field knows its domain name (for input and the words of errors), the column it reads, how the value
is written and read, and its JSON Schema and an example for the reference. The kinds of fields are in
`field_map`, objects and lists of them in `field_parts`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprints.api.json_schema import Schema, may_be_null, nullable, plausible, stored
from domain.errors import Problem

Convert = Callable[[Any, Any], Any]         # (value of the column, row) to the contract's value
Problems = dict[str, Problem]
SKIP = object()                             # nothing to hand to the domain


@dataclass(frozen=True, slots=True)
class Formats:
    """How a contract writes what JSON has no type for; None leaves it to the JSON writer."""

    moment: Callable[[Any], Any] | None
    day: Callable[[Any], Any] | None
    amount: Callable[[int | None, str], Any]        # minor units and currency
    price: Callable[[int | None, str], Any]         # millionths and currency
    moment_form: str = "%Y-%m-%dT%H:%M:%SZ"         # what a moment looks like, for examples
    moment_schema: Schema = field(default_factory=lambda: {"type": "string", "format": "date-time"})


@dataclass(frozen=True, slots=True)
class Known:
    """What the domain tells of the object that a field belongs to."""

    input: Schema                               # the schema of what may be written, in the domain's names
    columns: Mapping[str, Any]                  # what is read
    children: Mapping[str, Any]
    formats: Formats
    title: str = ""                             # the object's name in documents

    def input_of(self, name: str) -> Schema:
        """The schema of one field of the input; empty where it is no input."""
        found: Schema = self.input.get("properties", {}).get(name, {})
        return found


@dataclass(frozen=True, kw_only=True)
class Field:
    """A value as it is."""

    name: str                               # the domain's name
    column: str = ""                        # what is read, if it is called otherwise
    writable: bool = True
    refers: str = ""                        # the noun of the row that the value names

    @property
    def source(self) -> str:
        """The column that is read; empty for what is made of child rows."""
        return self.column or self.name

    @property
    def is_shown(self) -> bool:
        """Does it stand in answers?"""
        return True

    def convert(self, formats: Formats) -> Convert | None:
        """From the column to the contract; None when nothing has to be done."""
        return None

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        """The value for the domain, or SKIP after noting what is wrong with it."""
        return value

    def word(self, rest: str) -> str:
        """The contract's words for the part of a path below this field."""
        return f".{rest}" if rest else ""

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any] | None:
        """A function from row and children to the value, for what is no column."""
        return None

    def schema(self, known: Known, *, writing: bool) -> Schema:
        """The JSON Schema of what is taken or, otherwise, of what is shown."""
        base = known.input_of(self.name)
        if writing:
            return self.taken(base, known.formats)
        column = known.columns.get(self.source)
        found = self.shown(base, column, known.formats)
        return nullable(found) if may_be_null(column) else found

    def taken(self, base: Schema, formats: Formats) -> Schema:
        """What is taken, given what the domain takes."""
        return base

    def shown(self, base: Schema, column: Any, formats: Formats) -> Schema:
        """What is shown of a column, unless it is null."""
        return stored(column, base)

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        """An example: the noun's sample value in the contract's words, or whatever the schema allows."""
        return row[self.name] if self.name in row else plausible(schema)


Fields = Mapping[str, Field]
