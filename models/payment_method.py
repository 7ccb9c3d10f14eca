"""How a customer pays: a gateway's token. Card numbers, expiry dates and security codes are never stored."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, pk
from models.owned import Owned, Versioned


class PaymentMethod(Owned, Versioned, Model):
    """One stored payment method of a customer."""

    __tablename__ = "payment_methods"
    __table_args__ = constraints()

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    gateway: Mapped[str] = mapped_column(String(16))
    token: Mapped[str]                                      # means something to the gateway only
    label: Mapped[str] = mapped_column(String(100))         # as the gateway names it to people
    removed_at: Mapped[datetime | None]
    expiry_asked_at: Mapped[datetime | None]                # when the gateway was asked whether the card expires
