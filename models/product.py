"""What is sold, and what its price carries: tax, discount and fee rows, a group."""

from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import Model, constraints, currency_code, long_text, micro, minor, partial_index, pk, word
from database.text_keys import search_key, sort_key
from models.owned import UNDELETED, Owned, Removable, Versioned, descending, undeleted


class ProductKind(StrEnum):
    """What it is: the Public API's `type`."""

    PRODUCT = "PRODUCT"
    SERVICE = "SERVICE"
    SUBSCRIPTION = "SUBSCRIPTION"


class Billing(StrEnum):
    """Billing: the Merchant API's `product_type`."""

    SINGLE_PAYMENT = "single_payment"
    INSTALMENT = "instalment"
    SUBSCRIPTION = "subscription"
    METERED = "metered"


class ProductStatus(StrEnum):
    ACTIVE = "active"
    INACTIVE = "inactive"


class IntervalUnit(StrEnum):
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


class MeteredScheme(StrEnum):
    """How the calls of a period are priced."""

    PER_UNIT = "per_unit"            # each at the product's price
    FLAT = "flat"                    # one amount, of the tier that the number of calls falls into
    GRADUATED = "graduated"          # the calls of each tier at its price, and its flat amount once
    VOLUME = "volume"                # all calls at the price of the tier that their number falls into


class PriceRuleKind(StrEnum):
    TAX = "tax"
    DISCOUNT = "discount"
    FEE = "fee"


class ProductGroup(Owned, Versioned, Model):
    """A group of products in a merchant's catalogue."""

    __tablename__ = "product_groups"
    __table_args__ = constraints(UniqueConstraint("merchant_id", "test", "name"))

    id: Mapped[pk]
    name: Mapped[str] = mapped_column(String(100))
    name_sort: Mapped[str | None] = sort_key("name")


class PriceRule(Owned, Versioned, Model):
    """A named percentage: a tax, a discount or a fee."""

    __tablename__ = "price_rules"
    __table_args__ = constraints(
        UniqueConstraint("merchant_id", "test", "kind", "name"),
        CheckConstraint("percent_ten_thousandths >= 0 AND percent_ten_thousandths <= 10000000", "percent_in_range"),
    )

    id: Mapped[pk]
    kind: Mapped[PriceRuleKind] = mapped_column(word(PriceRuleKind))
    name: Mapped[str] = mapped_column(String(100))
    name_sort: Mapped[str | None] = sort_key("name")
    percent_ten_thousandths: Mapped[int]                            # 210000 = 21 %
    description: Mapped[str | None]


class Product(Owned, Versioned, Removable, Model):
    """One thing in a merchant's catalogue."""

    __tablename__ = "products"
    __table_args__ = constraints(
        CheckConstraint("price_micro >= 0", "price_not_negative"),
        partial_index(
            "uq_products_merchant_id_test_sku_key", "merchant_id", "test", "sku_key", unique=True,
            where="deleted_at IS NULL",
        ),
        undeleted("merchant_id", "test", "created_at"),                    # counts read only this
        undeleted("test", "created_at"),                                   # under all merchants
        partial_index(
            "ix_products_merchant_id_test_name_sort", "merchant_id", "test", "name_sort", "id",
            where="deleted_at IS NULL",
        ),
        undeleted("test", "name_sort", "id"),
        partial_index(
            "ix_products_by_price", "test", "currency", "price_micro", "id", "merchant_id", where=UNDELETED),
        partial_index("ix_products_by_sku", "test", "sku_sort", "id", "merchant_id", where=UNDELETED),
        *descending("products", "name_sort"),
    )

    id: Mapped[pk]
    code: Mapped[str] = mapped_column(String(10), unique=True)      # the merchant's identifier
    name: Mapped[str]
    description: Mapped[long_text | None]
    sku: Mapped[str | None] = mapped_column(String(100))
    sku_key: Mapped[str | None] = mapped_column(String(255))        # as skus compare; null: another row has it
    category: Mapped[str | None] = mapped_column(String(100))
    unit: Mapped[str | None] = mapped_column(String(32))
    kind: Mapped[ProductKind] = mapped_column(word(ProductKind), default=ProductKind.PRODUCT)
    billing: Mapped[Billing] = mapped_column(word(Billing), default=Billing.SINGLE_PAYMENT)
    status: Mapped[ProductStatus] = mapped_column(word(ProductStatus), default=ProductStatus.ACTIVE)
    price_micro: Mapped[micro]
    currency: Mapped[currency_code]

    group_id: Mapped[int | None] = mapped_column(ForeignKey("product_groups.id"))
    tax_id: Mapped[int | None] = mapped_column(ForeignKey("price_rules.id"))
    discount_id: Mapped[int | None] = mapped_column(ForeignKey("price_rules.id"))
    fee_id: Mapped[int | None] = mapped_column(ForeignKey("price_rules.id"))
    deposit_minor: Mapped[minor | None]
    scheduled_interval: Mapped[int | None]
    scheduled_unit: Mapped[IntervalUnit | None] = mapped_column(word(IntervalUnit))
    lock_price: Mapped[bool] = mapped_column(default=False)
    lock_payment_config: Mapped[bool] = mapped_column(default=False)
    fee_for_initial_payment_only: Mapped[bool] = mapped_column(default=False)
    discount_for_initial_payment_only: Mapped[bool] = mapped_column(default=False)
    metered_scheme: Mapped[MeteredScheme | None] = mapped_column(word(MeteredScheme))      # null: per unit
    metered_tiers: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)        # as models.metered.Tier
    metered_ceiling_minor: Mapped[minor | None]                     # of what the calls of a period cost
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name_sort: Mapped[str | None] = sort_key("name")
    sku_sort: Mapped[str | None] = sort_key("sku")
    search_text: Mapped[str | None] = search_key("name", "description", "sku", indexed=True)

    group: Mapped[ProductGroup | None] = relationship()
    tax: Mapped[PriceRule | None] = relationship(foreign_keys=[tax_id])
    discount: Mapped[PriceRule | None] = relationship(foreign_keys=[discount_id])
    fee: Mapped[PriceRule | None] = relationship(foreign_keys=[fee_id])
