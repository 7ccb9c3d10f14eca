"""Filters of lists: their choices, the value in the URL, and its text in the filter bar."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import request
from pydantic_core import PydanticCustomError

from blueprints.admin.crud.form_fields import Choices
from blueprints.pages.format import words, zone
from domain.actor import Actor
from domain.inputs import times


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFilter:
    """One filter of a list."""

    name: str
    title: str = ""
    kind: str = "select"            # select, day
    choices: Choices = ()
    read: Callable[[str], Any] = str

    @property
    def heading(self) -> str:
        return self.title or words(self.name)

    def options(self, who: Actor) -> Sequence[tuple[str, str]]:
        """The choices for this actor."""
        return self.choices(who) if callable(self.choices) else self.choices

    def value(self, who: Actor) -> Any:
        """The value in the URL, typed; None without a valid one."""
        raw = request.args.get(self.name, "")
        if self.kind == "day":
            return _moment(raw, end=self.name.endswith("before"))
        return self.read(raw) if raw in [value for value, _ in self.options(who)] else None

    def chosen(self, who: Actor) -> str:
        """The text of the value in the URL; empty without a valid one."""
        value = self.value(who)
        if value is None:
            return ""
        if self.kind == "day":
            return f"{value.astimezone(zone()):%-d %b %Y}"
        return dict(self.options(who))[request.args[self.name]]


def _moment(raw: str, *, end: bool) -> datetime | None:
    """The first or last instant of a day in the reader's zone."""
    try:
        return times.moment(raw, zone(), end_of_day=end) if raw else None
    except PydanticCustomError:
        return None
