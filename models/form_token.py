"""Forms that made a row: each carries a token, so that one sent twice makes one row."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, pk


class FormToken(Model):
    """Inserted before the row that the form makes, in the same transaction; `result` says where that row is."""

    __tablename__ = "form_tokens"

    id: Mapped[pk]
    token: Mapped[str] = mapped_column(String(64), unique=True)
    result: Mapped[str] = mapped_column(String(255), default="")
    created_at: Mapped[datetime] = mapped_column(index=True)
