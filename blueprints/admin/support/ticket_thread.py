"""Reads what a ticket's page shows: its messages with their mails and files, and what it is about."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import url_for
from markupsafe import Markup, escape
from sqlalchemy import ColumnElement, func, or_, select

from blueprints.admin import traffic
from blueprints.pages import navigation
from blueprints.pages.session import may
from database import db
from domain import texts
from domain.actor import Actor
from domain.support.mails import ticket_sending
from domain.support.ticket_links import REQUEST_ID, LinkNoun
from domain.support.ticket_listing import LISTING
from domain.support.ticket_messages import Part
from models.customer import Customer
from models.outbox import Task, TaskStatus
from models.ticket import AuthorType, Ticket, TicketSource
from models.ticket_mail import MailKind, TicketMail

MOST_TASKS = 500
MOST_BESIDE = 20                        # mails that are no messages
TOGETHER = timedelta(minutes=1)
LONGEST_WHOLE = 50_000                  # characters of a mail's whole text on the page
MOST_CALLS = 5                          # that are looked up
EARLIER = 5                             # other tickets of the customer
NUMBER = re.compile(r"\bTKT-[0-9A-F]{8}\b", re.IGNORECASE)
STATES = {
    TaskStatus.DONE: ("mailed", ""), TaskStatus.PENDING: ("waits to be mailed", ""), TaskStatus.HELD: ("held", "warn"),
    TaskStatus.FAILED: ("could not be mailed", "bad"), TaskStatus.CANCELLED: ("kept, not mailed", ""),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message, or a line about a mail that is none."""

    at: datetime
    author: str
    key: int | None = None              # of a reply
    sender: str = ""                    # the address that a mail came from
    how: str = ""                       # by mail, Internal note …
    text: Any = ""
    look: str = ""                      # ours, inside, or told: a line that is no message
    files: Sequence[Any] = ()
    state: str = ""                     # of the mail that it was sent as
    tone: str = ""
    url: str | None = None              # of that mail
    whole: str = ""                     # the text of the mail, with what it quotes


@dataclass(frozen=True, slots=True)
class About:
    """Something that a ticket is linked to."""

    noun: str
    name: str
    url: str | None


def entries(record: Any, part: Part) -> list[Entry]:
    """The messages of a part of a ticket and what was mailed beside them, oldest first; before all the first one."""
    mails = _mails(record.id, part)
    tasks = _tasks(record.id, part)
    came = {one.reply_id: one for one in mails if one.kind in (MailKind.CREATED, MailKind.REPLIED)}
    sent = {one.reply_id: one for one in mails if one.kind is MailKind.ANSWER}
    own = _own_addresses(record)

    def message(key: int | None, row: Any) -> Entry:
        mailed = _Mailed(came.get(key), tasks.get(sent[key].id) if key in sent else None)
        return _message(row, own, part.files.get(key, ()), mailed)

    found = [message(one.id, one) for one in part.replies]
    found += [_beside(one) for one in mails if one.kind in (MailKind.KEPT, MailKind.CONFIRMATION)]
    first = message(None, record)
    if part.earlier:
        return [first, *sorted(found, key=lambda one: one.at)]
    return sorted([first, *found], key=lambda one: one.at)


@dataclass(frozen=True, slots=True)
class _Mailed:
    """The mail that a message came as, and the task by which it is sent."""

    came: Any
    task: Task | None


def _mails(ticket_id: int, part: Part) -> Sequence[Any]:
    """The mails of a part, without the ends of texts that are too long for the page."""
    text = func.substr(TicketMail.text, 1, LONGEST_WHOLE).label("text")
    columns = (TicketMail.id, TicketMail.reply_id, TicketMail.kind, TicketMail.address, TicketMail.reason,
               TicketMail.created_at, text)
    of_ticket = select(*columns).where(TicketMail.ticket_id == ticket_id)
    of_messages = of_ticket.where(or_(
        TicketMail.kind == MailKind.CREATED, TicketMail.reply_id.in_([one.id for one in part.replies])))
    beside = of_ticket.where(
        TicketMail.kind.in_((MailKind.KEPT, MailKind.CONFIRMATION)), *_within(TicketMail.created_at, part))
    return [*db.session.execute(of_messages.order_by(TicketMail.id)),
            *db.session.execute(beside.order_by(TicketMail.id.desc()).limit(MOST_BESIDE))]


def _within(column: Any, part: Part) -> list[ColumnElement[bool]]:
    """The time of a part."""
    since, until = part.since, part.until
    return [*([column >= since] if since is not None else []), *([column < until] if until is not None else [])]


