"""Tickets of the support desk: departments, tickets, replies, attachments and what a ticket is about."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import SECRET, Model, constraints, long_text, pk, word
from database.text_keys import search_key, sort_key
from models.customer import Customer
from models.owned import Owned, Versioned, in_order
from models.user import User


class TicketStatus(StrEnum):
    OPEN = "open"                        # nobody has answered yet, or it was reopened
    ANSWERED = "answered"                # the customer's turn
    CUSTOMER_REPLY = "customer_reply"    # the merchant's turn
    ON_HOLD = "on_hold"
    CLOSED = "closed"


class TicketSource(StrEnum):
    STAFF = "staff"
    CLIENT = "client"                    # the customer's pages or programs
    MAIL = "mail"


class AuthorType(StrEnum):
    CLIENT = "client"
    STAFF = "staff"


class Department(Versioned, Model):
    """A department of a merchant, common to both worlds. Its number counts from 1 with each merchant."""

    __tablename__ = "departments"
    __table_args__ = constraints(
        UniqueConstraint("merchant_id", "number"),
        CheckConstraint("number > 0", "number_positive"),
    )

    id: Mapped[pk]
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"))
    number: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    active: Mapped[bool] = mapped_column(default=True)
    email: Mapped[str | None] = mapped_column(String(254))       # mails to it become tickets of the department
    name_sort: Mapped[str | None] = sort_key("name")
    search_text: Mapped[str | None] = search_key("name")


class Ticket(Owned, Versioned, Model):
    """A conversation with a customer, or with somebody who is none. It is never deleted."""

    __tablename__ = "tickets"
    __table_args__ = constraints(
        CheckConstraint("priority BETWEEN 1 AND 4", "priority_known"),
        Index("ix_tickets_merchant_id_test_created_at", "merchant_id", "test", "created_at", "id", "status"),
        Index("ix_tickets_created_at_id_test", "created_at", "id", "test"),
        # Queues: what waits, by the time until which it has to be answered.
        Index("ix_tickets_status_test_merchant_id", "status", "test", "merchant_id", "due_at", "id"),
        in_order("tickets", "due_at", "due_at"),
        in_order("tickets", "subject", "subject_sort"),
        Index("ix_tickets_customer_id_test", "customer_id", "test", "created_at"),
        Index("ix_tickets_assignee_id_status", "assignee_id", "status", "test", "due_at"),
    )

    id: Mapped[pk]
    number: Mapped[str] = mapped_column(String(12), unique=True)             # TKT-A3F7B2C1
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"))      # null: a stranger wrote
    department_id: Mapped[int] = mapped_column(ForeignKey("departments.id"), index=True)
    subject: Mapped[str] = mapped_column(String(200))
    message: Mapped[long_text]                                               # the first message
    status: Mapped[TicketStatus] = mapped_column(word(TicketStatus))
    priority: Mapped[int]                                                    # 1 low to 4 urgent
    source: Mapped[TicketSource] = mapped_column(word(TicketSource))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    author_type: Mapped[AuthorType] = mapped_column(word(AuthorType))        # of the first message
    author_name: Mapped[str]
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    sender: Mapped[str | None] = mapped_column(String(254))                  # the address that wrote
    mail_token: Mapped[str] = mapped_column(String(32), unique=True, info=SECRET)    # in addresses for replies

    waiting_since: Mapped[datetime | None]                                   # for an answer of the merchant
    due_at: Mapped[datetime | None]                                          # until when it should be answered
    first_replied_at: Mapped[datetime | None]
    last_reply_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("tickets.id"), index=True)
    subject_sort: Mapped[str | None] = sort_key("subject")
    search_text: Mapped[str | None] = search_key(
        "number", "subject", "message", "author_name", "sender", indexed=True)

    customer: Mapped[Customer | None] = relationship()
    department: Mapped[Department] = relationship()
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    attachments: Mapped[list["TicketAttachment"]] = relationship(order_by="TicketAttachment.id")
    links: Mapped[list["TicketLink"]] = relationship(order_by="TicketLink.id")


class TicketReply(Owned, Model):
    """A later message of a ticket, or an internal note, which no customer sees."""

    __tablename__ = "ticket_replies"
    __table_args__ = constraints(Index("ix_ticket_replies_ticket_id", "ticket_id", "id"))

    id: Mapped[pk]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    author_type: Mapped[AuthorType] = mapped_column(word(AuthorType))
    author_name: Mapped[str]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    source: Mapped[TicketSource] = mapped_column(word(TicketSource))
    sender: Mapped[str | None] = mapped_column(String(254))
    message: Mapped[long_text]
    internal: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    search_text: Mapped[str | None] = search_key("message", "author_name", "sender", indexed=True)


class TicketAttachment(Owned, Model):
    """A file of a message. Its bytes are in a file of the instance folder that is named by their digest."""

    __tablename__ = "ticket_attachments"
    __table_args__ = constraints(Index("ix_ticket_attachments_ticket_id", "ticket_id", "id"))

    id: Mapped[pk]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    reply_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_replies.id"), index=True)   # null: first message
    name: Mapped[str] = mapped_column(String(200))
    mime_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]                                                        # in bytes
    digest: Mapped[str] = mapped_column(String(64), index=True)              # SHA-256
    created_at: Mapped[datetime]


class TicketLink(Owned, Model):
    """What a ticket is about: an order, an invoice, or a request by its id."""

    __tablename__ = "ticket_links"
    __table_args__ = constraints(
        UniqueConstraint("ticket_id", "noun", "key"),
        Index("ix_ticket_links_noun_key", "noun", "key"),
    )

    id: Mapped[pk]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("tickets.id"))
    noun: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
