"""Links nouns and ids in the request log to their pages.

The log has no rows of billing: the noun decides what a reader may open, and knows its name.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from analytics.queries.listing import Object, Row
from blueprints.pages import navigation
from blueprints.pages.session import wide_actor

OBJECT = re.compile(r"([a-z][a-z_]{0,38}[a-z])_([1-9][0-9]{0,18})", re.ASCII)
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Link:
    """A row that a request names. Without a name or URL it is deleted, or the reader has no access."""

    object: str                     # customer_42
    name: str | None = None
    url: str | None = None


def parsed(text: str) -> Object | None:
    """The noun and the id of customer_42; None for anything else."""
    found = OBJECT.fullmatch(text)
    return (found[1], int(found[2])) if found and int(found[2]) <= LARGEST_ID else None


def known(text: str) -> Object | None:
    """The noun and the id, for a noun whose rows the reader can open."""
    found = parsed(text)
    return found if found is not None and navigation.row_page(found[0], wide_actor()) else None


def link(noun: str, key: int) -> Link:
    """The URL and the name of the row."""
    who = wide_actor()
    page = navigation.row_page(noun, who)
    name = page.name(who, key) if page is not None else None
    return Link(f"{noun}_{key}", name, f"{page.path}/{key}" if page is not None and name is not None else None)


def finder() -> Callable[[str, int], Link]:
    """`link` with a cache, for a page that repeats rows."""
    return cache(link)


def owners(row: Row) -> list[Object]:
    """Merchant, user and customer of a request; without a key the merchant is last, because the others called."""
    named = [("merchant", row.merchant_id), ("user", row.user_id), ("customer", row.customer_id)]
    if row.key_id is None:
        named.append(named.pop(0))
    return [(noun, key) for noun, key in named if key is not None]


def words(objects: tuple[Object, ...]) -> str:
    """The text of objects in one cell of an export."""
    return " ".join(f"{noun}_{key}" for noun, key in objects)
