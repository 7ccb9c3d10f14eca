"""A budget: a quote that a customer approves or rejects before its date."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Enum, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import Model, constraints, currency_code, long_text, micro, minor, pk, ten_thousandths
from database.text_keys import search_key
from models.customer import Customer
from models.owned import UNDELETED, Owned, Removable, Versioned, in_order, undeleted
from models.product import Product


class BudgetStatus(StrEnum):
    PENDING = "PENDING"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class Budget(Owned, Versioned, Removable, Model):
    """Amounts are computed from the items, never taken from a caller."""

    __tablename__ = "budgets"
    __table_args__ = constraints(
        CheckConstraint("total_minor >= 0", "total_not_negative"),
        undeleted("merchant_id", "test", "created_at"),                    # counts read only this
        # Under all merchants. The world stands last, or SQLite would read it for one customer's budgets too.
        undeleted("created_at", "id", "test"),
        Index("ix_budgets_status_valid_until", "status", "valid_until"),
        # Sums of what is pending and of what was approved in a period read only these two.
        Index(
            "ix_budgets_status_test_merchant_id_valid_until", "status", "test", "merchant_id", "valid_until",
            "currency", "total_minor", "deleted_at",
        ),
        Index(
            "ix_budgets_status_test_approved_at_merchant_id", "status", "test", "approved_at", "merchant_id",
            "currency", "total_minor", "deleted_at",
        ),
        in_order("budgets", "total", "currency", "total_minor", where=UNDELETED),
        in_order("budgets", "valid_until", "valid_until", where=UNDELETED),
        # With the merchant, so that SQLite does not prefer the merchant's index, which has all its budgets.
        Index("ix_budgets_customer_id_test_merchant_id", "customer_id", "test", "merchant_id", "created_at"),
    )

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    status: Mapped[BudgetStatus] = mapped_column(Enum(BudgetStatus, native_enum=False, length=16))
    currency: Mapped[currency_code]
    subtotal_minor: Mapped[minor]
    discount_minor: Mapped[minor]                   # items' and header's together
    tax_minor: Mapped[minor]                        # items' and header's together
    total_minor: Mapped[minor]
    header_discount_minor: Mapped[minor] = mapped_column(default=0)
    header_tax_minor: Mapped[minor] = mapped_column(default=0)
    valid_until: Mapped[datetime | None]
    notes: Mapped[long_text | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    archived_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    # The customer as it was when the budget was decided; null while it is pending
    customer_name: Mapped[str | None]
    customer_email: Mapped[str | None]
    billing_address: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    search_text: Mapped[str | None] = search_key("notes", "customer_name", indexed=True)

    customer: Mapped[Customer] = relationship()
    items: Mapped[list["BudgetItem"]] = relationship(order_by="BudgetItem.position", cascade="all, delete-orphan")


class BudgetItem(Model):
    """One line of a budget."""

    __tablename__ = "budget_items"
    __table_args__ = constraints(
        CheckConstraint("quantity_ten_thousandths > 0", "quantity_positive"),
        CheckConstraint("unit_price_micro >= 0", "price_not_negative"),
    )

    id: Mapped[pk]
    budget_id: Mapped[int] = mapped_column(ForeignKey("budgets.id"), index=True)
    position: Mapped[int]
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"), index=True)
    description: Mapped[str] = mapped_column(String(500))
    quantity_ten_thousandths: Mapped[ten_thousandths]               # 22500 = 2.25
    unit_price_micro: Mapped[micro]
    discount_minor: Mapped[minor] = mapped_column(default=0)
    tax_minor: Mapped[minor] = mapped_column(default=0)
    tax_percent_ten_thousandths: Mapped[int | None]                 # its rate; null: an amount was written
    total_minor: Mapped[minor]
    search_text: Mapped[str | None] = search_key("description", indexed=True)

    product: Mapped[Product | None] = relationship()
