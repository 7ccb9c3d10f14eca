"""The link under which a customer pays invoices without an account: one, or several at once."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import SECRET, Model, constraints, currency_code, long_text, partial_index, pk
from models.customer import Customer
from models.invoice import Invoice
from models.owned import Owned, Versioned


class InvoiceLink(Owned, Versioned, Model):
    """One link; the same invoices have one that is not withdrawn. What it asks for is what is open of them."""

    __tablename__ = "invoice_links"
    __table_args__ = constraints(
        partial_index("uq_invoice_links_subject", "subject", unique=True, where="withdrawn_at IS NULL"),
    )

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    currency: Mapped[currency_code]
    subject: Mapped[str] = mapped_column(String(64))                                # digest of the invoices' ids
    digest: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)       # HMAC of the token
    token: Mapped[long_text | None] = mapped_column(info=SECRET)                    # encrypted; null once withdrawn
    by_transfer: Mapped[bool] = mapped_column(default=False)                        # the customer sends the money
    checkout_until: Mapped[datetime | None]                                         # to finish what was begun
    withdrawn_at: Mapped[datetime | None]

    customer: Mapped[Customer] = relationship()
    items: Mapped[list["InvoiceLinkItem"]] = relationship(
        order_by="InvoiceLinkItem.id", cascade="all, delete-orphan")


class InvoiceLinkItem(Model):
    """An invoice that a link pays."""

    __tablename__ = "invoice_link_items"
    __table_args__ = constraints(UniqueConstraint("invoice_link_id", "invoice_id"))

    id: Mapped[pk]
    invoice_link_id: Mapped[int] = mapped_column(ForeignKey("invoice_links.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)

    invoice: Mapped[Invoice] = relationship()
