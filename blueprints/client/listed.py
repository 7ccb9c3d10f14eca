"""Reads a page of a customer's rows, as the address says: which page, and what is searched for."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import request

from blueprints.row_keys import row_key
from domain.actor import Actor
from domain.listing import Listing
from domain.pages import Page, Query

PER_PAGE = 20
MOST_PAGES = 10_000
LONGEST = 200                           # characters of a search


def page_of(listing: Listing, who: Actor, *, sort: str, filters: Mapping[str, Any]) -> Page:
    """The page of the address, newest first."""
    number = min(row_key(request.args.get("page", "")) or 1, MOST_PAGES)
    search = request.args.get("q", "").strip()[:LONGEST].replace("\x00", "")
    query = Query(filters=filters, search=search, sort=sort, limit=PER_PAGE, offset=(number - 1) * PER_PAGE)
    return listing.page(who, query)


def address_of_page(number: int) -> str:
    """The address of another page of the list that is shown."""
    given = {name: value for name, value in request.args.items() if name != "page"}
    return f"{request.path}?{urlencode({**given, 'page': number})}"
