"""Who signs in to the client area for a customer, with a password and a second factor where they set one up."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import SECRET, Model, constraints, pk
from database.text_keys import search_key, sort_key
from models.customer import Customer
from models.owned import Owned, Removable, Versioned
from models.second_factor import RecoveryCode, SecondFactor


class CustomerRecoveryCode(RecoveryCode, Model):
    """A recovery code of a customer's user."""

    __tablename__ = "customer_recovery_codes"

    said = "recovery code"

    id: Mapped[pk]
    owner_id: Mapped[int] = mapped_column("customer_user_id", ForeignKey("customer_users.id"), index=True)


class CustomerUser(Owned, Versioned, Removable, SecondFactor, Model):
    """One of the people of a customer. The first one has the customer's own address, and follows it."""

    __tablename__ = "customer_users"
    recovery_codes = CustomerRecoveryCode
    __table_args__ = constraints(
        UniqueConstraint("merchant_id", "test", "email_key"),
        Index("ix_customer_users_customer_id", "customer_id", "deleted_at"),
    )

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"))
    email: Mapped[str]
    email_key: Mapped[str | None]        # as addresses compare; null: another customer has it, or nobody signs in
    name: Mapped[str | None] = mapped_column(String(100))
    is_first: Mapped[bool]
    is_confirmed: Mapped[bool]           # the address is this person's: staff says so, or a mail to it was used
    signed_in_at: Mapped[datetime | None]                                # the last time
    password_hash: Mapped[str | None] = mapped_column(String(255), info=SECRET)
    email_sort: Mapped[str | None] = sort_key("email")
    search_text: Mapped[str | None] = search_key("name", "email", indexed=True)

    customer: Mapped[Customer] = relationship()

    @property
    def shown_name(self) -> str:
        """The name; the first user's may be the customer's."""
        return self.name or (self.customer.name if self.is_first else self.email)
