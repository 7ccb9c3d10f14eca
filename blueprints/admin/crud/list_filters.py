"""Filters of lists: their choices, the value in the URL, and its text in the filter bar."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import request
from pydantic_core import PydanticCustomError

from blueprints.admin.crud.form_fields import Choices
from blueprints.pages.format import words, zone
from domain.actor import Actor
from domain.inputs import times

EVERY = "all"                        # in the URL: no value, also where the list has a default


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """One filter of a list. With a `default` the list opens with that choice, shown as a chip like any other."""

    name: str
    title: str = ""
    kind: str = "select"            # select, day
    choices: Choices = ()
    read: Callable[[str], Any] = str
    default: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)     # choices of several values -> the listing's filter

    @property
    def heading(self) -> str:
        return self.title or words(self.name)

    def options(self, who: Actor) -> Sequence[tuple[str, str]]:
        """The choices for this actor."""
        return self.choices(who) if callable(self.choices) else self.choices

    @property
    def raw(self) -> str:
        """The text in the URL, or the default."""
        return request.args.get(self.name) or self.default

    def condition(self, who: Actor) -> tuple[str, Any] | None:
        """The listing's filter and its value; None where nothing is chosen."""
        value = self.value(who)
        return None if value is None else (self.groups.get(self.raw, self.name), value)

    def value(self, who: Actor) -> Any:
        """The value in the URL, typed; None without a valid one."""
        raw = self.raw
        if self.kind == "day":
            return _moment(raw, end=self.name.endswith("before"))
        if raw not in [value for value, _ in self.options(who)]:
            return None
        return True if raw in self.groups else self.read(raw)

    def chosen(self, who: Actor) -> str:
        """The text of the value in the URL; empty without a valid one."""
        value = self.value(who)
        if value is None:
            return ""
        if self.kind == "day":
            return f"{value.astimezone(zone()):%-d %b %Y}"
        return dict(self.options(who))[self.raw]

    @property
    def without(self) -> str | None:
        """What the URL says where the filter is taken away."""
        return EVERY if self.default else None


def _moment(raw: str, *, end: bool) -> datetime | None:
    """The first or last instant of a day in the reader's zone."""
    try:
        return times.moment(raw, zone(), end_of_day=end) if raw else None
    except PydanticCustomError:
        return None
