"""Credit notes: what corrects an issued invoice, wholly or in part. A credit note never changes."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import Model, constraints, currency_code, micro, minor, pk, ten_thousandths, word
from database.text_keys import search_key
from models.invoice import Invoice, TaxCategory
from models.owned import Owned, Versioned


class CreditNote(Owned, Versioned, Model):
    """Amounts are positive: they are taken off the invoice."""

    __tablename__ = "credit_notes"
    __table_args__ = constraints(
        CheckConstraint("total_minor > 0", "total_positive"),
        UniqueConstraint("merchant_id", "test", "number"),
        Index("ix_credit_notes_merchant_id_test_created_at", "merchant_id", "test", "created_at", "id"),
        Index("ix_credit_notes_created_at_id_test", "created_at", "id", "test"),
        Index("ix_credit_notes_customer_id_test_merchant_id", "customer_id", "test", "merchant_id", "created_at"),
    )

    id: Mapped[pk]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    number: Mapped[str] = mapped_column(String(64))
    series_number: Mapped[int]                           # its place in the series, without gaps
    currency: Mapped[currency_code]
    net_minor: Mapped[minor]
    tax_minor: Mapped[minor]                             # of the lines and of the whole together
    header_tax_minor: Mapped[minor] = mapped_column(default=0)
    total_minor: Mapped[minor]
    reason: Mapped[str | None] = mapped_column(String(500))
    issue_on: Mapped[date]                               # in the merchant's zone
    issued_at: Mapped[datetime]
    customer_name: Mapped[str]
    customer_email: Mapped[str | None]
    seller: Mapped[dict[str, Any]] = mapped_column(JSON)
    buyer: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    search_text: Mapped[str | None] = search_key("number", "customer_name", "reason", indexed=True)

    invoice: Mapped[Invoice] = relationship()
    items: Mapped[list["CreditNoteItem"]] = relationship(
        order_by="CreditNoteItem.position", cascade="all, delete-orphan")


class CreditNoteItem(Model):
    """What is taken off one line of the invoice: a quantity of it, or an amount."""

    __tablename__ = "credit_note_items"
    __table_args__ = constraints(CheckConstraint("quantity_ten_thousandths > 0", "quantity_positive"))

    id: Mapped[pk]
    credit_note_id: Mapped[int] = mapped_column(ForeignKey("credit_notes.id"), index=True)
    position: Mapped[int]
    invoice_item_id: Mapped[int] = mapped_column(ForeignKey("invoice_items.id"), index=True)
    description: Mapped[str] = mapped_column(String(500))
    by_amount: Mapped[bool]                              # an amount was named, and so its quantity is 1
    quantity_ten_thousandths: Mapped[ten_thousandths]
    unit_price_micro: Mapped[micro]                      # without tax, after the line's discounts
    net_minor: Mapped[minor]
    tax_minor: Mapped[minor]
    tax_percent_ten_thousandths: Mapped[int | None]
    tax_category: Mapped[TaxCategory | None] = mapped_column(word(TaxCategory, 2))
    tax_reason: Mapped[str | None] = mapped_column(String(200))
    total_minor: Mapped[minor]
