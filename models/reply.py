"""Answers kept for 24 hours, so that a repeated request gets the first one's answer."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, pk


class IdempotentReply(Model):
    """Inserted before the effect, completed after it, in one transaction."""

    __tablename__ = "idempotent_replies"
    __table_args__ = constraints(UniqueConstraint("merchant_id", "test", "contract", "key"))

    id: Mapped[pk]
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"))
    test: Mapped[bool]
    contract: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(255))
    fingerprint: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, str]]
    created_at: Mapped[datetime] = mapped_column(index=True)
