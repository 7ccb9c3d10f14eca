"""Puts mails that come in into tickets.

A reply finds its ticket by the token in the address that it was sent to, whoever sends it, or by the Message-ID that
it answers, if the ticket's own customer sends it; never by its subject. Any other mail opens a ticket. What a program
sent is kept, and answered by nobody; what came already is recognised.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select

from database import DatabaseClash, db, transaction
from domain import clock, texts
from domain.actor import Actor
from domain.people.logins import customer_emails
from domain.permissions import EVERYTHING
from domain.support import departments, ticket_files, ticket_merging
from domain.support.mails import ticket_addresses, ticket_mail_quotes, ticket_sending
from domain.support.mails.ticket_mail_reading import IncomingMail
from domain.support.ticket_authors import Author
from domain.support.ticket_files import KeptFile
from domain.support.ticket_listing import LISTING
from domain.support.ticket_writing import Draft, add_reply, add_ticket
from domain.support.tickets import LONGEST
from models.customer_user import CustomerUser
from models.merchant import Merchant
from models.ticket import AuthorType, Department, Ticket, TicketReply, TicketSource
from models.ticket_mail import MailKind, TicketMail

DUPLICATE = "duplicate"
CAME_IN = frozenset({MailKind.CREATED, MailKind.REPLIED, MailKind.KEPT, MailKind.IGNORED})
NO_SUBJECT, NO_WORDS, NOBODY = "(no subject)", "(no text)", "Unknown sender"
SUBJECT = 200                           # characters of a ticket's subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a mail."""

    action: str
    ticket_id: int | None = None
    ticket_number: str | None = None
    reply_id: int | None = None
    attachments: int = 0
    refused: list[str] = field(default_factory=list)
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """A mail with what was decided about it before the transaction."""

    mail: IncomingMail
    merchant: Merchant
    sender_key: str
    recipients: Sequence[str]
    files: Sequence[KeptFile]
    refused: dict[str, str]


def receive(merchant_id: int, mail: IncomingMail, recipient: str = "") -> Receipt:
    """Store a mail, in transactions of its own; `recipient` is the address that it was delivered to."""
    found = ticket_files.sort([] if mail.automatic else mail.files)
    kept = ticket_files.keep_taken(found.taken)
    for attempt in range(2):
        try:
            with transaction():
                case = _Case(
                    mail=mail, merchant=db.session.get_one(Merchant, merchant_id), files=kept,
                    sender_key=texts.email_key(mail.sender), refused=found.refused | mail.refused,
                    recipients=[recipient, *mail.recipients] if recipient else mail.recipients,
                )
                return _stored(case)
        except DatabaseClash:                        # the same mail came twice at the same moment
            if attempt:
                raise
    raise AssertionError


def _stored(case: _Case) -> Receipt:
    known = _came_before(case)
    if known is not None:
        return _receipt(known, action=DUPLICATE, reason="The same mail has come before.")
    ours = _is_ours(case)
    if ours:
        return _receipt(_noted(case, MailKind.IGNORED, None, reason=ours))
    ticket, reason = _ticket_of(case)
    reason = case.mail.automatic or reason
    if reason:
        return _receipt(_noted(case, MailKind.KEPT, ticket, reason=reason))
    return _replied(case, ticket) if ticket is not None else _created(case)


def _came_before(case: _Case) -> TicketMail | None:
    """The same mail, by its Message-ID and sender, and by its date or its text."""
    mail = case.mail
    return db.session.scalars(select(TicketMail).where(
        TicketMail.merchant_id == case.merchant.id, TicketMail.message_id == mail.message_id,
        TicketMail.kind.in_(CAME_IN), TicketMail.address_key == case.sender_key,
        or_(TicketMail.same_as == mail.identity, TicketMail.text == mail.text),
    ).order_by(TicketMail.id).limit(1)).first()


def _is_ours(case: _Case) -> str:
    """Why a mail is one of ours that came back; empty for others."""
    ids = [one for one in (case.mail.message_id, case.mail.own_id) if one]
    sent = db.session.scalar(select(TicketMail.id).where(
        TicketMail.merchant_id == case.merchant.id, TicketMail.message_id.in_(ids), TicketMail.kind.not_in(CAME_IN),
    ).limit(1))
    if sent is not None:
        return "It was sent from here."
    if case.sender_key and case.sender_key in ticket_addresses.own_keys(case.merchant):
        return "Its sender is an address of the support desk."
    return ""


def _ticket_of(case: _Case) -> tuple[Ticket | None, str]:
    """The ticket that a mail belongs to, and why the mail is only kept with it, if it is."""
    tokens = ticket_addresses.tokens_in(case.recipients)
    by_token = {one.mail_token: one for one in db.session.scalars(select(Ticket).where(
        Ticket.mail_token.in_(tokens), Ticket.merchant_id == case.merchant.id))} if tokens else {}
    if by_token:
        return by_token[next(one for one in tokens if one in by_token)], ""
    for mail, ticket in _answered(case):
        if mail.kind is MailKind.NOTICE:
            if mail.address_key == case.sender_key:
                return ticket, "It answers a notice to staff."
        elif case.sender_key and case.sender_key in ticket_sending.customer_keys(ticket):
            return ticket, ""
    return None, ""


