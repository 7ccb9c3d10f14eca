"""Announcements: news that a merchant publishes for all of its customers, or for some."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import Model, constraints, long_text, pk, word
from database.text_keys import search_key, sort_key
from models.owned import Owned, Removable, Versioned, undeleted


class AnnouncementStatus(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"              # from published_at on
    WITHDRAWN = "withdrawn"


class Announcement(Owned, Versioned, Removable, Model):
    """An announcement, written in Markdown."""

    __tablename__ = "announcements"
    __table_args__ = constraints(
        undeleted("merchant_id", "test", "created_at", "id"),
        undeleted("merchant_id", "test", "status", "published_at", "id"),
    )

    id: Mapped[pk]
    title: Mapped[str] = mapped_column(String(200))
    status: Mapped[AnnouncementStatus] = mapped_column(word(AnnouncementStatus))
    published_at: Mapped[datetime | None]                                    # may be planned for later
    for_all: Mapped[bool]                                                    # else for its recipients
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    title_sort: Mapped[str | None] = sort_key("title")
    content: Mapped[long_text]                                               # Markdown
    search_text: Mapped[str | None] = search_key("title", "content")

    recipients: Mapped[list["AnnouncementRecipient"]] = relationship(
        cascade="all, delete-orphan", order_by="AnnouncementRecipient.customer_id")


class AnnouncementRecipient(Owned, Model):
    """A customer for whom an announcement is."""

    __tablename__ = "announcement_recipients"
    __table_args__ = constraints(
        UniqueConstraint("announcement_id", "customer_id"),
        Index("ix_announcement_recipients_customer_id", "customer_id", "announcement_id"),
    )

    id: Mapped[pk]
    announcement_id: Mapped[int] = mapped_column(ForeignKey("announcements.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
