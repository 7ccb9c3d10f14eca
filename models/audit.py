"""Who changed what, from which value to which, written with the change."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from database import Model, constraints, pk


class AuditEntry(Model):
    """One change. Never updated, never deleted by the program."""

    __tablename__ = "audit_entries"
    __table_args__ = constraints(
        Index("ix_audit_entries_object", "object_type", "object_id", "at", "id"),
        Index("ix_audit_entries_merchant_id_at", "merchant_id", "at"),
    )

    id: Mapped[pk]
    at: Mapped[datetime] = mapped_column(index=True)
    merchant_id: Mapped[int | None] = mapped_column(ForeignKey("merchants.id"))
    test: Mapped[bool | None]                            # the world of the row; None where rows have none
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    credential_id: Mapped[int | None] = mapped_column(ForeignKey("credentials.id"))
    actor: Mapped[str]                                   # as people read it: an e-mail, api_key_7, operator
    action: Mapped[str] = mapped_column(String(64))      # customer.updated
    object_type: Mapped[str] = mapped_column(String(32))
    object_id: Mapped[int | None]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    after: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    source: Mapped[str] = mapped_column(String(16))      # public, client, merchant, core, admin, cli, system
    request_id: Mapped[str | None] = mapped_column(String(40))
    ip: Mapped[str | None] = mapped_column(String(64))


class AuditChain(Model):
    """The end of the chain of one merchant's entries, or of those that concern none (0)."""

    __tablename__ = "audit_chains"

    chain: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)    # the merchant's id, or 0
    length: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))      # of the last link; empty before the first one
    first_entry_id: Mapped[int]                          # entries before it were written before there was a chain


class AuditLink(Model):
    """The place of an entry in its chain. Its digest covers the entry and the digest before it."""

    __tablename__ = "audit_links"
    __table_args__ = constraints(UniqueConstraint("chain", "position"))

    entry_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    chain: Mapped[int]
    position: Mapped[int]                                # from 1
    digest: Mapped[str] = mapped_column(String(64))
