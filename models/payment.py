"""Payments: each attempt to collect, its refunds and its disputes. One pays an order, or invoices of a customer."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import SECRET, Model, constraints, currency_code, long_text, minor, partial_index, pk, word
from models.customer import Customer
from models.order import Order, ScheduledPayment
from models.owned import Owned, Versioned, in_order
from models.payment_method import PaymentMethod


class PaymentStatus(StrEnum):
    PENDING = "pending"                      # the gateway is being asked
    APPROVED = "approved"
    DECLINED = "declined"
    UNKNOWN = "unknown"                      # the gateway was asked, and no answer was read
    REQUIRES_ACTION = "requires_action"      # the customer has to confirm


class Decline(StrEnum):
    SOFT = "soft"                            # may succeed later
    HARD = "hard"                            # never will with this payment method


class PaymentReason(StrEnum):
    CHECKOUT = "checkout"                    # the customer paid on the page
    SCHEDULE = "schedule"                    # on its day
    RETRY = "retry"                          # after a decline, by the schedule
    MANUAL = "manual"                        # by a person: execute, retry, recorded by hand
    REST = "rest"                            # all that was left of instalments, by a person


class Payment(Owned, Versioned, Model):
    """One attempt. Its row is committed before the gateway is asked, with the key that the gateway gets."""

    __tablename__ = "payments"
    __table_args__ = constraints(
        CheckConstraint("amount_minor > 0", "amount_positive"),
        CheckConstraint("allocated_minor >= 0 AND allocated_minor <= amount_minor", "allocated_within_amount"),
        UniqueConstraint("merchant_id", "test", "gateway", "reference"),
        Index("ix_payments_merchant_id_test_created_at", "merchant_id", "test", "created_at", "id", "status"),
        Index("ix_payments_created_at_id_test", "created_at", "id", "test"),
        in_order("payments", "amount", "currency", "amount_minor"),
        # Outcomes that nobody knows yet, few among all.
        partial_index(
            "ix_payments_unsettled", "status", "test", "merchant_id", "created_at", "id",
            where="status IN ('unknown', 'requires_action')",
        ),
        Index("ix_payments_order_id_created_at", "order_id", "created_at", "id"),
        Index("ix_payments_status_test_merchant_id", "status", "test", "merchant_id", "created_at"),
        # Sums of what was approved in a period read only this.
        Index(
            "ix_payments_status_test_executed_at", "status", "test", "executed_at", "merchant_id", "currency",
            "amount_minor",
        ),
        partial_index(
            "ix_payments_look_up_at", "look_up_at", "id",
            where="look_up_at IS NOT NULL AND test_clock_id IS NULL",
        ),
        partial_index(
            "ix_payments_test_clock_id", "test_clock_id", "look_up_at", "id",
            where="test_clock_id IS NOT NULL",
        ),
        Index("ix_payments_customer_id_created_at", "customer_id", "created_at", "id"),
        # The credit of customers: what was paid without an order, and pays no invoice yet.
        partial_index(
            "ix_payments_credit", "customer_id", "test", "currency", "id",
            where="order_id IS NULL AND status = 'approved' AND amount_minor > refunded_minor + allocated_minor",
        ),
        Index(
            "ix_payments_to_invoice", "merchant_id", "executed_at", "id", sqlite_where=text("to_invoice = 1"),
            postgresql_where=text("to_invoice"),
        ),
        partial_index("ix_payments_invoice_link_id", "invoice_link_id", "id", where="invoice_link_id IS NOT NULL"),
        # No two attempts for one row can run at once, whatever the program does.
        partial_index(
            "uq_payments_open_scheduled_payment_id", "scheduled_payment_id", unique=True,
            where="status IN ('pending', 'unknown', 'requires_action')",
        ),
    )

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))           # null: it pays invoices
    scheduled_payment_id: Mapped[int | None] = mapped_column(ForeignKey("scheduled_payments.id"), index=True)
    invoice_link_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_links.id"))   # where it was paid
    payment_method_id: Mapped[int | None] = mapped_column(ForeignKey("payment_methods.id"))
    gateway: Mapped[str] = mapped_column(String(16))
    reason: Mapped[PaymentReason] = mapped_column(word(PaymentReason))
    status: Mapped[PaymentStatus] = mapped_column(word(PaymentStatus))
    currency: Mapped[currency_code]
    amount_minor: Mapped[minor]
    refunded_minor: Mapped[minor] = mapped_column(default=0)
    allocated_minor: Mapped[minor] = mapped_column(default=0)        # what of it pays invoices
    to_invoice: Mapped[bool] = mapped_column(default=False)          # the worker makes an invoice of it
    key: Mapped[str] = mapped_column(String(64), unique=True)        # the gateway's idempotency key
    reference: Mapped[str | None] = mapped_column(String(255))       # the gateway's own id
    decline: Mapped[Decline | None] = mapped_column(word(Decline))
    message: Mapped[str | None] = mapped_column(String(500))         # why, in words
    confirm_url: Mapped[str | None] = mapped_column(String(2048))
    asked_at: Mapped[datetime | None]
    executed_at: Mapped[datetime | None]                             # approved or declined
    look_up_at: Mapped[datetime | None]                              # when the gateway is asked again
    look_ups: Mapped[int] = mapped_column(default=0)
    test_clock_id: Mapped[int | None] = mapped_column(ForeignKey("test_clocks.id"))          # the order's
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    customer: Mapped[Customer] = relationship()
    order: Mapped[Order | None] = relationship()
    scheduled_payment: Mapped[ScheduledPayment | None] = relationship()
    payment_method: Mapped[PaymentMethod | None] = relationship()
    refunds: Mapped[list["Refund"]] = relationship(order_by="Refund.id")
    disputes: Mapped[list["Dispute"]] = relationship(order_by="Dispute.id", back_populates="payment")


class RefundStatus(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    UNKNOWN = "unknown"


class Refund(Owned, Versioned, Model):
    """A refund of a payment, wholly or in part. Its row, too, is committed before the gateway is called."""

    __tablename__ = "refunds"
    __table_args__ = constraints(
        CheckConstraint("amount_minor > 0", "amount_positive"),
        Index("ix_refunds_status_test_executed_at", "status", "test", "executed_at"),
        partial_index(
            "ix_refunds_look_up_at", "look_up_at", "id",
            where="look_up_at IS NOT NULL AND test_clock_id IS NULL",
        ),
        partial_index(
            "ix_refunds_test_clock_id", "test_clock_id", "look_up_at", "id",
            where="test_clock_id IS NOT NULL",
        ),
    )

    id: Mapped[pk]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    status: Mapped[RefundStatus] = mapped_column(word(RefundStatus))
    currency: Mapped[currency_code]
    amount_minor: Mapped[minor]
    key: Mapped[str] = mapped_column(String(64), unique=True)
    reference: Mapped[str | None] = mapped_column(String(255))
    reason: Mapped[str | None] = mapped_column(String(500))
    message: Mapped[str | None] = mapped_column(String(500))
    executed_at: Mapped[datetime | None]
    look_up_at: Mapped[datetime | None]
    look_ups: Mapped[int] = mapped_column(default=0)
    test_clock_id: Mapped[int | None] = mapped_column(ForeignKey("test_clocks.id"))          # the order's
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class DisputeStatus(StrEnum):
    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Dispute(Owned, Versioned, Model):
    """A payment that the customer disputed at the bank."""

    __tablename__ = "disputes"
    __table_args__ = constraints(
        UniqueConstraint("payment_id", "reference"),
        Index("ix_disputes_merchant_id_test_created_at", "merchant_id", "test", "created_at", "id"),
        Index("ix_disputes_status_test_merchant_id", "status", "test", "merchant_id", "answer_due_at"),
    )

    id: Mapped[pk]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    status: Mapped[DisputeStatus] = mapped_column(word(DisputeStatus))
    currency: Mapped[currency_code]
    amount_minor: Mapped[minor]
    reference: Mapped[str]
    reason: Mapped[str | None] = mapped_column(String(500))
    answer_due_at: Mapped[datetime | None]       # until when the bank takes evidence, where the gateway says so
    closed_at: Mapped[datetime | None]

    payment: Mapped[Payment] = relationship(back_populates="disputes")


class GatewayAccount(Owned, Versioned, Model):
    """A merchant's settings of one gateway, and whether the gateway is left alone for a while."""

    __tablename__ = "gateway_accounts"
    __table_args__ = constraints(
        UniqueConstraint("merchant_id", "test", "gateway"),
        partial_index("ix_gateway_accounts_parked_until", "parked_until", where="parked_until IS NOT NULL"),
    )

    id: Mapped[pk]
    gateway: Mapped[str] = mapped_column(String(16))
    enabled: Mapped[bool] = mapped_column(default=True)
    settings: Mapped[long_text | None] = mapped_column(info=SECRET)          # encrypted JSON: keys
    per_minute: Mapped[int] = mapped_column(default=600)                     # payments collected at most
    retry_days: Mapped[str] = mapped_column(String(100), default="1,3,5,7")  # after the first decline
    failures_in_row: Mapped[int] = mapped_column(default=0)
    parked_at: Mapped[datetime | None]                                       # since when
    parked_until: Mapped[datetime | None]
    parked_reason: Mapped[str | None] = mapped_column(String(200))


class GatewayNotification(Model):
    """A notification that was read from a gateway; each is processed once."""

    __tablename__ = "gateway_notifications"
    __table_args__ = constraints(UniqueConstraint("gateway", "merchant_id", "test", "reference"))

    id: Mapped[pk]
    gateway: Mapped[str] = mapped_column(String(16))
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"))
    test: Mapped[bool]
    reference: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime]
