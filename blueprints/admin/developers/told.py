"""The tab of a record that lists what webhooks told about it, and what each receiver answered."""

from collections.abc import Iterator
from typing import Any

from blueprints.admin.crud import related, tabs
from blueprints.admin.crud.listing import ListPage
from blueprints.admin.crud.tabs import Tab
from blueprints.admin.developers import deliveries
from domain import clock
from domain.actor import Actor
from domain.integrations import events
from domain.pages import Query, Record

LISTING = deliveries.PAGE.resource.listing
PART = "webhooks"


def register(bp: Any) -> None:
    """Add the tab, after the lists of the record and before its history."""
    tabs.add(25, provide)


def provide(here: ListPage, record: Any, who: Actor) -> Iterator[Tab]:
    """The tab of a record of which an endpoint was told; for readers who may see webhooks."""
    about = events.resource_of(here.resource.noun.replace(" ", "_"), record.id)
    if about is None or not who.can(deliveries.PAGE.resource.read_scope):
        return
    if count := LISTING.count(who, resource=about):
        yield Tab(
            name=PART, title="Webhooks", count=f"{count:,}", template="admin/_told.html",
            context=lambda: {
                "page": related.rows(deliveries.PAGE, {"resource": about}, who, with_children=True),
                "deliveries": deliveries.PAGE, "now": clock.now(),
                "link": lambda number: here.url("show", key=record.id, tab=PART, page=number if number > 1 else None),
            },
        )


def last(here: ListPage, record: Any, who: Actor) -> Record | None:
    """The last delivery about the record; None without any, or for a reader who may not see webhooks."""
    about = events.resource_of(here.resource.noun, record.id)
    if about is None or not who.can(deliveries.PAGE.resource.read_scope):
        return None
    return next(iter(LISTING.page(who, Query(filters={"resource": about}, limit=1)).records), None)
