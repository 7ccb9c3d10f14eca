"""Logos of merchants, as customers see them on pages and in mails."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, pk


class Logo(Model):
    """One picture, checked and written anew at upload. Those that are not in use any more are kept for undo."""

    __tablename__ = "logos"
    __table_args__ = constraints(UniqueConstraint("merchant_id", "digest"))

    id: Mapped[pk]
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"))
    digest: Mapped[str] = mapped_column(String(64), index=True)      # SHA-256 of the bytes; the address has it
    mime_type: Mapped[str] = mapped_column(String(16))
    width: Mapped[int]                                               # in pixels
    height: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    used_until: Mapped[datetime | None] = mapped_column(index=True)  # null: in use
