"""Answers to tickets that are written once and used often."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, long_text, pk
from database.text_keys import search_key, sort_key
from models.owned import Versioned


class CannedAnswer(Versioned, Model):
    """An answer of a merchant, common to both worlds."""

    __tablename__ = "canned_answers"
    __table_args__ = constraints(Index("ix_canned_answers_merchant_id", "merchant_id", "active", "title_sort", "id"))

    id: Mapped[pk]
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"))
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[long_text]                          # with {customer} and other words that are filled in
    active: Mapped[bool] = mapped_column(default=True)
    title_sort: Mapped[str | None] = sort_key("title")
    search_text: Mapped[str | None] = search_key("title", "text")
