"""How customers sign in to their pages: links that were sent by mail, and signed-in browsers."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import SECRET, Model, pk
from models.customer import Customer
from models.customer_user import CustomerUser
from models.merchant import Merchant


class CustomerSignIn(Model):
    """Somebody asked for a link, or was invited. The link and its code are derived from the nonce, and stored nowhere.

    Without a user nobody has the address that was typed; such a row is there so that both take the same time.
    """

    __tablename__ = "customer_sign_ins"

    id: Mapped[pk]
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"), index=True)
    test: Mapped[bool]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    customer_user_id: Mapped[int | None] = mapped_column(ForeignKey("customer_users.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(32), unique=True, info=SECRET)
    browser_digest: Mapped[str] = mapped_column(String(64), index=True, info=SECRET)   # the only one where it works;
                                                                                       # empty: an invitation, in any
    tries: Mapped[int] = mapped_column(default=0)                                      # wrong codes
    ip: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    user: Mapped[CustomerUser | None] = relationship()
    merchant: Mapped[Merchant] = relationship()


class CustomerSession(Model):
    """A browser in which a user of a customer is signed in. The cookie holds a random token; here is its digest."""

    __tablename__ = "customer_sessions"

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    customer_user_id: Mapped[int | None] = mapped_column(ForeignKey("customer_users.id"), index=True)
    needs_code: Mapped[bool]             # the second factor is still to come: it opens nothing yet
    by_link: Mapped[bool]                # began with a mail, not with a password
    token_digest: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ip: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(300))

    customer: Mapped[Customer] = relationship()
    user: Mapped[CustomerUser] = relationship()
