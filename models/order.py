"""Orders: what a customer agreed to pay, in one payment, in instalments, for each period, or by use."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import (
    SECRET,
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
from models.discount_code import DiscountCode
from models.owned import Owned, Versioned, in_order
from models.payment_method import PaymentMethod
from models.product import Billing, IntervalUnit, Product
from models.test_clock import TestClock


class OrderStatus(StrEnum):
    DRAFT = "draft"
    PENDING = "pending"
    REJECTED = "rejected"
    ACTIVE = "active"
    FAILED = "failed"
    SUSPENDED = "suspended"
    PAUSED = "paused"
    REVIEW = "review"
    CANCELLED = "cancelled"
    COMPLETE = "complete"


class SuspendedFor(StrEnum):
    """Why an order is suspended without a declined payment: only whoever did it ends that."""

    MERCHANT = "merchant"
    UNPAID = "unpaid"


class OrderSource(StrEnum):
    UI = "ui"
    API = "api"


class PaymentChannel(StrEnum):
    ECOM = "ECOM"            # the customer pays on a page
    MOTO = "MOTO"            # taken by mail or telephone


class Order(Owned, Versioned, Model):
    """Amounts are computed from the items, never taken from a caller; they include tax. An order is never deleted."""

    __tablename__ = "orders"
    __table_args__ = constraints(
        CheckConstraint("total_minor >= 0", "total_not_negative"),
        Index("ix_orders_merchant_id_test_created_at", "merchant_id", "test", "created_at", "id", "status"),
        Index("ix_orders_created_at_id_test", "created_at", "id", "test"),
        # Counts and sums of each status read only this.
        Index(
            "ix_orders_status_test_merchant_id", "status", "test", "merchant_id", "created_at", "id", "currency",
            "total_minor",
        ),
        Index("ix_orders_status_test_created_at", "status", "test", "created_at", "id"),      # under all merchants
        Index(
            "ix_orders_ending", "id", sqlite_where=text("cancels_at_period_end = 1"),
            postgresql_where=text("cancels_at_period_end"),
        ),
        in_order("orders", "total", "currency", "total_minor"),
        # Subscriptions: their list and numbers, and the sums of what they bring in a month.
        partial_index(
            "ix_orders_subscriptions", "test", "created_at", "id", "merchant_id", "status",
            where="billing = 'subscription'",
        ),
        partial_index(
            "ix_orders_subscriptions_of_merchant", "merchant_id", "test", "created_at", "id", "status",
            where="billing = 'subscription'",
        ),
        partial_index(
            "ix_orders_recurring", "test", "status", "merchant_id", "activated_at", "currency", "later_minor",
            "later_interval_unit", "interval_unit", "later_interval_count", "interval_count",
            where="billing = 'subscription'",
        ),
        Index("ix_orders_customer_id_test_merchant_id", "customer_id", "test", "merchant_id", "created_at"),
        Index("ix_orders_merchant_id_test_invoice_ref", "merchant_id", "test", "invoice_ref"),
        # Checkouts that keep a payment method, by key, and those whose time is over.
        partial_index("ix_orders_setup_key", "setup_key", "checkout_until", where="setup_key IS NOT NULL"),
        # What goes on once the customer has paid, few among all.
        partial_index("ix_orders_suspended_for_unpaid", "customer_id", "id", where="suspended_for = 'unpaid'"),
        partial_index("ix_orders_spared", "customer_id", "id", where="spared_at IS NOT NULL"),
        # One open order for each accepted budget.
        partial_index("uq_orders_budget_id", "budget_id", unique=True, where="status != 'cancelled'"),
    )

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    billing: Mapped[Billing] = mapped_column(word(Billing))
    status: Mapped[OrderStatus] = mapped_column(word(OrderStatus))
    source: Mapped[OrderSource] = mapped_column(word(OrderSource))
    channel: Mapped[PaymentChannel] = mapped_column(word(PaymentChannel), default=PaymentChannel.ECOM)
    currency: Mapped[currency_code]
    invoice_ref: Mapped[str | None] = mapped_column(String(64))      # the caller's own invoice number
    description: Mapped[str | None] = mapped_column(String(500))
    domain: Mapped[str | None] = mapped_column(String(253))          # of a service, such as mysite.com
    note: Mapped[long_text | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    redirect_url: Mapped[str | None] = mapped_column(String(2048))
    failed_redirect_url: Mapped[str | None] = mapped_column(String(2048))
    create_registration: Mapped[bool] = mapped_column(default=False)

    # Sums of the items. For a subscription and a metered order they are of one period.
    total_minor: Mapped[minor]
    discount_minor: Mapped[minor] = mapped_column(default=0)
    tax_minor: Mapped[minor] = mapped_column(default=0)              # contained in the total
    fee_minor: Mapped[minor] = mapped_column(default=0)
    initial_minor: Mapped[minor] = mapped_column(default=0)          # the first payment
    later_minor: Mapped[minor] = mapped_column(default=0)            # each later one; 0: there is none by itself
    later_tax_minor: Mapped[minor] = mapped_column(default=0)        # contained in it
    discount_code: Mapped[str | None] = mapped_column(String(40))    # as it was when it was used
    discount_code_id: Mapped[int | None] = mapped_column(ForeignKey("discount_codes.id"))
    code_initial_minor: Mapped[minor] = mapped_column(default=0)     # what it took off an agreed first payment
    credit_minor: Mapped[minor] = mapped_column(default=0)           # of changes of plan, taken off the next payments

    # The schedule. Dates count from the anchor, never from the last date.
    interval_unit: Mapped[IntervalUnit | None] = mapped_column(word(IntervalUnit))
    interval_count: Mapped[int | None]
    instalments: Mapped[int | None]                                  # after the initial payment
    trial_days: Mapped[int | None]
    collects_initial: Mapped[bool] = mapped_column(default=True)
    start_on: Mapped[date | None]                                    # of the first payment after the initial one
    anchor_at: Mapped[datetime | None]                               # that moment, or the approval; null until then
    anchor_sequence: Mapped[int] = mapped_column(default=0)          # the period whose day the anchor is
    anchor_day: Mapped[int | None]       # the day of the month that the first anchor had, where another one followed it
    later_interval_unit: Mapped[IntervalUnit | None] = mapped_column(word(IntervalUnit))   # changed for what follows
    later_interval_count: Mapped[int | None]
    next_sequence: Mapped[int] = mapped_column(default=1)            # the period whose payment is made next
    cancels_at_period_end: Mapped[bool] = mapped_column(default=False)
    planned_change: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))   # of the plan, see payments
    activated_at: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    suspended_for: Mapped[SuspendedFor | None] = mapped_column(word(SuspendedFor, 16))
    spared_at: Mapped[datetime | None]       # since when it goes on in spite of unpaid invoices, until they are paid
    ended_at: Mapped[datetime | None]                                # cancelled or complete, but for its last bill

    # How it is paid
    gateway: Mapped[str | None] = mapped_column(String(16))
    payment_method_id: Mapped[int | None] = mapped_column(ForeignKey("payment_methods.id"), index=True)
    link_digest: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)      # HMAC of the link's token
    link_token: Mapped[long_text] = mapped_column(info=SECRET)                          # encrypted
    checkout_number: Mapped[int | None]
    checkout_until: Mapped[datetime | None]
    setup_key: Mapped[str | None] = mapped_column(String(64))        # of a checkout that only keeps a payment method
    setup_reference: Mapped[str | None] = mapped_column(String(255))     # the gateway's own id of it

    budget_id: Mapped[int | None] = mapped_column(ForeignKey("budgets.id"))
    test_clock_id: Mapped[int | None] = mapped_column(ForeignKey("test_clocks.id"), index=True)
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # The customer as it was when the order was made
    customer_name: Mapped[str]
    customer_email: Mapped[str | None]
    billing_address: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    search_text: Mapped[str | None] = search_key(
        "customer_name", "customer_email", "invoice_ref", "description", indexed=True)

    customer: Mapped[Customer] = relationship()
    payment_method: Mapped[PaymentMethod | None] = relationship()
    test_clock: Mapped[TestClock | None] = relationship()
    applied_code: Mapped[DiscountCode | None] = relationship()
    items: Mapped[list["OrderItem"]] = relationship(order_by="OrderItem.position", cascade="all, delete-orphan")


class OrderItem(Model):
    """One line of an order, with the prices and percentages of the day it was agreed."""

    __tablename__ = "order_items"
    __table_args__ = constraints(
        CheckConstraint("quantity_ten_thousandths > 0", "quantity_positive"),
        CheckConstraint("unit_price_micro >= 0", "price_not_negative"),
        UniqueConstraint("order_id", "position"),
    )

    id: Mapped[pk]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int]
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"), index=True)
    name: Mapped[str]
    quantity_ten_thousandths: Mapped[ten_thousandths]
    unit_price_micro: Mapped[micro]
    discount_minor: Mapped[minor] = mapped_column(default=0)
    fee_minor: Mapped[minor] = mapped_column(default=0)
    tax_minor: Mapped[minor] = mapped_column(default=0)              # contained in the total
    tax_percent_ten_thousandths: Mapped[int | None]
    total_minor: Mapped[minor]
    discount_first_only: Mapped[bool] = mapped_column(default=False)
    fee_first_only: Mapped[bool] = mapped_column(default=False)
    later_tax_minor: Mapped[minor] = mapped_column(default=0)        # of each later payment
    later_total_minor: Mapped[minor] = mapped_column(default=0)
    code_discount_minor: Mapped[minor] = mapped_column(default=0)    # by a discount code
    code_first_only: Mapped[bool] = mapped_column(default=False)
    metered: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))      # as models.metered.Terms

    product: Mapped[Product | None] = relationship()


class ScheduledStatus(StrEnum):
    SCHEDULED = "scheduled"
    PROCESSING = "processing"        # an attempt runs, or its outcome is unknown
    COMPLETE = "complete"
    RECOVERED = "recovered"          # paid after a decline
    SOFT_DECLINED = "soft-declined"
    HARD_DECLINED = "hard-declined"
    SKIPPED = "skipped"
    MERGED = "merged"
    CANCELLED = "cancelled"
    PAUSED = "paused"
    REVIEW = "review"


class ScheduledPayment(Owned, Versioned, Model):
    """What is to be paid for one period of an order: one row for each order and period.

    A change of plan within a period has a row of its own, whose sequence is below 0.
    """

    __tablename__ = "scheduled_payments"
    __table_args__ = constraints(
        CheckConstraint("amount_minor >= 0", "amount_not_negative"),
        UniqueConstraint("order_id", "sequence"),
        # What is due is read from these indexes alone, however many rows are not.
        partial_index(
            "ix_scheduled_payments_collect_at", "merchant_id", "test", "collect_at", "id",
            where="collect_at IS NOT NULL AND test_clock_id IS NULL",
        ),
        partial_index(
            "ix_scheduled_payments_test_clock_id", "test_clock_id", "collect_at", "id",
            where="test_clock_id IS NOT NULL",
        ),
        # What was due and could not be collected, few among all that was paid.
        partial_index(
            "ix_scheduled_payments_not_collected", "status", "test", "merchant_id", "due_at", "id",
            where="collect_at IS NULL AND status = 'scheduled' AND sequence > 0",
        ),
        # Sums of what is due read only this.
        partial_index(
            "ix_scheduled_payments_due", "test", "status", "collect_at", "merchant_id", "currency", "amount_minor",
            "paid_minor", "test_clock_id", where="collect_at IS NOT NULL AND test_clock_id IS NULL",
        ),
        # What an order still has to pay is read from this index, however many payments it has behind it.
        Index("ix_scheduled_payments_order_id_status", "order_id", "status", "sequence"),
        Index("ix_scheduled_payments_merchant_id_test_due_at", "merchant_id", "test", "due_at", "id", "status"),
        Index("ix_scheduled_payments_due_at_id_test", "due_at", "id", "test", "status"),
        # Ends with the status, as only the open ones are shown at first.
        Index(
            "ix_scheduled_payments_by_amount", "currency", "amount_minor", "id", "test", "merchant_id", "status",
        ),
        # What was declined, few among all.
        partial_index(
            "ix_scheduled_payments_declined", "test", "merchant_id", "status", "collect_at", "declined_at", "id",
            "currency", "amount_minor", "paid_minor",
            where="status IN ('soft-declined', 'hard-declined', 'review')",
        ),
        Index("ix_scheduled_payments_status_test_merchant_id", "status", "test", "merchant_id", "due_at"),
    )

    id: Mapped[pk]
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    sequence: Mapped[int]                                            # the period; 0 is the initial payment
    period_at: Mapped[datetime | None]       # when the period begins, whenever it is paid; null in rows of before
    currency: Mapped[currency_code]
    amount_minor: Mapped[minor]
    tax_minor: Mapped[minor] = mapped_column(default=0)              # contained in the amount
    price_minor: Mapped[minor | None]            # of the whole period, without fees that are asked once
    credit_minor: Mapped[minor] = mapped_column(default=0)           # of changes of plan, taken off the amount
    status: Mapped[ScheduledStatus] = mapped_column(word(ScheduledStatus))
    due_at: Mapped[datetime]
    collect_at: Mapped[datetime | None]          # when it is asked for next; null: by hand, on the page, or never
    retry_count: Mapped[int] = mapped_column(default=0)              # automatic ones
    declined_at: Mapped[datetime | None]                             # the first decline
    executed_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(ForeignKey("scheduled_payments.id"), index=True)
    interval_unit: Mapped[IntervalUnit | None] = mapped_column(word(IntervalUnit))   # changed for what follows
    interval_count: Mapped[int | None]
    paid_minor: Mapped[minor] = mapped_column(default=0)
    invoice_paid_minor: Mapped[minor] = mapped_column(default=0)     # of it, what pays the order's invoice otherwise
    awaits_count: Mapped[bool] = mapped_column(default=False)        # its amount is known when its calls are counted
    test_clock_id: Mapped[int | None] = mapped_column(ForeignKey("test_clocks.id"))      # the order's

    order: Mapped[Order] = relationship()
