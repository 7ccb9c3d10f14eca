"""Shows the values of a row as text: for its page, and beside a form that was changed meanwhile."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from blueprints.admin.crud.form_fields import Field, plain
from blueprints.admin.crud.listing import ListPage
from blueprints.pages.format import day
from domain.actor import Actor

LONG = 60                           # characters, from which a value needs the full width


@dataclass(frozen=True, slots=True)
class Fact:
    """One value of a row under its title."""

    title: str
    text: str
    kind: str = "text"

    @property
    def is_long(self) -> bool:
        return len(self.text) > LONG or "\n" in self.text


@dataclass(frozen=True, slots=True)
class Group:
    """The values of one section of the form."""

    title: str
    facts: tuple[Fact, ...]


def stored(here: ListPage, row: Any) -> dict[str, str]:
    """The row's values for the form's controls."""
    return {name: plain(value) for name, value in here.values(row).items()}


def texts(here: ListPage, key: int, who: Actor) -> dict[str, str]:
    """The form's fields as text: a choice by its title, not by its value."""
    row = here.resource.listing.get(who, key)
    values = stored(here, row)
    for field in (field for section in here.sections for field in section.fields):
        if field.name in values or field.kind == "check":
            values[field.name] = _text(field, values.get(field.name, ""), who.for_row(row))
    return values


def _text(field: Field, value: str, who: Actor) -> str:
    if field.kind == "check":
        return "Yes" if value else "No"
    return dict(field.options(who)).get(value, value) if field.choices else value


def groups(here: ListPage, record: Any, who: Actor) -> list[Group]:
    """The facts of a record, each once: without empty ones, and without those that the page's head shows."""
    row = here.resource.listing.get(who, record.id)
    values = {name: day(value) if type(value) is date else plain(value) for name, value in here.values(row).items()}
    said = {here.name(record), ""}
    found = []
    for section in here.sections:
        shown = []
        for field in section.fields:
            text = field.fact(row) if field.fact else _text(field, values.get(field.name, ""), who.for_row(row))
            if text in said or (field.kind == "check" and text == "No") or (field.name == "status" and here.tones):
                continue
            shown.append(Fact(field.title, text, field.kind))
        if shown:
            found.append(Group(section.title, tuple(shown)))
    return found
