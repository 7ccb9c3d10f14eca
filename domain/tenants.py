"""Checks that a merchant exists and is one of the actor's."""

from sqlalchemy import select

from database import db
from domain.actor import Actor
from models.merchant import Merchant


def reaches(actor: Actor, merchant_id: int) -> bool:
    """Whether this merchant exists and is one of the actor's."""
    statement = select(Merchant.id).where(Merchant.id == merchant_id, Merchant.deleted_at.is_(None))
    return actor.reaches(merchant_id) and db.session.scalar(statement) is not None
