"""Discount codes that customers enter, and each order that one was used for."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import Model, constraints, currency_code, minor, pk
from database.text_keys import search_key, sort_key
from models.owned import Owned, Versioned
from models.product import Product


class DiscountCode(Owned, Versioned, Model):
    """A percentage or an amount off, for whoever knows the code."""

    __tablename__ = "discount_codes"
    __table_args__ = constraints(
        UniqueConstraint("merchant_id", "test", "code_key"),
        CheckConstraint("(percent_ten_thousandths IS NULL) <> (amount_minor IS NULL)", "percent_or_amount"),
    )

    id: Mapped[pk]
    code: Mapped[str] = mapped_column(String(40))
    code_key: Mapped[str] = mapped_column(String(80))               # as codes compare: without case
    description: Mapped[str | None]
    percent_ten_thousandths: Mapped[int | None]                     # 210000 = 21 %
    amount_minor: Mapped[minor | None]
    currency: Mapped[currency_code | None]                          # of the amount
    first_only: Mapped[bool] = mapped_column(default=False)         # off the first payment, not off all of them
    product_id: Mapped[int | None] = mapped_column(ForeignKey("products.id"), index=True)    # null: any
    active: Mapped[bool] = mapped_column(default=True)
    expires_at: Mapped[datetime | None]
    max_uses: Mapped[int | None]
    max_uses_per_customer: Mapped[int | None]
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    code_sort: Mapped[str | None] = sort_key("code")
    search_text: Mapped[str | None] = search_key("code", "description")

    product: Mapped[Product | None] = relationship()


class DiscountUse(Owned, Model):
    """A code on an order. An order that is cancelled without a payment gives its use back."""

    __tablename__ = "discount_uses"
    __table_args__ = constraints(
        Index(
            "uq_discount_uses_order_id", "order_id", unique=True,        # one code for each order
            sqlite_where=text("returned_at IS NULL"), postgresql_where=text("returned_at IS NULL"),
        ),
        Index("ix_discount_uses_code_id", "code_id", "returned_at", "customer_id"),
    )

    id: Mapped[pk]
    code_id: Mapped[int] = mapped_column(ForeignKey("discount_codes.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    used_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]
