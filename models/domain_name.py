"""Domain names that a merchant registers or manages for its customers."""

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, currency_code, minor, partial_index, pk, word
from database.text_keys import search_key, sort_key
from models.owned import Owned, Removable, Versioned, undeleted


class DomainStatus(StrEnum):
    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"
    TRANSFERRED_AWAY = "transferred_away"
    CANCELLED = "cancelled"


class DomainName(Owned, Versioned, Removable, Model):
    """One domain name of a customer, with the price of a renewal."""

    __tablename__ = "domain_names"
    __table_args__ = constraints(
        CheckConstraint("amount_minor >= 0", "amount_not_negative"),
        partial_index(
            "uq_domain_names_merchant_id_test_name", "merchant_id", "test", "name", unique=True,
            where="deleted_at IS NULL",
        ),
        undeleted("merchant_id", "test", "created_at", "id"),
    )

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    name: Mapped[str] = mapped_column(String(253))                  # mysite.com, in lower case
    registrar: Mapped[str | None] = mapped_column(String(100))
    status: Mapped[DomainStatus] = mapped_column(word(DomainStatus), default=DomainStatus.ACTIVE)
    registered_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    next_due_on: Mapped[date | None]
    auto_renew: Mapped[bool] = mapped_column(default=True)
    amount_minor: Mapped[minor] = mapped_column(default=0)
    currency: Mapped[currency_code]
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name_sort: Mapped[str | None] = sort_key("name")
    search_text: Mapped[str | None] = search_key("name", "registrar", indexed=True)
