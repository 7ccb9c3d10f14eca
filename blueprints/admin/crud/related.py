"""Finds the lists that belong to a row: those whose listing has a filter with the row's id."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import request

from blueprints.admin.crud.listing import Column, ListPage, places_of
from blueprints.admin.crud.tabs import Tab
from blueprints.row_keys import page_number
from domain.actor import Actor
from domain.pages import Page, Query

PER_PAGE = 20
_pages: list[ListPage] = []


def register(here: ListPage) -> None:
    """Register a noun's pages, in the order of the navigation."""
    _pages.append(here)
    _pages.sort(key=lambda one: (bool(one.apart), one.position))


def page_of(trail: str) -> ListPage | None:
    """The pages of the noun that has this name in the audit trail."""
    return next((here for here in _pages if here.trail_name == trail), None)


def trail_names() -> set[str]:
    """The names in the audit trail of all nouns with pages."""
    return {here.trail_name for here in _pages}


def provide(here: ListPage, record: Any, who: Actor) -> Iterator[Tab]:
    """A tab for each list with rows of this record."""
    for other in _pages:
        wanted = other.resource.listing.filters.get(here.named_by)
        if wanted is None or not other.opens or not who.can(other.resource.read_scope):
            continue
        several = wanted.kind is list               # a filter of many lists, such as the merchant's
        if several and other.group is None:
            continue
        yield _tab(here, other, {here.named_by: [record.id] if several else record.id}, record, who)


def _tab(here: ListPage, other: ListPage, filters: dict[str, Any], record: Any, who: Actor) -> Tab:
    count, shown = other.resource.listing.count(who, **filters), columns(here, other)
    return Tab(
        name=other.resource.name, title=other.title, count=f"{count:,}" if count else "",
        template="admin/_related.html",
        context=lambda: {
            "other": other, "columns": shown, "places": places_of(shown), "page": rows(other, filters, who),
            "link": lambda number: here.url(
                "show", key=record.id, tab=other.resource.name, page=number if number > 1 else None),
        },
    )


def columns(here: ListPage, other: ListPage) -> list[Column]:
    """The other list's columns that can be shown here and do not name this row again."""
    known = other.resource.listing.columns
    return [one for one in other.columns if one.fixed_by != here.named_by and (one.shown or one.name in known)]


def rows(other: ListPage, filters: dict[str, Any], who: Actor, *, with_children: bool = False) -> Page:
    """The page in the URL; after the end the last one."""
    number = page_number(request.args.get("page", "1"))
    order = other.sort_of_part or other.sort
    query = Query(
        filters=filters, sort=order.lstrip("-"), descending=order.startswith("-"), limit=PER_PAGE,
        offset=PER_PAGE * (number - 1),
    )
    listing = other.resource.listing if with_children else other.in_lists
    page = listing.page(who, query)
    if page.records or not page.total:
        return page
    return listing.page(who, replace(query, offset=PER_PAGE * (page.pages - 1)))
