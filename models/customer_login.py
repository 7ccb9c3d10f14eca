"""How customers sign in to their pages: links that were sent by mail, and signed-in browsers."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import SECRET, Model, pk
from models.customer import Customer
from models.merchant import Merchant


class CustomerSignIn(Model):
    """Somebody asked for a link. The link and its code are derived from the nonce, and stored nowhere.

    Without a customer nobody has the address that was typed; such a row is there so that both take the same time.
    """

    __tablename__ = "customer_sign_ins"

    id: Mapped[pk]
    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"), index=True)
    test: Mapped[bool]
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    nonce: Mapped[str] = mapped_column(String(32), unique=True, info=SECRET)
    browser_digest: Mapped[str] = mapped_column(String(64), index=True, info=SECRET)   # the only one where it works
    tries: Mapped[int] = mapped_column(default=0)                                      # wrong codes
    ip: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]

    customer: Mapped[Customer | None] = relationship()
    merchant: Mapped[Merchant] = relationship()


class CustomerSession(Model):
    """A browser in which a customer is signed in. The cookie holds a random token; here is only its digest."""

    __tablename__ = "customer_sessions"

    id: Mapped[pk]
    customer_id: Mapped[int] = mapped_column(ForeignKey("customers.id"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    ended_at: Mapped[datetime | None]
    ip: Mapped[str | None] = mapped_column(String(64))
    user_agent: Mapped[str | None] = mapped_column(String(300))

    customer: Mapped[Customer] = relationship()
