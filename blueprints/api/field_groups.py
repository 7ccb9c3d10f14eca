"""Defines an object outside whose values are fields of the row itself: organisation.vat is the row's tax_number."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from blueprints.api.field import Field, Fields, Formats, Known, Problems
from blueprints.api.field_parts import capital, object_sample, object_schema, row_shower, word
from blueprints.api.json_schema import Schema, nullable
from blueprints.api.requests import unknown_names
from blueprints.api.requests.unknown_names import SENT
from domain.errors import Problem


@dataclass(frozen=True, kw_only=True)
class Group(Field):
    """An object of several of the row's own fields; `name` is its wire name.

    It is shown as null while all columns of `unless_null` are null. What `whole` ones are sent without
    is taken as null.
    """

    fields: Fields
    unless_null: tuple[str, ...] = ()
    whole: bool = False

    @property
    def source(self) -> str:
        return ""

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for one in self.fields.values() if one.writable for name in one.names)

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        """A function from row and children to the object."""
        plain = any(one.source for one in self.fields.values())
        show = row_shower(self.fields, formats) if plain else lambda _: {}
        made = [(wire, make) for wire, one in self.fields.items() if (make := one.shower(formats)) is not None]
        needed = self.unless_null

        def whole(row: Any, children: Mapping[str, Any]) -> dict[str, Any] | None:
            if needed and all(getattr(row, name) is None for name in needed):
                return None
            return show(row) | {wire: make(row, children) for wire, make in made}

        return whole

    def put(self, taken: dict[str, Any], value: Any, path: str, problems: Problems) -> None:
        """Add the object's values; a null stands for nulls of all of them."""
        if value is not None and not isinstance(value, dict):
            problems[f"{path}{SENT}{self.name}"] = Problem("type", "must be an object")
            return
        sent = value or {}
        known = {wire for wire, one in self.fields.items() if one.writable}
        for name, problem in unknown_names.problems(sent, self.fields, "", known).items():
            problems[f"{path}{SENT}{self.name}.{name.removeprefix(SENT)}"] = problem
        for wire, one in self.fields.items():
            if one.writable and (wire in sent or self.whole or value is None):
                one.put(taken, sent.get(wire), path, problems)

    def word_of(self, wire: str, head: str, rest: str) -> str | None:
        if head not in self.names:
            return None
        return f"{wire}.{word(self.fields, f'{head}.{rest}' if rest else head)}"

    def schema(self, known: Known, *, writing: bool) -> Schema:
        inner = replace(known, title=known.title + capital(self.name))
        found = object_schema(self.fields, inner, writing=writing, required=frozenset() if writing else None)
        return nullable(found) if writing or self.unless_null else found

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return object_sample(self.fields, row, schema, formats, writing=writing)
