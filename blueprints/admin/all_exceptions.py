"""The first tab of the exceptions: the first rows of every kind that has some, and a file with all rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import Response

from blueprints.admin import exceptions
from blueprints.admin.crud import export
from blueprints.admin.exceptions import Tab
from blueprints.pages.htmx import page_or_part
from blueprints.pages.session import actor, need
from domain.actor import Actor
from domain.pages import Page, Query, Record

SHOWN = 5                               # rows of each kind
NAMES = ("kind", "id", "customer", "order", "reason", "since", "amount", "currency")
WHO, WHY = ("customer_name", "payer_name", "merchant_name"), ("reason", "message", "parked_reason")
SINCE = ("declined_at", "parked_at", "booked_on", "due_at", "created_at")


@dataclass(frozen=True, slots=True)
class Group:
    """One kind with its first rows."""

    tab: Tab
    page: Page


def register(bp: Any) -> None:
    """Register the page and its file."""
    read = need("READ_ORDERS")
    bp.add_url_rule("/exceptions", "exceptions", read(show), methods=["GET"])
    bp.add_url_rule("/exceptions.csv", "exceptions_export", read(download), methods=["GET"])


def show() -> Response:
    """What waits for a person first, then what ends by itself."""
    who = actor()
    counts = exceptions.counted(who)
    kinds = sorted((tab for tab, number in counts if number), key=lambda tab: not tab.urgent)
    groups = [Group(tab, first_rows(tab, who)) for tab in kinds]
    return page_or_part(
        "admin/all_exceptions.html", "admin/_all_exceptions.html", counts=counts, groups=groups, tab=None,
        nothing=exceptions.NOTHING,
    )


def first_rows(tab: Tab, who: Actor) -> Page:
    """The rows that the kind's own tab begins with."""
    order = tab.page.sort
    return tab.page.resource.listing.page(
        who, Query(sort=order.lstrip("-"), descending=order.startswith("-"), limit=SHOWN))


def download() -> Response:
    """Download all rows of all kinds."""
    return export.send("exceptions", NAMES, lines(actor()))


def lines(who: Actor) -> Iterator[list[Any]]:
    """The rows of the file, by kind."""
    for tab in exceptions.seen(who):
        order = tab.page.sort
        query = Query(sort=order.lstrip("-"), descending=order.startswith("-"))
        for record in tab.page.resource.listing.stream(who, query):
            yield [tab.page.title, *line(tab, record)]


def line(tab: Tab, record: Record) -> list[Any]:
    """A row of any kind in the same columns."""
    known = {column.name: column for column in tab.page.columns}
    amount = export.flat(record, known["amount_minor"]) if "amount_minor" in known else None
    return [
        record.id, first_of(record, WHO), getattr(record, "order_id", None),
        next((export.flat(record, known[name]) for name in WHY if name in known), None), first_of(record, SINCE),
        amount, record.currency if amount is not None else None,
    ]


def first_of(record: Record, names: tuple[str, ...]) -> Any:
    """The first of these values that the row has."""
    return next((value for name in names if (value := getattr(record, name, None)) is not None), None)
