"""Idempotency: the first answer to a key is the answer, for 24 hours.

The row is inserted before the effect, in the same transaction: of two equal requests at once the
second waits on the unique key and then finds the first one's answer. A failure rolls the row back,
so it does not use the key up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from database import db
from domain import clock
from domain.errors import Conflict, Invalid, Problem
from models.reply import IdempotentReply

KEPT = timedelta(hours=24)
LONGEST = 255


@dataclass(frozen=True, slots=True)
class Reply:
    """A stored answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


def check_key(key: str) -> None:
    """Raises Invalid for a key that cannot be kept."""
    if not 1 <= len(key) <= LONGEST or not key.isprintable():
        problem = Problem("invalid", f"must have 1 to {LONGEST} printable characters")
        fields = {"Idempotency-Key": problem}
        raise Invalid("The Idempotency-Key cannot be used.", code="invalid_parameter", fields=fields)


def claim(merchant_id: int, test: bool, contract: str, key: str, fingerprint: str) -> Reply | None:
    """Take the key, or give the earlier answer; Conflict when it was used for another request."""
    now = clock.now()
    table = IdempotentReply.__table__
    where = (
        table.c.merchant_id == merchant_id, table.c.test == test, table.c.contract == contract, table.c.key == key,
    )
    session = db.session()
    session.execute(delete(IdempotentReply).where(*where, table.c.created_at < now - KEPT))
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(IdempotentReply)
    values = {
        "merchant_id": merchant_id, "test": test, "contract": contract, "key": key, "fingerprint": fingerprint,
        "status": 0, "body": b"", "headers": {}, "created_at": now,
    }
    taken = session.execute(
        insert.values(values).on_conflict_do_nothing(index_elements=["merchant_id", "test", "contract", "key"])
        .returning(IdempotentReply.id)
    ).first()
    return None if taken is not None else earlier(merchant_id, test, contract, key, fingerprint)


def earlier(merchant_id: int, test: bool, contract: str, key: str, fingerprint: str) -> Reply | None:
    """The answer that a key already has, if any; Conflict when it was used for another request."""
    row = db.session.execute(
        select(IdempotentReply.fingerprint, IdempotentReply.status, IdempotentReply.body, IdempotentReply.headers)
        .where(
            IdempotentReply.merchant_id == merchant_id, IdempotentReply.test == test,
            IdempotentReply.contract == contract, IdempotentReply.key == key,
            IdempotentReply.created_at >= clock.now() - KEPT,
        )
    ).first()
    if row is None:
        return None
    if row.fingerprint != fingerprint:
        raise Conflict(
            "This Idempotency-Key was already used for a different request.", code="idempotency_conflict"
        )
    return Reply(row.status, row.body, row.headers)


def keep(merchant_id: int, test: bool, contract: str, key: str, reply: Reply) -> None:
    """Complete the claimed key with its answer."""
    row = db.session.scalars(
        select(IdempotentReply).where(
            IdempotentReply.merchant_id == merchant_id, IdempotentReply.test == test,
            IdempotentReply.contract == contract, IdempotentReply.key == key,
        )
    ).one()
    row.status, row.body, row.headers = reply.status, reply.body, dict(reply.headers)


def forget_old(limit: int = 5000) -> int:
    """Remove answers older than 24 hours, a bounded number at a time; how many."""
    old = select(IdempotentReply.id).where(IdempotentReply.created_at < clock.now() - KEPT).limit(limit)
    keys = db.session.scalars(old).all()
    db.session.execute(delete(IdempotentReply).where(IdempotentReply.id.in_(keys)))
    return len(keys)
