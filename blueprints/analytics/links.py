"""From what stands in the request log, nouns and ids, to the pages about them.

The log knows no row of billing: what a reader may open, and how it is called, is asked of the noun.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from analytics.listing import Object, Row
from blueprints.pages import navigation
from blueprints.pages.session import wide_actor

OBJECT = re.compile(r"([a-z][a-z_]{0,38}[a-z])_([1-9][0-9]{0,18})", re.ASCII)
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Link:
    """A row that a request names. Without a name it is out of the reader's reach, or gone: then it has no address."""

    object: str                     # customer_42
    name: str | None = None
    url: str | None = None


def parsed(text: str) -> Object | None:
    """The noun and the id of customer_42; None for anything else."""
    found = OBJECT.fullmatch(text)
    return (found[1], int(found[2])) if found and int(found[2]) <= LARGEST_ID else None


def known(text: str) -> Object | None:
    """The same, for a noun whose rows the reader can open."""
    found = parsed(text)
    return found if found is not None and navigation.row_page(found[0], wide_actor()) else None


def link(noun: str, key: int) -> Link:
    """Where the row is and how it is called."""
    who = wide_actor()
    page = navigation.row_page(noun, who)
    name = page.name(who, key) if page is not None else None
    return Link(f"{noun}_{key}", name, f"{page.path}/{key}" if page is not None and name is not None else None)


def finder() -> Callable[[str, int], Link]:
    """The same, for a page that names the same rows again and again."""
    return cache(link)


def owners(row: Row) -> list[Object]:
    """Merchant, user and customer of a request."""
    named = (("merchant", row.merchant_id), ("user", row.user_id), ("customer", row.customer_id))
    return [(noun, key) for noun, key in named if key is not None]


def words(objects: tuple[Object, ...]) -> str:
    """Objects in one cell of an export."""
    return " ".join(f"{noun}_{key}" for noun, key in objects)
