"""Stores responses by idempotency key, to repeat them for 24 hours.

The row is inserted before the effect, in the same transaction: of two equal requests at once the
second waits on the unique key and then finds the first one's response. A failure rolls the row back,
so it does not use up the key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Problem
from models.reply import IdempotentReply

KEPT = timedelta(hours=24)
LONGEST = 255
UNIQUE = ("owner", "test", "contract", "key", "part")


@dataclass(frozen=True, slots=True)
class Reply:
    """A stored answer."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Claim:
    """One request, or one call of a batch, with its idempotency key."""

    owner: str
    test: bool
    contract: str
    key: str
    fingerprint: str
    part: int = 0
    former: str = ""            # the fingerprint as answers of v0.1 have it, for the day after an upgrade

    def is_of(self, fingerprint: str) -> bool:
        """Whether the fingerprint is this request's."""
        return fingerprint in (self.fingerprint, self.former)

    @property
    def same_key(self) -> tuple[Any, ...]:
        """The rows of this key that have not expired."""
        return (
            IdempotentReply.owner == self.owner, IdempotentReply.test == self.test,
            IdempotentReply.contract == self.contract, IdempotentReply.key == self.key,
        )

    @property
    def same_part(self) -> tuple[Any, ...]:
        return (*self.same_key, IdempotentReply.part == self.part)


def owner_of(actor: Actor) -> str | None:
    """The owner of the keys: the user or the customer who calls, else the merchant; None without credentials."""
    if actor.user_id is not None:
        return f"user:{actor.user_id}"
    if actor.customer_id is not None:
        return f"customer:{actor.customer_id}"
    if actor.credential_id is None:
        return None
    return f"merchant:{actor.merchant_id}"


def check_key(key: str) -> None:
    """Raises Invalid for a key that cannot be kept."""
    if not 1 <= len(key) <= LONGEST or not key.isprintable():
        problem = Problem("invalid", f"must have 1 to {LONGEST} printable characters")
        fields = {"Idempotency-Key": problem}
        raise Invalid("The Idempotency-Key cannot be used.", code="invalid_parameter", fields=fields)


def check_same(claim: Claim) -> None:
    """Raises Conflict when any part of the key was used for another request."""
    found = db.session.scalars(
        select(IdempotentReply.fingerprint)
        .where(*claim.same_key, IdempotentReply.created_at >= clock.now() - KEPT).limit(1)
    ).first()
    if found is not None and not claim.is_of(found):
        raise used()


def used() -> Conflict:
    return Conflict("This Idempotency-Key was already used for a different request.", code="idempotency_conflict")


def take(claim: Claim) -> Reply | None:
    """Claim the key, or return the earlier response; Conflict when it was used for another request."""
    now = clock.now()
    session = db.session()
    session.execute(delete(IdempotentReply).where(*claim.same_part, IdempotentReply.created_at < now - KEPT))
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(IdempotentReply)
    values = {
        "owner": claim.owner, "test": claim.test, "contract": claim.contract, "key": claim.key,
        "part": claim.part, "fingerprint": claim.fingerprint, "status": 0, "body": b"", "headers": {},
        "created_at": now,
    }
    taken = session.execute(
        insert.values(values).on_conflict_do_nothing(index_elements=UNIQUE).returning(IdempotentReply.id)
    ).first()
    return None if taken is not None else earlier(claim)


def earlier(claim: Claim) -> Reply | None:
    """The response stored for a key, if any; Conflict when it was used for another request."""
    row = db.session.execute(
        select(IdempotentReply.fingerprint, IdempotentReply.status, IdempotentReply.body, IdempotentReply.headers)
        .where(*claim.same_part, IdempotentReply.created_at >= clock.now() - KEPT)
    ).first()
    if row is None:
        return None
    if not claim.is_of(row.fingerprint):
        raise used()
    return Reply(row.status, row.body, row.headers)


def keep(claim: Claim, reply: Reply) -> None:
    """Store the response of the claimed key."""
    row = db.session.scalars(select(IdempotentReply).where(*claim.same_part)).one()
    row.status, row.body, row.headers = reply.status, reply.body, dict(reply.headers)


def release(claim: Claim) -> None:
    """Give the claimed key back: nothing was done that a repetition would do again."""
    db.session.execute(delete(IdempotentReply).where(*claim.same_part))


def forget_old(limit: int = 5000) -> int:
    """Remove responses older than 24 hours, a bounded number at a time; returns how many."""
    old = select(IdempotentReply.id).where(IdempotentReply.created_at < clock.now() - KEPT).limit(limit)
    keys = db.session.scalars(old).all()
    db.session.execute(delete(IdempotentReply).where(IdempotentReply.id.in_(keys)))
    return len(keys)
