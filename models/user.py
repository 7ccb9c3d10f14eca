"""Who signs in: users, the merchants they may act for, and their sessions on this server."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import SECRET, Model, pk, word
from database.text_keys import search_key, sort_key
from models.merchant import Merchant
from models.owned import Removable, Versioned
from models.second_factor import RecoveryCode, SecondFactor


class Role(StrEnum):
    ADMIN = "admin_user"
    ACCOUNTANT = "accountant_user"
    NORMAL = "normal_user"
    RESTRICTED = "restricted_user"


class UserRecoveryCode(RecoveryCode, Model):
    """A recovery code of a user."""

    __tablename__ = "user_recovery_codes"

    said = "recovery code of the dashboard"

    id: Mapped[pk]
    owner_id: Mapped[int] = mapped_column("user_id", ForeignKey("users.id"), index=True)


class User(Versioned, Removable, SecondFactor, Model):
    """A person, or a program that acts as one. `all_merchants` is the operator of the installation."""

    __tablename__ = "users"
    recovery_codes = UserRecoveryCode

    id: Mapped[pk]
    email: Mapped[str] = mapped_column(String(254))
    email_key: Mapped[str] = mapped_column(String(254), unique=True)    # as addresses compare
    name: Mapped[str | None] = mapped_column(String(100))
    password_hash: Mapped[str] = mapped_column(info=SECRET)
    role: Mapped[Role] = mapped_column(
        word(Role, 20)
    )
    active: Mapped[bool] = mapped_column(default=True)
    all_merchants: Mapped[bool] = mapped_column(default=False)
    api_access: Mapped[bool] = mapped_column(default=False)
    allowed_ips: Mapped[list[str]] = mapped_column(default=list)
    timezone: Mapped[str | None] = mapped_column(String(64))
    token_version: Mapped[int] = mapped_column(default=1)                   # raised to end issued JWTs
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    email_sort: Mapped[str | None] = sort_key("email")
    name_sort: Mapped[str | None] = sort_key("name")
    search_text: Mapped[str | None] = search_key("email", "name")

    memberships: Mapped[list["Membership"]] = relationship(cascade="all, delete-orphan")

    @property
    def merchant_ids(self) -> list[int]:
        """The merchants granted one by one, in order; says nothing of `all_merchants`."""
        return sorted(one.merchant_id for one in self.memberships)


class Membership(Model):
    """A user may act for a merchant."""

    __tablename__ = "memberships"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"), primary_key=True, index=True)

    merchant: Mapped[Merchant] = relationship()


class UserSession(Model):
    """A signed-in browser. The cookie holds a random token; here is only its digest."""

    __tablename__ = "user_sessions"

    id: Mapped[pk]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    needs_code: Mapped[bool]             # the second factor is still to come: it opens nothing yet
    token_digest: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    proven_at: Mapped[datetime]          # when the user last gave the password or a code
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ip: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(300))
    merchant_id: Mapped[int | None] = mapped_column(ForeignKey("merchants.id"))   # the switcher; None = all
    test_mode: Mapped[bool] = mapped_column(default=False)
    viewed_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))        # whose dashboard an operator looks at

    user: Mapped[User] = relationship(foreign_keys=user_id)
    viewed: Mapped[User | None] = relationship(foreign_keys=viewed_id)


class UserLink(Model):
    """A link by which a user chooses a password: an invitation, or because the old one is forgotten.

    Its address is derived from the nonce, and stored nowhere. Without a user nobody has the address that was typed;
    such a row is there so that both take the same time.
    """

    __tablename__ = "user_links"

    id: Mapped[pk]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    invites: Mapped[bool]                # somebody else made it; else somebody asked at the sign-in
    nonce: Mapped[str] = mapped_column(String(32), unique=True, info=SECRET)
    ip: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship()
