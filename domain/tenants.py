"""Checks that a merchant exists and is one of the actor's."""

from sqlalchemy import select

from database import db
from domain.actor import Actor, All
from models.merchant import Merchant

MOST_NEEDED = 2                         # merchants that tell one from several


def reaches(actor: Actor, merchant_id: int) -> bool:
    """Whether this merchant exists and is one of the actor's."""
    statement = select(Merchant.id).where(Merchant.id == merchant_id, Merchant.deleted_at.is_(None))
    return actor.reaches(merchant_id) and db.session.scalar(statement) is not None


def only(actor: Actor) -> int | None:
    """The merchant of an actor who has exactly one that is active."""
    statement = select(Merchant.id).where(Merchant.deleted_at.is_(None), Merchant.active.is_(True)).limit(MOST_NEEDED)
    if not isinstance(actor.merchant_ids, All):
        return next(iter(actor.merchant_ids)) if len(actor.merchant_ids) == 1 else None
    found = db.session.scalars(statement).all()
    return found[0] if len(found) == 1 else None


def is_active(actor: Actor, merchant_id: int) -> bool:
    """Whether this merchant is active and one of the actor's."""
    statement = select(Merchant.id).where(
        Merchant.id == merchant_id, Merchant.deleted_at.is_(None), Merchant.active.is_(True)
    )
    return actor.reaches(merchant_id) and db.session.scalar(statement) is not None
