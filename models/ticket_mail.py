"""The mails of tickets: what came in by mail, what was sent, and what was set aside."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, long_text, pk, word
from models.owned import Owned


class MailKind(StrEnum):
    CREATED = "created"                  # came in and opened a ticket
    REPLIED = "replied"                  # came in as a reply
    KEPT = "kept"                        # came in from a program: kept, and nothing else
    IGNORED = "ignored"                  # came in, but was ours
    ANSWER = "answer"                    # sent: an answer of the merchant
    CONFIRMATION = "confirmation"        # sent: a mail has become a ticket
    NOTICE = "notice"                    # sent to the merchant's own people


class TicketMail(Owned, Model):
    """One mail. Its Message-ID finds the ticket of mails that answer it."""

    __tablename__ = "ticket_mails"
    __table_args__ = constraints(
        UniqueConstraint("merchant_id", "same_as"),
        Index("ix_ticket_mails_merchant_id_message_id", "merchant_id", "message_id"),
        Index("ix_ticket_mails_ticket_id", "ticket_id", "id"),
        Index("ix_ticket_mails_merchant_id_address_key", "merchant_id", "address_key", "kind", "created_at"),
    )

    id: Mapped[pk]
    kind: Mapped[MailKind] = mapped_column(word(MailKind))
    ticket_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"))          # null: it belongs to none
    reply_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_replies.id"), index=True)
    message_id: Mapped[str] = mapped_column(String(255))                 # without its angle brackets
    same_as: Mapped[str | None] = mapped_column(String(64))              # equal for the same mail that came twice
    address: Mapped[str] = mapped_column(String(254))                    # of the sender, or of the recipient
    address_key: Mapped[str] = mapped_column(String(254))                # as addresses compare
    name: Mapped[str] = mapped_column(String(200))                       # of the sender, as the mail says
    subject: Mapped[str] = mapped_column(String(300))
    text: Mapped[long_text | None]                                       # all of it, with what it quotes
    reason: Mapped[str | None] = mapped_column(String(200))              # why it was kept or ignored
    refused: Mapped[list[str]] = mapped_column(default=list)             # the names of files that were not taken
    created_at: Mapped[datetime]
