"""Movements of a merchant's bank account, read from statements, and what became of each."""

from datetime import date
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import Model, constraints, currency_code, long_text, minor, pk, word
from database.text_keys import search_key
from models.order import Order, ScheduledPayment
from models.owned import Owned, Versioned
from models.payment import Payment


class StatementState(StrEnum):
    BOOKED = "booked"        # a payment was recorded for it
    UNSURE = "unsure"        # a person has to say what it is
    IGNORED = "ignored"      # money out, or set aside by a person


class StatementRow(Owned, Versioned, Model):
    """One movement: money in is positive. Accounts of payers are kept with their middle left out."""

    __tablename__ = "statement_rows"
    __table_args__ = constraints(
        # The same movement in another file is the same row.
        UniqueConstraint("merchant_id", "test", "identity"),
        Index("ix_statement_rows_merchant_id_test_booked_on", "merchant_id", "test", "booked_on", "id", "state"),
        Index("ix_statement_rows_booked_on_id_test", "booked_on", "id", "test"),
        Index("ix_statement_rows_state_test_merchant_id", "state", "test", "merchant_id", "booked_on"),
    )

    id: Mapped[pk]
    identity: Mapped[str] = mapped_column(String(64))
    file_name: Mapped[str] = mapped_column(String(255))
    file_digest: Mapped[str] = mapped_column(String(64))
    place: Mapped[str] = mapped_column(String(40))                   # in the file: line 12
    booked_on: Mapped[date]
    currency: Mapped[currency_code]
    amount_minor: Mapped[minor]
    payer_name: Mapped[str | None] = mapped_column(String(140))
    payer_account: Mapped[str | None] = mapped_column(String(40))    # masked
    texts: Mapped[long_text | None]                                  # in which references stand, one a line
    bank_id: Mapped[str | None] = mapped_column(String(110))
    is_reversal: Mapped[bool] = mapped_column(default=False)
    state: Mapped[StatementState] = mapped_column(word(StatementState))
    reason: Mapped[str | None] = mapped_column(String(200))          # why it is unsure or ignored
    # What it pays, or what it may pay while it is unsure
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    scheduled_payment_id: Mapped[int | None] = mapped_column(ForeignKey("scheduled_payments.id"), index=True)
    invoice_ids: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id"), index=True)
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    search_text: Mapped[str | None] = search_key("payer_name", "texts", "bank_id", indexed=True)

    order: Mapped[Order | None] = relationship()
    scheduled_payment: Mapped[ScheduledPayment | None] = relationship()
    payment: Mapped[Payment | None] = relationship()
