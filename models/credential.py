"""Credentials of the APIs: integration keys of merchants, tokens of customers and of users.

Integration keys and client tokens are kept as digests only and shown once; a user's token is kept
encrypted, because its contracts show it again.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from database import SECRET, Model, long_text, pk, word
from database.text_keys import search_key, sort_key
from models.merchant import Merchant
from models.owned import Removable, Versioned


class CredentialKind(StrEnum):
    INTEGRATION = "integration"
    CLIENT = "client"
    USER = "user"


class Mode(StrEnum):
    LIVE = "live"
    TEST = "test"


class Credential(Versioned, Removable, Model):
    """One key or token. `merchant_id` for integration keys, `customer_id`, `user_id` for the others."""

    __tablename__ = "credentials"

    id: Mapped[pk]
    kind: Mapped[CredentialKind] = mapped_column(
        word(CredentialKind)
    )
    mode: Mapped[Mode] = mapped_column(
        word(Mode, 8),
        default=Mode.LIVE,
    )
    merchant_id: Mapped[int | None] = mapped_column(ForeignKey("merchants.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("customers.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    description: Mapped[str | None] = mapped_column(String(500))

    public_id: Mapped[str | None] = mapped_column(String(32), unique=True)     # the part that finds the row
    prefix: Mapped[str] = mapped_column(String(16))                            # what may be shown
    last_four: Mapped[str] = mapped_column(String(4))
    digest: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)  # HMAC-SHA256, hex
    bcrypt_hash: Mapped[str | None] = mapped_column(String(60), info=SECRET)
    ciphertext: Mapped[long_text | None] = mapped_column(info=SECRET)

    scopes: Mapped[list[str]] = mapped_column(default=list)
    rate_limit_per_hour: Mapped[int] = mapped_column(default=1000)
    rate_limit_per_minute: Mapped[int | None]
    rate_limit_per_day: Mapped[int | None]
    allowed_ips: Mapped[list[str]] = mapped_column(default=list)
    expires_at: Mapped[datetime | None]
    told_days: Mapped[int | None]                # days before its expiry of the last notice about it
    revoked_at: Mapped[datetime | None]
    paused: Mapped[bool] = mapped_column(default=False)
    leaked_at: Mapped[datetime | None]           # when its secret was reported as leaked; until it is rotated
    leak_url: Mapped[str | None] = mapped_column(String(500))                  # where it was found, as it was reported
    leak_paused: Mapped[bool] = mapped_column(default=False)                   # the report has paused it
    webhook_url: Mapped[str | None] = mapped_column(String(2048))
    webhook_secret: Mapped[long_text | None] = mapped_column(info=SECRET)      # encrypted
    created_by_user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    name_sort: Mapped[str | None] = sort_key("name")
    search_text: Mapped[str | None] = search_key("name", "prefix", "description", indexed=True)

    merchant: Mapped[Merchant | None] = relationship()


class FormerSecret(Model):
    """The text that a key had before it was rotated. It opens the same key until its time is over."""

    __tablename__ = "former_secrets"

    id: Mapped[pk]
    credential_id: Mapped[int] = mapped_column(ForeignKey("credentials.id"), index=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    prefix: Mapped[str] = mapped_column(String(16))
    last_four: Mapped[str] = mapped_column(String(4))
    digest: Mapped[str] = mapped_column(String(64), unique=True, info=SECRET)
    bcrypt_hash: Mapped[str] = mapped_column(String(60), info=SECRET)
    created_at: Mapped[datetime]                         # when the key was rotated
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]                     # the last time, to some minutes