def _answered(case: _Case) -> list[tuple[TicketMail, Ticket]]:
    """The mails of tickets that a mail answers, the nearest first."""
    wanted = case.mail.references
    rows = db.session.execute(
        select(TicketMail, Ticket).join(Ticket, Ticket.id == TicketMail.ticket_id).where(
            TicketMail.merchant_id == case.merchant.id, TicketMail.message_id.in_(wanted),
            TicketMail.kind != MailKind.KEPT).order_by(TicketMail.id)
    ).all() if wanted else []
    return sorted(((mail, ticket) for mail, ticket in rows), key=lambda pair: wanted.index(pair[0].message_id))


def _replied(case: _Case, found: Ticket) -> Receipt:
    actor = _actor(case.merchant.id, test=found.test)
    _, ticket = LISTING.lock(actor, ticket_merging.resolved(found).id)
    user = user_of(case.merchant.id, case.sender_key, test=found.test)
    is_own = user is not None and user.customer_id == ticket.customer_id
    reply = add_reply(
        actor, ticket, _words(case, is_reply=True), _author(case, user if is_own else None), files=case.files)
    return _receipt(_noted(case, MailKind.REPLIED, ticket, reply), attachments=len(case.files))


def _created(case: _Case) -> Receipt:
    user = user_of(case.merchant.id, case.sender_key)
    actor = _actor(case.merchant.id, test=False)
    draft = Draft(
        subject=subject_of(case.mail.subject), message=_words(case, is_reply=False), department=_department(case),
        customer_id=user.customer_id if user is not None else None, files=case.files,
    )
    ticket = add_ticket(actor, draft, _author(case, user))
    noted = _noted(case, MailKind.CREATED, ticket)
    if case.mail.sender:
        ticket_sending.confirm(ticket, case.mail.sender)
    return _receipt(noted, attachments=len(case.files))


def user_of(merchant_id: int, sender_key: str, *, test: bool = False) -> CustomerUser | None:
    """The user of the merchant's customer with an address, as addresses compare; the customer's own is one."""
    return customer_emails.at_address(merchant_id, sender_key, test=test)


def _department(case: _Case) -> Department:
    """The department whose address the mail was sent to, else the first."""
    rows = db.session.scalars(select(Department).where(
        Department.merchant_id == case.merchant.id, Department.active.is_(True), Department.email.is_not(None),
    ).order_by(Department.number.desc()))
    by_address = {texts.email_key(one.email or ""): one for one in rows}
    for address in case.recipients:
        if (found := by_address.get(ticket_addresses.untagged(address))) is not None:
            return found
    return departments.numbered(case.merchant.id, None, "department")


def _author(case: _Case, user: CustomerUser | None) -> Author:
    """A known user by the name that is known, anybody else by what the mail says."""
    name = user.shown_name if user is not None else case.mail.name or case.mail.sender or NOBODY
    return Author(kind=AuthorType.CLIENT, name=name, source=TicketSource.MAIL, sender=case.mail.sender or None)


def subject_of(said: str) -> str:
    """The subject of a mail as a ticket's."""
    return said[:SUBJECT].strip() if texts.has_sign(said) else NO_SUBJECT


def _words(case: _Case, *, is_reply: bool) -> str:
    """What the sender wrote, and the names of files that were not taken. The whole text is kept with the mail."""
    text = case.mail.text
    is_whole = not is_reply and ticket_mail_quotes.is_forward(case.mail.subject)
    words = (text.strip() if is_whole else ticket_mail_quotes.words_of(text)) or NO_WORDS
    notes = "".join(f"\n[Not taken: {name} {reason}]" for name, reason in case.refused.items())
    room = LONGEST - len(notes) - 100
    if len(words) > room:
        words = f"{words[:room]}\n[{len(words) - room} more characters are kept with the mail]"
    return f"{words}\n{notes}"[:LONGEST].strip() if notes else words


def _noted(
    case: _Case, kind: MailKind, ticket: Ticket | None, reply: TicketReply | None = None, *, reason: str | None = None
) -> TicketMail:
    """Store the mail's row."""
    mail = case.mail
    row = TicketMail(
        merchant_id=case.merchant.id, test=ticket.test if ticket is not None else False, kind=kind,
        ticket_id=ticket.id if ticket is not None else None, reply_id=reply.id if reply is not None else None,
        message_id=mail.message_id, same_as=mail.identity, address=mail.sender, address_key=case.sender_key,
        name=mail.name, subject=mail.subject, text=mail.text, reason=reason, refused=list(case.refused),
        created_at=clock.now(),
    )
    db.session.add(row)
    db.session.flush()
    return row


def _receipt(row: TicketMail, **more: Any) -> Receipt:
    ticket = db.session.get(Ticket, row.ticket_id) if row.ticket_id is not None else None
    given: dict[str, Any] = {"action": row.kind.value, "reason": row.reason, "refused": row.refused}
    return Receipt(**given | {
        "ticket_id": row.ticket_id, "ticket_number": ticket.number if ticket is not None else None,
        "reply_id": row.reply_id,
    } | more)


def _actor(merchant_id: int, *, test: bool) -> Actor:
    who = Actor(label="mail", merchant_ids=frozenset({merchant_id}), scopes=EVERYTHING, source="mail", kind="mail")
    return who.in_world(test=test)
