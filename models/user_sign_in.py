"""The history of sign-ins to the dashboard: who came in, by what, and who tried."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, pk, word


class Means(StrEnum):
    """By what somebody signed in, or what was wrong; codes follow the password."""

    PASSWORD = "password"  # noqa: S105  (no secret, its name)
    CODE = "code"
    RECOVERY = "recovery_code"


class UserSignIn(Model):
    """A sign-in, or an attempt. Without a user nobody has the address that was typed: such a row is there so that both
    take the same time.
    """

    __tablename__ = "user_sign_ins"
    __table_args__ = constraints(Index("ix_user_sign_ins_user_id", "user_id", "id"))

    id: Mapped[pk]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    at: Mapped[datetime] = mapped_column(index=True)
    means: Mapped[Means] = mapped_column(word(Means))
    succeeded: Mapped[bool]
    by_api: Mapped[bool]                 # a program asked for a token with a password
    ip: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str] = mapped_column(String(300))