def _message(row: Any, own: set[str], files: Sequence[Any], mailed: _Mailed) -> Entry:
    """A message; the ticket's own row has the first one."""
    inside, is_staff = getattr(row, "internal", None), row.author_type == AuthorType.STAFF
    key = row.id if inside is not None else None
    how = "Internal note" if inside else "by mail" if row.source == TicketSource.MAIL else ""
    is_stranger = bool(row.sender and own and texts.email_key(row.sender) not in own)
    task = mailed.task
    state, tone = STATES[task.status] if task is not None else ("", "")
    whole = (mailed.came.text or "")[:LONGEST_WHOLE].strip() if mailed.came is not None else ""
    return Entry(
        at=row.created_at, key=key, author=row.author_name, sender=row.sender or "", files=files,
        text=linked(row.message),
        how=f"{how}, not the customer’s address" if is_stranger else how, state=state,
        look="inside" if inside else "ours" if is_staff else "", tone=tone or ("warn" if is_stranger else ""),
        url=url_for("admin.mail_preview", key=task.id) if task is not None and may("READ_ORDERS") else None,
        whole="" if whole == row.message.strip() else whole,
    )


def _beside(mail: Any) -> Entry:
    """A mail of a program that was kept, or a confirmation that was sent."""
    if mail.kind is MailKind.CONFIRMATION:
        return Entry(at=mail.created_at, author="", look="told", text=f"Confirmation to {mail.address}.")
    text = f"A mail from {mail.address or 'nobody'} was kept: {mail.reason}."
    return Entry(at=mail.created_at, author="", look="told", text=text, whole=(mail.text or "")[:LONGEST_WHOLE].strip())


def _tasks(ticket_id: int, part: Part) -> dict[int, Task]:
    """The tasks of a part's mails, by the mail; an answer and its task are stored together."""
    of_ticket = select(Task).where(Task.about == f"ticket_{ticket_id}")
    if part.since is not None:
        of_ticket = of_ticket.where(Task.created_at >= part.since - TOGETHER)
    if part.until is not None:
        of_ticket = of_ticket.where(Task.created_at <= part.until + TOGETHER)
    rows = db.session.scalars(of_ticket.order_by(Task.created_at.desc(), Task.id.desc()).limit(MOST_TASKS))
    return {one.payload["ticket_mail_id"]: one for one in rows if "ticket_mail_id" in one.payload}


def _own_addresses(record: Any) -> set[str]:
    ticket = db.session.get(Ticket, record.id)
    return ticket_sending.customer_keys(ticket) if ticket is not None else set()


def linked(text: str) -> Markup:
    """A message with links to the requests that it names."""
    if not may("READ_ANALYTICS"):
        return escape(text)
    parts, end = [], 0
    for found in REQUEST_ID.finditer(text):
        url = url_for("analytics.request", number=found[0])
        parts += [escape(text[end:found.start()]), Markup('<a class="mono" href="{}">{}</a>').format(url, found[0])]
        end = found.end()
    return Markup("").join([*parts, escape(text[end:])])


def about(record: Any, who: Actor) -> list[About]:
    """The orders and invoices that a ticket is linked to, with the pages that the reader may open."""
    return [_about(one.noun, int(one.key), who) for one in record.children["links"] if one.noun != LinkNoun.REQUEST]


def _about(noun: str, key: int, who: Actor) -> About:
    page = navigation.row_page(noun, who)
    name = page.name(who, key) if page is not None else None
    return About(noun, name or f"{noun.title()} {key}", f"{page.path}/{key}" if page is not None and name else None)


def named_in_subject(record: Any, who: Actor) -> Sequence[Any]:
    """The other tickets whose numbers stand in the subject: a hint to staff, who may merge them."""
    numbers = {one.upper() for one in NUMBER.findall(record.subject)} - {record.number}
    if not numbers or record.merged_into_id is not None:
        return []
    own, values = LISTING.owned(who.narrowed(record.merchant_id))
    found = select(Ticket.id, Ticket.number).where(*own, Ticket.number.in_(sorted(numbers)[:EARLIER]))
    return db.session.execute(found.order_by(Ticket.id), values).all()


def calls(record: Any, who: Actor) -> list[tuple[str, Any, str | None]]:
    """The calls that a ticket names: the id, its row of the log where that is still kept, and the name of its key."""
    keys = [one.key for one in record.children["links"] if one.noun == LinkNoun.REQUEST]
    if not keys or not may("READ_ANALYTICS"):
        return []
    own = who.narrowed(record.merchant_id)
    rows: Mapping[str, Any] = traffic.calls_with_ids(own, keys[:MOST_CALLS])
    names = traffic.names_of(own, [row.key_id for row in rows.values()])
    return [(key, rows.get(key), names.get(rows[key].key_id) if key in rows else None) for key in keys]


def of_customer(record: Any, who: Actor) -> dict[str, Any]:
    """The customer and the latest other tickets."""
    if record.customer_id is None:
        return {"customer": None, "others": []}
    own, values = LISTING.owned(who)
    others = select(Ticket.id, Ticket.subject, Ticket.status).where(
        *own, Ticket.customer_id == record.customer_id, Ticket.id != record.id,
    ).order_by(Ticket.created_at.desc(), Ticket.id.desc()).limit(EARLIER)
    return {
        "customer": db.session.get(Customer, record.customer_id),
        "others": db.session.execute(others, values).all(),
    }
