"""Serves the command palette: pages, actions and records by name."""

from typing import Any

from flask import Response, request

from blueprints.pages import navigation
from blueprints.pages.htmx import page_or_part
from blueprints.pages.navigation import Found, Hit, Item
from blueprints.pages.session import wide_actor
from database.searching import fold


def register(bp: Any) -> None:
    """Register the palette's URL; as a page of its own it is the search without JavaScript."""
    bp.add_url_rule("/palette", "palette", palette, methods=["GET"])


def palette() -> Response:
    """The results for the words that were typed."""
    words = request.args.get("q", "").strip()[:100].replace("\x00", "")
    shown = navigation.items(wide_actor())
    found = [("Actions", actions(shown, words)), ("Go to", pages(shown, words)), *records(shown, words)]
    groups = [(title, hits) for title, hits in found if hits]
    return page_or_part("admin/palette.html", "admin/_palette_list.html", groups=groups, words=words)


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
