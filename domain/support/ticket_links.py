"""Links tickets to what they are about: orders, invoices, and calls of an API by their request id."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Invalid
from domain.inputs import Choice, Input, Text
from domain.invoicing import invoice_listing
from domain.listing import Listing
from domain.sales.orders import order_listing
from models.ticket import Ticket, TicketLink

REQUEST_ID = re.compile(r"\breq_[0-9a-f]{16}\b")
NUMBER = re.compile(r"[1-9]\d{0,17}", re.ASCII)
MOST = 20                               # links of one ticket
MOST_FOUND = 3                          # request ids that are taken from one message


class LinkNoun(StrEnum):
    """What a ticket may be linked to."""

    ORDER = "order"
    INVOICE = "invoice"
    REQUEST = "request"


# The listing through which a linked row must be found. A request's row is the log's; whoever may read the log sees it.
LISTINGS: Mapping[str, Listing] = {
    LinkNoun.ORDER: order_listing.LISTING, LinkNoun.INVOICE: invoice_listing.LISTING,
}


class LinkInput(Input):
    """One link: a noun and the id of its row."""

    noun: Annotated[LinkNoun, Choice(LinkNoun)]
    key: Annotated[str, Text(64, 1)]


def write(ticket: Ticket, links: Sequence[LinkInput]) -> None:
    """Replace the links of a ticket by links that were checked."""
    wanted = {(str(link.noun), link.key) for link in links}
    for row in [one for one in ticket.links if (one.noun, one.key) not in wanted]:
        ticket.links.remove(row)
        db.session.delete(row)
    add(ticket, links)


def add(ticket: Ticket, links: Iterable[LinkInput]) -> None:
    """Add links that were checked, each once."""
    _add(ticket, [(str(link.noun), link.key) for link in links])


def check_all(actor: Actor, links: Sequence[LinkInput], field: str = "links") -> None:
    """Raises Invalid unless every row is one that the actor may see."""
    for place, link in enumerate(links):
        check(actor, link, f"{field}.{place}.key")


def check(actor: Actor, link: LinkInput, field: str) -> None:
    """Raises Invalid unless the row is one that the actor may see."""
    if link.noun is LinkNoun.REQUEST:
        if not REQUEST_ID.fullmatch(link.key):
            raise Invalid.field(field, "must be a request id such as req_0123456789abcdef", "invalid")
        return
    if not NUMBER.fullmatch(link.key):
        raise Invalid.field(field, "must be an id", "invalid")
    LISTINGS[link.noun].refer(actor, field, int(link.key))


def link_mentioned(ticket: Ticket, text: str) -> None:
    """Link the request ids that a message names."""
    found = dict.fromkeys((str(LinkNoun.REQUEST), key) for key in REQUEST_ID.findall(text))
    _add(ticket, list(found)[:MOST_FOUND])


def move(source: Ticket, target: Ticket) -> None:
    """Give the links of one ticket to another."""
    pairs = [(one.noun, one.key) for one in source.links]
    write(source, ())
    _add(target, pairs)


def _add(ticket: Ticket, pairs: Iterable[tuple[str, str]]) -> None:
    known = {(one.noun, one.key) for one in ticket.links}
    fresh = [pair for pair in dict.fromkeys(pairs) if pair not in known]
    ticket.links.extend(
        TicketLink(merchant_id=ticket.merchant_id, test=ticket.test, noun=noun, key=key, created_at=clock.now())
        for noun, key in fresh[:max(0, MOST - len(known))]
    )
