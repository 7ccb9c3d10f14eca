"""Finds what a caller sends back as it was shown, which is not a change.

So that a row that was read can be sent back whole, with one field changed. An amount that is sent
with another currency is always a change.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import orjson

from blueprints.api.contract import Exposure
from blueprints.api.field import Field
from blueprints.api.field_map import Amount, Price, Sum
from blueprints.api.field_parts import Many
from blueprints.api.wire import json_reader
from blueprints.api.wire.row_cache import DUMPS
from domain import inputs
from domain.pages import Record


@dataclass(slots=True)
class Changes:
    """The fields of a body that differ from the row, and the rows of the parts that it names by their ids."""

    body: dict[str, Any]
    parts: dict[str, dict[int, int]] = field(default_factory=dict)      # domain name: place to id

    def name_parts(self, taken: Mapping[str, Any]) -> None:
        """Add the ids of the parts to the body in the domain's names."""
        for name, keys in self.parts.items():
            for place, key in keys.items():
                taken[name][place]["id"] = key


def changes(exposure: Exposure, record: Record, body: Mapping[str, Any]) -> Changes:
    """What a body changes in a row."""
    shown = json_reader.read(orjson.dumps(exposure.show(record), option=DUMPS))
    found = Changes(dict(body))
    for wire, one in exposure.fields.items():
        if wire not in body or wire not in shown or not one.writable:
            continue
        moved = _is_moved(exposure, one, body, shown)
        if same(body[wire], shown[wire]):
            if not moved:
                del found.body[wire]
            elif isinstance(one, Sum):
                found.body[wire] = one.written(record)
        elif isinstance(one, Many) and isinstance(body[wire], list):
            form = inputs.part_of(exposure.resource.input, one.name)
            if form is not None and "id" in form.model_fields:
                rows = zip(shown[wire], record.children[one.child], strict=True)
                parts = Parts(one, form, [(part, row.id) for part, row in rows], moved)
                found.body[wire], found.parts[one.name] = parts.changes(body[wire])
    return found


def _is_moved(exposure: Exposure, one: Field, body: Mapping[str, Any], shown: Mapping[str, Any]) -> bool:
    """Whether the body changes the currency of the field's amounts."""
    beside = one.currency if isinstance(one, Amount | Price) else one.inherit if isinstance(one, Many) else ""
    wires = [wire for wire, other in exposure.fields.items() if beside and other.source == beside]
    return any(wire in body and not same(body[wire], shown[wire]) for wire in wires)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a row, such as lines, as they are shown, each with its id."""

    many: Many
    form: type[inputs.Input]
    shown: list[tuple[Mapping[str, Any], int]]
    moved: bool                             # the currency of their amounts changes

    def changes(self, sent: list[Any]) -> tuple[list[Any], dict[int, int]]:
        """What was sent, and the ids of the parts that it names: such a part keeps its other fields."""
        wire = next(wire for wire, one in self.many.fields.items() if one.name == "id")
        known = {part[wire]: (part, key) for part, key in self.shown}
        parts: list[Any] = []
        keys: dict[int, int] = {}
        for place, one in enumerate(sent):
            named = one.get(wire) if isinstance(one, dict) else None
            part, key = known.pop(named, ({}, 0)) if type(named) in (int, str) else ({}, 0)
            if key:
                keys[place] = key
            parts.append(self._changed(one, part) if key and not self.moved else one)
        return parts, keys

    def _changed(self, sent: dict[str, Any], shown: Mapping[str, Any]) -> dict[str, Any]:
        """A part without the fields that are as shown, save those that must be sent."""
        must = {wire for wire, one in self.many.fields.items() if inputs.is_required(self.form, one.name)}
        return {
            name: value for name, value in sent.items()
            if name in must or name not in shown or not same(value, shown[name])
        }


def same(sent: Any, shown: Any) -> bool:
    """Whether two values are the same in JSON: numbers by their value; a boolean is not a number."""
    if isinstance(shown, dict):
        return (
            isinstance(sent, dict) and sent.keys() == shown.keys()
            and all(same(sent[name], value) for name, value in shown.items())
        )
    if isinstance(shown, list):
        return isinstance(sent, list) and len(sent) == len(shown) and all(map(same, sent, shown))
    if isinstance(shown, bool) or isinstance(sent, bool):
        return sent is shown
    if isinstance(shown, int | Decimal):
        return isinstance(sent, int | Decimal) and sent == shown
    return type(sent) is type(shown) and bool(sent == shown)
