"""Answers kept for 24 hours, so that a repeated request gets the first one's answer."""

from datetime import datetime

from sqlalchemy import LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, pk


class IdempotentReply(Model):
    """Inserted before the effect, completed after it, in one transaction."""

    __tablename__ = "idempotent_replies"
    __table_args__ = constraints(UniqueConstraint("owner", "test", "contract", "key", "part"))

    id: Mapped[pk]
    owner: Mapped[str] = mapped_column(String(40))          # whose key it is: merchant:7, user:3, customer:5
    test: Mapped[bool]
    contract: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(255))
    part: Mapped[int]                                       # which call of a batch; 0 where there is one
    fingerprint: Mapped[str] = mapped_column(String(64))    # of the whole request
    status: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[dict[str, str]]
    created_at: Mapped[datetime] = mapped_column(index=True)
