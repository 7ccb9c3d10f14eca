"""Allocations: which part of a payment pays which invoice."""

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import Model, constraints, minor, pk
from models.invoice import Invoice
from models.owned import Owned, Versioned
from models.payment import Payment


class Allocation(Owned, Versioned, Model):
    """The part of a payment that pays an invoice; 0 where all of it was paid back or is credit again."""

    __tablename__ = "allocations"
    __table_args__ = constraints(
        CheckConstraint("amount_minor >= 0 AND returned_minor >= 0", "amounts_not_negative"),
        UniqueConstraint("payment_id", "invoice_id"),
    )

    id: Mapped[pk]
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)
    amount_minor: Mapped[minor]
    returned_minor: Mapped[minor] = mapped_column(default=0)         # what of the payment was paid back

    payment: Mapped[Payment] = relationship()
    invoice: Mapped[Invoice] = relationship()
