"""Who is billed: a person, an organisation, or both."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import Model, constraints, long_text, minor, partial_index, pk, word
from database.text_keys import search_key, sort_key
from models.language import Language
from models.owned import Owned, Removable, Versioned, descending, undeleted


class CustomerStatus(StrEnum):
    ACTIVE = "active"
    STOPPED = "stopped"
    ARCHIVED = "archived"


class AddressKind(StrEnum):
    BILLING = "billing"
    SHIPPING = "shipping"


class Customer(Owned, Versioned, Removable, Model):
    """One customer of one merchant, in the full shape of the four contracts."""

    __tablename__ = "customers"
    __table_args__ = constraints(
        CheckConstraint("credit_limit_minor >= 0", "credit_not_negative"),
        partial_index(
            "uq_customers_merchant_id_test_email_key", "merchant_id", "test", "email_key", unique=True,
            where="deleted_at IS NULL",
        ),
        # Lists of one merchant and of all, in three orders. What they are narrowed by stands last: so pages are
        # found, and rows counted, in the index alone.
        undeleted("merchant_id", "test", "created_at", "id", "status"),
        undeleted("test", "created_at", "id", "status", "merchant_id"),
        undeleted("merchant_id", "test", "name_sort", "id", "status"),
        undeleted("test", "name_sort", "id", "status", "merchant_id"),
        undeleted("merchant_id", "test", "email_sort", "id", "status"),
        undeleted("test", "email_sort", "id", "status", "merchant_id"),
        *descending("customers", "name_sort"),
        *descending("customers", "email_sort"),
    )

    id: Mapped[pk]
    code: Mapped[str] = mapped_column(String(10), unique=True)      # the merchant's identifier
    name: Mapped[str]
    first_name: Mapped[str | None] = mapped_column(String(100))
    last_name: Mapped[str | None] = mapped_column(String(100))
    date_of_birth: Mapped[date | None]
    email: Mapped[str | None]
    email_key: Mapped[str | None]                                   # as addresses compare; null: another row has it
    phone: Mapped[str | None] = mapped_column(String(40))
    status: Mapped[CustomerStatus] = mapped_column(
        word(CustomerStatus),
        default=CustomerStatus.ACTIVE,
    )

    organisation: Mapped[str | None]                                # the company's name
    registration_number: Mapped[str | None] = mapped_column(String(64))
    tax_number: Mapped[str | None] = mapped_column(String(64))
    website: Mapped[str | None] = mapped_column(String(2048))
    organisation_note: Mapped[long_text | None]

    currency: Mapped[str | None] = mapped_column(String(3))
    timezone: Mapped[str | None] = mapped_column(String(64))
    language: Mapped[Language | None] = mapped_column(word(Language))    # of documents; null: the merchant's
    credit_limit_minor: Mapped[minor] = mapped_column(default=0)
    low_balance_minor: Mapped[minor | None]
    note: Mapped[long_text | None]
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)   # the caller's own metadata
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name_sort: Mapped[str | None] = sort_key("name")
    email_sort: Mapped[str | None] = sort_key("email")
    search_text: Mapped[str | None] = search_key("name", "email", "organisation", indexed=True)

    addresses: Mapped[list["Address"]] = relationship(order_by="Address.id", cascade="all, delete-orphan")

    @property
    def billing_address(self) -> "Address | None":
        return self._current(AddressKind.BILLING)

    @property
    def shipping_address(self) -> "Address | None":
        return self._current(AddressKind.SHIPPING)

    def _current(self, kind: AddressKind) -> "Address | None":
        return next((one for one in self.addresses if one.kind == kind and one.replaced_at is None), None)


class Address(Model):
    """An address as it was between two changes: a change adds a row and closes the last one."""

    __tablename__ = "addresses"

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    kind: Mapped[AddressKind] = mapped_column(
        word(AddressKind)
    )
    street: Mapped[str | None]
    city: Mapped[str | None] = mapped_column(String(100))
    state: Mapped[str | None] = mapped_column(String(100))
    postal_code: Mapped[str | None] = mapped_column(String(32))
    country: Mapped[str | None] = mapped_column(String(2))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
