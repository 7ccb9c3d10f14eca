"""Defines nested objects and lists of a field map, and converts whole objects in both directions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any

from blueprints.api.field import Field, Fields, Formats, Known, Problems
from blueprints.api.json_schema import Schema, nullable
from blueprints.api.requests import unknown_names
from blueprints.api.requests.unknown_names import SENT
from domain.pages import Record

# Of fields that only the server writes. A row may be sent back as it was read, so a body may have them.
IGNORED: Schema = {"readOnly": True, "description": "May be sent as it was read, and changes nothing"}
NAMES_PART: Schema = {"description": "Of one that is there already: it keeps its fields that are not sent"}


@dataclass(frozen=True, kw_only=True)
class One(Field):
    """An object inside the object: columns of the same row, or of the child row that `of` picks."""

    fields: Fields
    of: Callable[[Mapping[str, Any]], Any] | None = None

    @property
    def source(self) -> str:
        return ""

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        """A function from row and children to the object."""
        show, of = row_shower(self.fields, formats), self.of
        if of is None:
            return lambda row, _: show(row)
        return lambda _, children: None if (child := of(children)) is None else show(child)

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        return take_object(self.fields, value, path + ".", problems) if isinstance(value, dict) else value

    def word(self, rest: str) -> str:
        return "." + word(self.fields, rest) if rest else ""

    def schema(self, known: Known, *, writing: bool) -> Schema:
        base, title = known.input_of(self.name), known.title + capital(self.name.rpartition("_")[2])
        inner = replace(known, input=base, columns=known.columns if self.of is None else {}, children={}, title=title)
        if writing:
            found = object_schema(self.fields, inner, writing=True)
            return nullable(found) if "null" in base.get("type", ()) else found
        found = object_schema(self.fields, inner, writing=False)
        return found if self.of is None else nullable(found)

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        return object_sample(self.fields, row.get(self.name, row), schema, formats, writing=writing)


@dataclass(frozen=True, kw_only=True)
class Many(Field):
    """A list of objects, one for each child row; `inherit` are parent columns that their amounts need."""

    fields: Fields
    inherit: str = ""

    @property
    def source(self) -> str:
        return ""

    @property
    def child(self) -> str:
        """The name of the child rows."""
        return self.column or self.name

    def shower(self, formats: Formats) -> Callable[[Any, Mapping[str, Any]], Any]:
        """A function from row and children to the list."""
        show, name, inherit = row_shower(self.fields, formats), self.child, self.inherit
        if not inherit:
            return lambda _, children: [show(child) for child in children[name]]
        return lambda row, children: [show(ChildRow(child, inherit, getattr(row, inherit))) for child in children[name]]

    def take(self, value: Any, path: str, problems: Problems) -> Any:
        if not isinstance(value, list):
            return value
        return [
            take_object(self.fields, one, f"{path}.{place}.", problems) if isinstance(one, dict) else one
            for place, one in enumerate(value)
        ]

    def word(self, rest: str) -> str:
        place, _, inner = rest.partition(".")
        return (f"[{place}]" if place else "") + ("." + word(self.fields, inner) if inner else "")

    def schema(self, known: Known, *, writing: bool) -> Schema:
        base, child = known.input_of(self.name), known.children.get(self.child)
        inner = replace(
            known, input=base.get("items", {}), columns=child.columns if child is not None else {}, children={},
            title=known.title + capital(self.name.removesuffix("s")),
        )
        items = object_schema(self.fields, inner, writing=writing)
        return {**(base if writing else {}), "type": "array", "items": items}

    def sample(self, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool) -> Any:
        parts = row.get(self.name) or row.get(self.child) or [{}]
        return [object_sample(self.fields, part, schema["items"], formats, writing=writing) for part in parts]


class ChildRow:
    """A child row with one value of its parent."""

    def __init__(self, child: Any, name: str, value: Any):
        self._child = child
        setattr(self, name, value)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._child, name)


# Whole objects -------------------------------------------------------------------------------------


def row_shower(fields: Fields, formats: Formats) -> Callable[[Any], dict[str, Any]]:
    """A function from row to dict: all columns are fetched in one step, few are converted."""
    plain = {wire: one for wire, one in fields.items() if one.source}
    wires = tuple(plain)
    fetch: Callable[[Any], tuple[Any, ...]] = attrgetter(*(one.source for one in plain.values()))
    if len(plain) == 1:
        single = fetch
        fetch = lambda row: (single(row),)  # noqa: E731
    converters = [(wire, convert) for wire, one in plain.items() if (convert := one.convert(formats)) is not None]

    def show(row: Any) -> dict[str, Any]:
        shown = dict(zip(wires, fetch(row), strict=True))
        for wire, convert in converters:
            shown[wire] = convert(shown[wire], row)
        return shown

    return show


def record_shower(fields: Fields, formats: Formats) -> Callable[[Record], dict[str, Any]]:
    """A function from record to dict: its own columns, then values from its children."""
    show = row_shower(fields, formats)
    made = [(wire, make) for wire, one in fields.items() if (make := one.shower(formats)) is not None]

    def whole(record: Record) -> dict[str, Any]:
        shown = show(record.row)
        for wire, make in made:
            shown[wire] = make(record.row, record.children)
        return shown

    return whole


def take_object(fields: Fields, body: Mapping[str, Any], path: str, problems: Problems) -> dict[str, Any]:
    """The sent object in the domain's names; ignores read-only fields, reports names that the map lacks."""
    taken: dict[str, Any] = {}
    if not body.keys() <= fields.keys():
        problems |= unknown_names.problems(body, fields, path, {wire for wire, one in fields.items() if one.writable})
    for wire, one in fields.items():
        if wire in body and one.writable:
            one.put(taken, body[wire], path, problems)
    return taken


