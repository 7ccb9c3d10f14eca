"""Divides a record's page into tabs, each with its own URL: the details first, then what providers add."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from blueprints.admin.crud import facts
from blueprints.admin.crud.listing import ListPage
from blueprints.pages.htmx import is_partial, page_or_part
from domain.actor import Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Tab:
    """One part of a record's page. `context` is called only for the tab that is open."""

    name: str                       # in the URL: ?tab=history; empty for the first
    title: str
    template: str
    context: Callable[[], dict[str, Any]]
    count: str = ""                 # beside the title


Provider = Callable[[ListPage, Any, Actor], Iterable[Tab]]
_providers: list[tuple[int, Provider]] = []


def add(place: int, provider: Provider) -> None:
    """Register a provider of tabs; `place` orders the providers."""
    _providers.append((place, provider))
    _providers.sort(key=lambda one: one[0])


def of(here: ListPage, record: Any, who: Actor) -> list[Tab]:
    """The tabs of a record that the actor may see."""
    first = Tab(
        name="", title="Details", template=here.details,
        context=lambda: {"groups": lambda: facts.groups(here, record, who)} | here.context(record),
    )
    return [first, *(tab for _, provider in _providers for tab in provider(here, record, who))]


def url(here: ListPage, record: Any, tab: Tab) -> str:
    """The URL of a tab."""
    return here.url("show", key=record.id, tab=tab.name or None)


def show(here: ListPage, record: Any, who: Actor) -> Response:
    """The record's page with the tab in the URL, or for htmx the tabs alone."""
    found = of(here, record, who)
    chosen = next((tab for tab in found if tab.name == request.args.get("tab", "")), found[0])
    values = chosen.context()
    if chosen is not found[0] and not is_partial():
        values = here.context(record) | values
    return page_or_part(
        here.show, "admin/_record.html", here=here, record=record, who=who, tabs=found, tab=chosen,
        tab_url=lambda tab: url(here, record, tab), **values,
    )
