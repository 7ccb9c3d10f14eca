"""The time line of a customer: a tab with everything that happened, newest first, a page at a time."""

from collections.abc import Iterator
from typing import Any

from blueprints.admin import customer_events, customers, order_timeline
from blueprints.admin.crud import tabs
from blueprints.admin.crud.listing import ListPage
from blueprints.admin.crud.tabs import Tab
from blueprints.admin.order_timeline import Kind
from domain.actor import Actor

KINDS = (
    Kind("documents", "Documents", "READ_CUSTOMERS", customer_events.DOCUMENTS),
    Kind("payments", "Payments", "READ_PAYMENTS", customer_events.PAID),
    Kind("tickets", "Tickets", "READ_TICKETS", customer_events.ASKED),
    Kind("mails", "Mails", "READ_ORDERS", customer_events.MAILED),
    Kind("calls", "API calls", "READ_ANALYTICS", customer_events.CALLED),
    Kind("changes", "Changes", "READ_AUDIT", customer_events.CHANGED),
)


def register(bp: Any) -> None:
    """Register the tab."""
    tabs.add(5, provide)


def provide(here: ListPage, record: Any, who: Actor) -> Iterator[Tab]:
    """The tab, on the pages of customers."""
    if here is customers.PAGE:
        yield Tab(
            name="timeline", title="Timeline", template="admin/_order_timeline.html",
            context=lambda: {"timeline": order_timeline.of(who, record, KINDS)},
        )
