"""Invoices: what a customer owes, line by line. An issued one has a number and never changes."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import (
    Model,
    constraints,
    currency_code,
    long_text,
    micro,
    minor,
    partial_index,
    pk,
    ten_thousandths,
    word,
)
from database.text_keys import search_key
from models.customer import Customer
from models.order import Order
from models.owned import UNDELETED, Owned, Removable, Versioned, in_order, undeleted
from models.product import Product


class InvoiceState(StrEnum):
    """What is stored: the status that people see follows from it, from the amounts and from the day."""

    DRAFT = "draft"
    ISSUED = "issued"
    CANCELLED = "cancelled"          # a draft that nobody wants any more


class InvoiceStatus(StrEnum):
    DRAFT = "draft"
    UNPAID = "unpaid"
    PARTIALLY_PAID = "partially_paid"
    PAID = "paid"
    OVERDUE = "overdue"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class TaxCategory(StrEnum):
    """Why a line is taxed as it is: the codes of EN 16931 (UNCL 5305)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    REVERSE_CHARGE = "AE"
    EXPORT = "G"
    OUTSIDE = "O"


class Invoice(Owned, Versioned, Removable, Model):
    """Amounts are computed from the lines, or copied from what was agreed; never taken from a caller.

    Of an issued one only what was paid, credited and sent still changes (`CHANGING`).
    """

    __tablename__ = "invoices"
    __table_args__ = constraints(
        CheckConstraint("total_minor >= 0", "total_not_negative"),
        CheckConstraint("paid_minor >= 0 AND credited_minor >= 0 AND refunded_minor >= 0", "settled_not_negative"),
        CheckConstraint("credited_minor <= total_minor", "credited_within_total"),
        CheckConstraint("paid_minor <= total_minor", "paid_within_total"),
        CheckConstraint("(state = 'issued') = (number IS NOT NULL)", "issued_has_number"),
        UniqueConstraint("merchant_id", "test", "number"),
        undeleted("merchant_id", "test", "created_at", "id"),
        undeleted("created_at", "id", "test"),
        in_order("invoices", "number", "series_number", where=UNDELETED),
        in_order("invoices", "issue_on", "issue_on", where=UNDELETED),
        in_order("invoices", "due_on", "due_on", where=UNDELETED),
        in_order("invoices", "total", "currency", "total_minor", where=UNDELETED),
        Index("ix_invoices_customer_id_test_merchant_id", "customer_id", "test", "merchant_id", "created_at"),
        # What is open, few among all that was paid: lists, sums and reminders read only this.
        partial_index(
            "ix_invoices_open", "test", "merchant_id", "late_at", "currency", "total_minor", "paid_minor",
            "credited_minor", "id", where="state = 'issued' AND total_minor > paid_minor + credited_minor",
        ),
        # What is paid and was credited later: credit of the customer.
        partial_index(
            "ix_invoices_overpaid", "customer_id", "test", "currency", "id",
            where="total_minor < paid_minor + credited_minor",
        ),
        # Each source has one invoice.
        partial_index(
            "uq_invoices_source", "merchant_id", "test", "source", unique=True,
            where="source IS NOT NULL AND deleted_at IS NULL AND state != 'cancelled'",
        ),
        partial_index("ix_invoices_number_key", "merchant_id", "test", "number_key", where="number_key IS NOT NULL"),
        partial_index("ix_invoices_budget_id", "budget_id", where="budget_id IS NOT NULL"),
        # What was paid while its order was locked, few among all.
        Index(
            "ix_invoices_to_count", "id", sqlite_where=text("to_count = 1"), postgresql_where=text("to_count"),
        ),
        partial_index("ix_invoices_order_id", "order_id", where="order_id IS NOT NULL"),
    )

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    state: Mapped[InvoiceState] = mapped_column(word(InvoiceState), default=InvoiceState.DRAFT)
    number: Mapped[str | None] = mapped_column(String(64))
    number_key: Mapped[str | None] = mapped_column(String(64))       # the number without what payers leave out of it
    series_number: Mapped[int | None]                    # its place in the series, without gaps
    currency: Mapped[currency_code]
    subtotal_minor: Mapped[minor] = mapped_column(default=0)             # of the lines, before any discount
    discount_minor: Mapped[minor] = mapped_column(default=0)             # the lines' and the whole's together
    tax_minor: Mapped[minor] = mapped_column(default=0)                  # the lines' and the whole's together
    total_minor: Mapped[minor] = mapped_column(default=0)
    header_discount_minor: Mapped[minor] = mapped_column(default=0)
    header_tax_minor: Mapped[minor] = mapped_column(default=0)           # of a budget that had it; nobody writes it
    issue_on: Mapped[date | None]                        # in the merchant's zone
    due_on: Mapped[date | None]
    overdue_at: Mapped[datetime | None]                  # when the last day to pay it has passed
    late_at: Mapped[datetime | None]                     # since when it is overdue: that, or by its order's schedule
    issued_at: Mapped[datetime | None]
    notes: Mapped[long_text | None]
    period_start_on: Mapped[date | None]                 # of what was supplied
    period_end_on: Mapped[date | None]
    budget_id: Mapped[int | None] = mapped_column(ForeignKey("budgets.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    source: Mapped[str | None] = mapped_column(String(64))           # what it was made of: payment:12, budget:7
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    # Seller and buyer as they were when it was issued (`invoice_facts.Party`); null while it is a draft
    customer_name: Mapped[str | None]
    customer_email: Mapped[str | None]
    seller: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    buyer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    e_invoice_lacks: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))   # for an e-invoice

    paid_minor: Mapped[minor] = mapped_column(default=0)             # what was paid and not paid back
    credited_minor: Mapped[minor] = mapped_column(default=0)
    refunded_minor: Mapped[minor] = mapped_column(default=0)         # what was paid back
    paid_at: Mapped[datetime | None]                                 # since when all is paid
    sent_at: Mapped[datetime | None]                                 # to the customer, by mail
    charged_at: Mapped[datetime | None]                              # a stored card, by itself, on the due date
    charge_again_at: Mapped[datetime | None]                         # the card, after a decline
    to_count: Mapped[bool] = mapped_column(default=False)            # what pays it, in its order's schedule
    to_lower_minor: Mapped[minor] = mapped_column(default=0)         # what was credited, and its order still collects
    reminded_at: Mapped[datetime | None]
    reminded_days: Mapped[int | None]                                # of the last step of reminders
    search_text: Mapped[str | None] = search_key("number", "customer_name", "notes", indexed=True)

    customer: Mapped[Customer] = relationship()
    order: Mapped[Order | None] = relationship()
    items: Mapped[list["InvoiceItem"]] = relationship(order_by="InvoiceItem.position", cascade="all, delete-orphan")

    @property
    def balance_minor(self) -> int:
        """What is open; below 0 where more was paid than is owed."""
        return self.total_minor - self.paid_minor - self.credited_minor


