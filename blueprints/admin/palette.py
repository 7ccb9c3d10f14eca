"""Serves the command palette: pages, actions and records by name."""

import re
from typing import Any

from flask import Response, request

from blueprints.pages import navigation
from blueprints.pages.htmx import page_or_part
from blueprints.pages.navigation import Found, Hit, Item
from blueprints.pages.session import wide_actor
from database.searching import fold

MOST = 6                            # recent records that are shown
MOST_SENT = 20
RECORD = re.compile(r"([a-z_]{1,40})_([0-9]{1,18})")


def register(bp: Any) -> None:
    """Register the palette's URL; as a page of its own it is the search without JavaScript."""
    bp.add_url_rule("/palette", "palette", palette, methods=["GET"])


def palette() -> Response:
    """The results for the words that were typed."""
    words = request.args.get("q", "").strip()[:100].replace("\x00", "")
    shown = navigation.items(wide_actor())
    recent = [] if words else recents()
    found = [
        ("Recent", recent), ("Actions", actions(shown, words)), ("Go to", pages(shown, words)), *records(shown, words)
    ]
    groups = [(title, hits) for title, hits in found if hits]
    return page_or_part("admin/palette.html", "admin/_palette_list.html", groups=groups, words=words)


def recents() -> list[Hit]:
    """The records that this person opened last in this world, which the browser knows by noun and id.

    A browser keeps only the ids; what a row is called, and whether it may still be seen, is read anew.
    """
    who, found = wide_actor(), []
    for one in dict.fromkeys(request.args.get("recent", "").split(",")[:MOST_SENT]):
        named = RECORD.fullmatch(one)
        page = navigation.row_page(named[1], who) if named else None
        title = page.name(who, int(named[2])) if page and named else None
        if page and named and title is not None:
            note = page.noun[:1].upper() + page.noun[1:]
            found.append(Hit(title, page.icon, f"{request.script_root}{page.path}/{named[2]}", note))
    return found[:MOST]


def actions(shown: list[Item], words: str) -> list[Hit]:
    """The actions that can be started."""
    found = [creation for creation, _ in navigation.creations(shown, wide_actor())]
    return [Hit(one.title, "plus", one.path) for one in found if fold(words) in fold(one.title)]


def pages(shown: list[Item], words: str) -> list[Hit]:
    """The pages of the navigation."""
    return [Hit(item.title, item.icon, item.path) for item in shown if fold(words) in fold(item.title)]


def records(shown: list[Item], words: str) -> Found:
    """The rows that the pages find by these words, a few of each kind."""
    if len(words) < 2 and not words.isdigit():
        return []
    return [found for item in shown if item.search for found in item.search(words)]
