"""Checks that a merchant exists and is one of the actor's, and reads its currency."""

from sqlalchemy import bindparam, select

from database import db
from database.reader import Reader
from database.statements import Prepared
from domain.actor import Actor, All
from domain.list_parts import is_row
from models.merchant import Merchant

_CURRENCY = Prepared(select(Merchant.currency).where(Merchant.id == bindparam("merchant_id")))
MOST_NEEDED = 2                         # merchants that tell one from several


def reaches(actor: Actor, merchant_id: int) -> bool:
    """Whether this merchant exists and is one of the actor's."""
    statement = select(Merchant.id).where(is_row(Merchant.id, merchant_id), Merchant.deleted_at.is_(None))
    return actor.reaches(merchant_id) and db.session.scalar(statement) is not None


def only(actor: Actor) -> int | None:
    """The merchant of an actor who has exactly one that is active."""
    statement = select(Merchant.id).where(Merchant.deleted_at.is_(None), Merchant.active.is_(True)).limit(MOST_NEEDED)
    if not isinstance(actor.merchant_ids, All):
        return next(iter(actor.merchant_ids)) if len(actor.merchant_ids) == 1 else None
    found = db.session.scalars(statement).all()
    return found[0] if len(found) == 1 else None


def currency_of(merchant_id: int) -> str:
    """The merchant's currency."""
    row = Reader().cached_first(_CURRENCY, {"merchant_id": merchant_id})
    assert row is not None      # a foreign key, a key or a session names it
    return str(row.currency)


def is_active(actor: Actor, merchant_id: int) -> bool:
    """Whether this merchant is active and one of the actor's."""
    statement = select(Merchant.id).where(
        is_row(Merchant.id, merchant_id), Merchant.deleted_at.is_(None), Merchant.active.is_(True)
    )
    return actor.reaches(merchant_id) and db.session.scalar(statement) is not None
