"""What rows of merchants have in common: an owner, a history, a version."""

from datetime import datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column


class Owned:
    """A row of one merchant, in the live or the test world. `Listing.owned` is the only place that filters by both."""

    merchant_id: Mapped[int] = mapped_column(ForeignKey("merchants.id"), index=True)
    test: Mapped[bool]                  # no default: whoever makes a row says which world it is of


class Versioned:
    """When a row came and changed, and a version that every change raises (ETag, If-Match)."""

    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Removable:
    """A row that is kept when it is deleted; its id is never given to another."""

    deleted_at: Mapped[datetime | None]
