"""Registers pages for the sidebar, the palette and the help on keyboard shortcuts.

Pages of rows are registered too, so that the request log can link to them by noun and id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import groupby

from flask import request

from domain.actor import Actor


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the palette: a link, a form that posts `fields`, or a button of a script on the page.

    `also` are more words by which it is found; they are not shown.
    """

    title: str
    icon: str
    url: str = ""
    note: str = ""
    also: str = ""
    fields: Mapping[str, str] | None = None
    button: str = ""                # the attribute that the script listens to: data-theme-toggle


Found = list[tuple[str, list[Hit]]]             # hits by the heading of their kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """A page's form for a new row: its URL, and who may open it."""

    title: str
    path: str
    allowed: Callable[[Actor], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A page in the navigation. Its scope decides who sees it.

    `position` orders the pages, and groups by their first page; the group "" has no heading, and a page
    without a group (None) is in the account menu. `keys` is the letter that opens the page after `g`, and
    its form for a new row after `c`. `search` finds the page's rows by the words that were typed;
    `count` is shown beside the title: how many rows wait for a person.
    """

    title: str
    icon: str
    path: str
    position: int
    group: str | None = None
    scope: str | None = None
    keys: str = ""
    creation: Creation | None = None
    search: Callable[[str], Found] | None = None
    count: Callable[[Actor], int] | None = None
    world: bool | None = None           # True: only in the test world

    @property
    def current(self) -> bool:
        return request.path == self.path or (self.position > 0 and request.path.startswith(self.path + "/"))

    def shown_to(self, actor: Actor) -> bool:
        return (self.scope is None or actor.can(self.scope)) and self.world in (None, actor.test)


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPage:
    """The page of a noun's rows, and a row's name; `name` returns None for a row that the actor cannot reach."""

    noun: str
    path: str
    scope: str
    icon: str
    name: Callable[[Actor, int], str | None]


_items: list[Item] = []
_row_pages: dict[str, RowPage] = {}


def add(item: Item) -> None:
    """Register a page; its URL and its letter must be unique."""
    taken = [one for one in _items if one.path == item.path or (item.keys and one.keys == item.keys)]
    if taken:
        raise ValueError(f"{item.title} and {taken[0].title} have the same address or the same keys")
    _items.append(item)
    _items.sort(key=lambda one: one.position)


def add_rows(page: RowPage) -> None:
    """Register the page of a noun's rows."""
    _row_pages[page.noun.lower()] = page


def row_page(noun: str, actor: Actor) -> RowPage | None:
    """The page of a noun's rows (api_key, API key), if there is one that this actor may open."""
    page = _row_pages.get(noun.lower().replace("_", " "))
    return page if page is not None and actor.can(page.scope) else None


def record_at(path: str) -> str | None:
    """The record that has its page at this path, as noun and id: api_key_12."""
    place, _, key = path.rpartition("/")
    noun = next((noun for noun, page in _row_pages.items() if page.path == place), None)
    return f"{noun.replace(' ', '_')}_{key}" if noun and key.isascii() and key.isdigit() else None


def items(actor: Actor) -> list[Item]:
    """The pages that the actor may open, in order."""
    return [item for item in _items if item.shown_to(actor)]


def groups(shown: list[Item]) -> list[Group]:
    """The pages of the sidebar under their headings."""
    listed = [item for item in shown if item.group is not None]
    first = {item.group: item.position for item in reversed(listed)}
    listed.sort(key=lambda item: first[item.group])
    return [Group(str(title), tuple(found)) for title, found in groupby(listed, lambda item: item.group)]


def creations(shown: list[Item], actor: Actor) -> list[tuple[Creation, str]]:
    """The forms for new rows that the actor may open, each with the letter of its page."""
    return [(item.creation, item.keys) for item in shown if item.creation and item.creation.allowed(actor)]
