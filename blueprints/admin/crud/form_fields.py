"""Declares fields of forms: what a page shows, and how the domain reads what was typed."""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from blueprints.pages.format import words
from domain.actor import Actor
from domain.inputs import metadata_text

Choices = Sequence[tuple[str, str]] | Callable[[Actor], Sequence[tuple[str, str]]]
# Not the row's own fields.
OURS = frozenset({"csrf_token", "version", "loaded", "next", "then", "merchant_id", "once"})
MANY: set[str] = set()              # fields with a list, as checkboxes or as one text; each ListPage adds its own


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One control. `name` is the domain's, with dots for parts: billing_address.city."""

    name: str
    label: str = ""
    kind: str = "text"              # text, email, tel, url, number, date, area, select, check, networks, row
    required: bool = False
    hint: str = ""
    choices: Choices = ()
    blank: str | None = None        # the text of the empty choice
    wide: bool = False              # a row of its own
    suggested: str = ""             # the endpoint of a row's suggestions, which gets what is typed
    adds: str = ""                  # the field with a line for each row that is chosen here
    written: Callable[[Actor, str], str] | None = None      # a value from the page's address as the control holds it
    fact: Callable[[Any], str] | None = None        # the text of a row on its page; empty: not shown there

    @property
    def title(self) -> str:
        return self.label or words(self.name)

    def options(self, actor: Actor) -> Sequence[tuple[str, str]]:
        """The choices for this actor."""
        return self.choices(actor) if callable(self.choices) else self.choices


@dataclass(frozen=True, slots=True)
class Section:
    """Fields under one heading. One that folds is closed while nothing is in it."""

    title: str
    fields: tuple[Field, ...]
    folds: bool = False

    def is_open(self, values: Mapping[str, str], usual: Mapping[str, str], noted: Collection[str]) -> bool:
        """Whether a field has a mistake or a note, or another value than the usual one."""
        names = [one.name for one in self.fields]
        given = [name for name in names if _worth(values.get(name, "")) != _worth(usual.get(name, ""))]
        return not self.folds or bool(given) or any(name in noted for name in names)


def _worth(value: str) -> str:
    """The value, with a zero like nothing: 0.00 is what an empty amount is stored as."""
    return value.strip().strip("0.") and value.strip()


def unsaid(row: Any) -> str:
    """The fact of a field that another part of the row's page shows."""
    return ""


def boxes(sections: Sequence[Section]) -> list[str]:
    """The declared checkboxes, which send nothing when they are off."""
    return [one.name for section in sections for one in section.fields if one.kind == "check"]


def payload(form: MultiDict[str, str], off: Collection[str] = ()) -> dict[str, Any]:
    """The form's values, nested as the domain's input models are: `items.0.quantity` is a part of a list.

    A checkbox that is off sends nothing: `off` names those.
    """
    tree: dict[str, Any] = {}
    for name in form:
        if name in MANY:
            values = [value for text in form.getlist(name) for value in re.split(r"[\s,;]+", text) if value]
            _put(tree, name.split("."), values)
        elif name not in OURS:
            _put(tree, name.split("."), form[name])
    for name in off:
        _put(tree, name.split("."), "off")
    return {name: _listed(part) for name, part in tree.items()}


def _put(tree: dict[str, Any], path: list[str], value: Any) -> None:
    for step in path[:-1]:
        part = tree.setdefault(step, {})
        tree = part if isinstance(part, dict) else {}
    tree[path[-1]] = value


def _listed(part: Any) -> Any:
    """Convert a part whose names are all numbers to a list, in their order."""
    if not isinstance(part, dict):
        return part
    inner = {name: _listed(value) for name, value in part.items()}
    if inner and all(name.isdigit() and len(name) <= 6 for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def plain(value: Any) -> str:
    """A value as a control holds it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else ""
    if isinstance(value, list | tuple | frozenset):
        return "\n".join(str(one) for one in value)
    if isinstance(value, Mapping):
        return metadata_text.write(value)
    return str(value)


def pairs(kind: Any) -> list[tuple[str, str]]:
    """The members of an enumeration as choices."""
    return [(one.value, words(one.value)) for one in kind]
