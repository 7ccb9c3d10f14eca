"""Keeps a form that is sent twice from creating two rows; the first result is kept for a day.

The token is claimed before the row is created, in the same transaction: of two equal forms at once the
second waits, and then finds the row of the first. A refused form does not use up its token.
"""

import secrets
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from database import db
from domain import clock
from models.form_token import FormToken

KEPT = timedelta(hours=24)
LONGEST = 64


def fresh() -> str:
    """A token for a form that is shown."""
    return secrets.token_urlsafe(18)


def claim(token: str) -> str | None:
    """Claim the token; returns the first result when it was claimed before."""
    insert = (postgresql if db.session().get_bind().dialect.name == "postgresql" else sqlite).insert(FormToken)
    values = {"token": token, "result": "", "created_at": clock.now()}
    taken = db.session.execute(
        insert.values(values).on_conflict_do_nothing(index_elements=["token"]).returning(FormToken.id)
    ).first()
    if taken is not None:
        return None
    return db.session.scalars(select(FormToken.result).where(FormToken.token == token)).one()


def keep(token: str, result: str) -> None:
    """Store the address of the row that the form created."""
    db.session.scalars(select(FormToken).where(FormToken.token == token)).one().result = result


def forget_old(limit: int = 5000) -> int:
    """Remove tokens older than 24 hours, a bounded number at a time; returns how many."""
    old = select(FormToken.id).where(FormToken.created_at < clock.now() - KEPT).limit(limit)
    keys = db.session.scalars(old).all()
    db.session.execute(delete(FormToken).where(FormToken.id.in_(keys)))
    return len(keys)
