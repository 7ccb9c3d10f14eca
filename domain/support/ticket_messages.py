"""Reads the replies of a ticket in parts, for pages: the newest, and from there on the earlier ones."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from database import db
from domain.listing import LARGEST_ID
from domain.support.ticket_files import by_message
from models.ticket import TicketAttachment, TicketReply

SHOWN = 50                              # replies of a part: at most 50 times 20,000 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some replies of a ticket, the oldest first, with their files and those of the ticket's first message.

    `before` is the first reply that is newer than these, None where these are the newest.
    """

    replies: Sequence[TicketReply]
    files: dict[int | None, list[Any]] = field(default_factory=dict)
    earlier: int = 0                    # how many replies are older
    before: TicketReply | None = None

    @property
    def since(self) -> datetime | None:
        """From when on this part has everything; None where it begins with the ticket."""
        return self.replies[0].created_at if self.earlier else None

    @property
    def until(self) -> datetime | None:
        """Until when it has everything; None for now."""
        return self.before.created_at if self.before is not None else None


def part(ticket_id: int, before: int | None = None, *, internal: bool = True) -> Part:
    """The newest replies, or those before the reply with this id; `internal` says whether notes are among them."""
    own = [TicketReply.ticket_id == ticket_id, *([] if internal else [TicketReply.internal.is_(False)])]
    limit = _reply(own, before) if before is not None else None
    older = [*own, *([_older(limit)] if limit is not None else [])]
    found = db.session.scalars(select(TicketReply).where(*older).order_by(
        TicketReply.created_at.desc(), TicketReply.id.desc()).limit(SHOWN)).all()[::-1]
    earlier = 0
    if len(found) == SHOWN:
        earlier = db.session.scalar(select(func.count()).where(*own, _older(found[0]))) or 0
    return Part(replies=found, files=_files(ticket_id, found), earlier=earlier, before=limit)


def _reply(own: list[ColumnElement[bool]], key: int) -> TicketReply | None:
    """The reply of the ticket with this id; None where it has none."""
    if not 0 < key <= LARGEST_ID:
        return None
    return db.session.scalar(select(TicketReply).where(*own, TicketReply.id == key))


def _older(one: TicketReply) -> ColumnElement[bool]:
    """Replies come by their time: those of a merged ticket were stored later, and may be older."""
    at = TicketReply.created_at
    return or_(at < one.created_at, and_(at == one.created_at, TicketReply.id < one.id))


def _files(ticket_id: int, replies: Sequence[TicketReply]) -> dict[int | None, list[Any]]:
    keys = [one.id for one in replies]
    of_these = or_(TicketAttachment.reply_id.is_(None), TicketAttachment.reply_id.in_(keys))
    found = select(TicketAttachment).where(TicketAttachment.ticket_id == ticket_id, of_these)
    return by_message(db.session.scalars(found.order_by(TicketAttachment.id)))