CHANGING = frozenset({
    "paid_minor", "credited_minor", "refunded_minor", "paid_at", "sent_at", "charged_at", "charge_again_at", "to_count",
    "to_lower_minor", "late_at", "reminded_at", "reminded_days", "version", "updated_at", "search_text",
})


class InvoiceItem(Model):
    """One line. Its amount is stored, since one that was agreed elsewhere is never computed anew."""

    __tablename__ = "invoice_items"
    __table_args__ = constraints(
        CheckConstraint("quantity_ten_thousandths > 0", "quantity_positive"),
        CheckConstraint("unit_price_micro >= 0", "price_not_negative"),
        CheckConstraint("discount_minor + shared_discount_minor <= amount_minor", "discount_within_amount"),
    )

    id: Mapped[pk]
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)
    position: Mapped[int]
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"), index=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)      # the order it bills
    description: Mapped[str] = mapped_column(String(500))
    quantity_ten_thousandths: Mapped[ten_thousandths]               # 22500 = 2.25
    unit_price_micro: Mapped[micro]                                 # without tax
    amount_minor: Mapped[minor]                                     # quantity times price
    discount_minor: Mapped[minor] = mapped_column(default=0)
    shared_discount_minor: Mapped[minor] = mapped_column(default=0)  # its part of the discount on the whole
    tax_minor: Mapped[minor] = mapped_column(default=0)
    tax_percent_ten_thousandths: Mapped[int | None]                 # null: an amount was agreed
    tax_category: Mapped[TaxCategory | None] = mapped_column(word(TaxCategory, 2))
    tax_reason: Mapped[str | None] = mapped_column(String(200))     # why there is no tax
    total_minor: Mapped[minor]                                      # without its part of the discount on the whole

    product: Mapped[Product | None] = relationship()

    @property
    def net_minor(self) -> int:
        """What is taxed."""
        return self.amount_minor - self.discount_minor - self.shared_discount_minor