def word(fields: Fields, path: str) -> str:
    """A domain path in the contract's names: items.1.unit_price as items[1].unitPrice."""
    if path.startswith(SENT):
        return path.removeprefix(SENT)
    head, _, rest = path.partition(".")
    for wire, one in fields.items():
        if one.writable and (found := one.word_of(wire, head, rest)) is not None:
            return found
    return path


def object_schema(
    fields: Fields, known: Known, *, writing: bool, required: frozenset[str] | None = None,
    left_out: frozenset[str] = frozenset(),
) -> Schema:
    """The schema of an object; `required` and `left_out` are the domain's names."""
    if not writing:
        visible = {wire: one for wire, one in fields.items() if one.is_shown}
        parts = {wire: one.schema(known, writing=False) for wire, one in visible.items()}
        return {"title": known.title, "type": "object", "properties": parts, "required": list(visible)}
    must = frozenset(known.input.get("required", ())) if required is None else required
    writable = {wire: one for wire, one in fields.items() if one.writable and one.name not in left_out}
    parts = {wire: one.schema(known, writing=True) for wire, one in writable.items()}
    parts |= {wire: NAMES_PART if known.input_of(one.name) else IGNORED
              for wire, one in fields.items() if not one.writable}
    found: Schema = {
        "title": known.title + "Input", "type": "object", "properties": parts, "additionalProperties": False,
    }
    needed = [wire for wire, one in writable.items() if one.name in must]
    return found | ({"required": needed} if needed else {})


def object_sample(
    fields: Fields, row: Mapping[str, Any], schema: Schema, formats: Formats, *, writing: bool
) -> dict[str, Any]:
    """An example of an object; of an input only the fields that the sample has."""
    return {
        wire: fields[wire].sample(row, part, formats, writing=writing) for wire, part in schema["properties"].items()
        if not writing or (fields[wire].writable and any(name in row for name in fields[wire].names))
    }


def capital(name: str) -> str:
    """billing_address as BillingAddress."""
    return "".join(part[:1].upper() + part[1:] for part in name.replace("-", "_").replace(" ", "_").split("_"))
