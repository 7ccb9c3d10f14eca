"""The books: counters of numbers, and a chain of hashes over everything that was booked."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, pk, word
from models.owned import Owned


class Series(StrEnum):
    """What is numbered, each on its own."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class NumberSeries(Model):
    """The last number of a series of one merchant and world, of all time or of one year."""

    __tablename__ = "number_series"
    __table_args__ = constraints(UniqueConstraint("merchant_id", "test", "kind", "period"))

    id: Mapped[pk]
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"))
    test: Mapped[bool]
    kind: Mapped[Series] = mapped_column(word(Series))
    period: Mapped[str] = mapped_column(String(8))       # the year; empty: the series goes on for ever
    last: Mapped[int]


class BookKind(StrEnum):
    """What is booked."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    PAYMENT = "payment"
    REFUND = "refund"
    REFUND_FAILED = "refund_failed"          # money that was paid back came again


class BookChain(Model):
    """The end of the chain of one merchant and world."""

    __tablename__ = "book_chains"
    __table_args__ = constraints(UniqueConstraint("merchant_id", "test"))

    id: Mapped[pk]
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"))
    test: Mapped[bool]
    length: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))      # of the last entry; empty before the first one
    began_at: Mapped[datetime]


class BookEntry(Owned, Model):
    """One link of the chain. Its digest covers the row that it books and the digest before it."""

    __tablename__ = "book_entries"
    __table_args__ = constraints(
        UniqueConstraint("merchant_id", "test", "position"),
        UniqueConstraint("kind", "row_id"),
    )

    id: Mapped[pk]
    position: Mapped[int]                                # from 1
    kind: Mapped[BookKind] = mapped_column(word(BookKind))
    row_id: Mapped[int]
    number: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
