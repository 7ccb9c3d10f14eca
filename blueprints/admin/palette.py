"""Serves the command palette: pages, actions and records by name."""

import re
from typing import Any

from flask import Response, request

from blueprints.admin import palette_actions
from blueprints.admin.crud.searching import rank
from blueprints.pages import navigation
from blueprints.pages.htmx import page_or_part
from blueprints.pages.navigation import Found, Hit, Item
from blueprints.pages.session import wide_actor
from database.searching import fold

MOST_ACTIONS = 6                    # actions that are shown for some words
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
    usual = [
        ("Actions", best(palette_actions.all_of(shown, words), words)[:MOST_ACTIONS if words else None]),
        ("Go to", best(pages(shown), words)),
    ]
    found = [("Recent", recent), *usual, *records(shown, words)]
    groups = [(title, hits) for title, hits in found if hits]
    if words:
        groups.sort(key=lambda group: rank(words, group[1][0].title))       # the kind with the best hit first
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


def best(hits: list[Hit], words: str) -> list[Hit]:
    """The hits that have all words, the best first; without words those that are shown before anything is typed."""
    wanted = fold(words).split()
    found = [hit for hit in hits if all(word in fold(f"{hit.title} {hit.also}") for word in wanted)]
    return sorted(found, key=lambda hit: rank(words, hit.title))


def pages(shown: list[Item]) -> list[Hit]:
    """The pages of the navigation."""
    return [Hit(item.title, item.icon, item.path, f"g {item.keys}" if item.keys else "", also="go to open")
            for item in shown]


def records(shown: list[Item], words: str) -> Found:
    """The rows that the pages find by these words, a few of each kind."""
    if len(words) < 2 and not words.isdigit():
        return []
    return [found for item in shown if item.search for found in item.search(words)]
