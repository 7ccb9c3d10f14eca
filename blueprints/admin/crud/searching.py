"""Adds a noun to the navigation, and its rows to the search of the palette."""

import re
from functools import partial
from typing import Any

from blueprints.admin.crud.listing import ListPage
from blueprints.pages import navigation
from blueprints.pages.navigation import Creation, Found, Hit, Item, RowPage
from blueprints.pages.session import actor
from database.searching import fold
from domain.actor import Actor
from domain.errors import NotFound
from domain.pages import Query
from domain.resource import Resource

MOST = 5                            # rows of one noun
READ = 25                           # rows of which the best are shown
IDENTIFYING = ("email", "number", "sku", "code")        # filters by what people know a row by
NUMBERED = re.compile(r"([A-Za-z][A-Za-z _]*[ _#]|#)?([0-9]{1,18})")


def register(here: ListPage) -> None:
    """Register the page of the noun's rows, and add its list to the navigation, if it has a group."""
    resource = here.resource
    if here.opens:
        navigation.add_rows(RowPage(
            noun=resource.noun, path=f"/admin{here.path}", scope=resource.read_scope, icon=here.icon,
            name=partial(name_of, here)))
    if here.group is None:
        return
    navigation.add(Item(
        title=here.title, icon=here.icon, path=f"/admin{here.path}", position=here.position, group=here.group,
        scope=resource.read_scope, keys=here.keys, creation=creation_of(here), world=here.world,
        search=partial(search, here) if (here.opens or here.found_at) and here.searchable else None,
    ))


def name_of(here: ListPage, who: Actor, key: int) -> str | None:
    """The name of a row; None for one that the actor cannot reach."""
    try:
        return here.name(here.resource.listing.read(who, key)) or "(no name)"
    except NotFound:
        return None


def creation_of(here: ListPage) -> Creation | None:
    """The page with the form of a new row, where there is one."""
    resource = here.resource
    if resource.create is None:
        return None
    return Creation(
        title=f"New {resource.noun}", path=f"/admin{here.path}/new",
        allowed=lambda who: who.can(resource.write_scope) and resource.may_create(who),
    )


def search(here: ListPage, words: str) -> Found:
    """A few rows that match: first those that this identifies, then those whose name begins with the words."""
    who, resource = actor(), here.resource
    rows = {row.id: row for row in (*numbered(who, resource, words), *identified(who, resource, words))}
    query = Query(search=words, limit=READ, sort=here.sort.lstrip("-"), descending=here.sort.startswith("-"))
    others = [row for row in resource.listing.few(who, query) if row.id not in rows]
    others.sort(key=lambda row: rank(words, here.name(row) or ""))
    return [(here.title, [hit(here, row) for row in [*rows.values(), *others][:MOST]])]


def identified(who: Actor, resource: Resource, words: str) -> list[Any]:
    """The rows whose e-mail address, number or code is exactly this."""
    listing = resource.listing
    return [
        row for name in IDENTIFYING if name in listing.filters and listing.filters[name].kind is str
        for row in listing.few(who, Query(filters={name: words}, limit=MOST, sort="id"))]


def rank(words: str, title: str) -> int:
    """How well a title matches: 0 equals the words, 1 begins with them, 2 has a word that does, 3 has them, else 4."""
    wanted, text = fold(words), fold(title)
    if text == wanted:
        return 0
    if text.startswith(wanted):
        return 1
    return 2 if f" {wanted}" in text else 3 if wanted in text else 4


def numbered(who: Actor, resource: Resource, words: str) -> list[Any]:
    """The row with this number: 242, #242, Budget 242, budget_242."""
    called = NUMBERED.fullmatch(words)
    kind = (called[1] or "").strip(" _#").replace("_", " ").lower() if called else ""
    if called is None or kind not in ("", resource.noun.lower()):
        return []
    try:
        return [resource.listing.read(who, int(called[2]))]
    except NotFound:
        return []


def hit(here: ListPage, row: Any) -> Hit:
    """A row as a line of the palette."""
    address = here.found_at(row) if here.found_at else here.url("show", key=row.id)
    return Hit(here.name(row) or "(no name)", here.icon, address, here.note(row) or "")
