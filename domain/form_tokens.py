"""A form that makes a row makes one, however often it is sent: the first time is remembered for a day.

The token is taken before the row is made, in the same transaction: of two equal forms at once the second
waits, and then finds what the first one made. A refused form does not use its token up.
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
    """Take the token; when it was taken before, the result of then."""
    insert = (postgresql if db.session().get_bind().dialect.name == "postgresql" else sqlite).insert(FormToken)
    values = {"token": token, "result": "", "created_at": clock.now()}
    taken = db.session.execute(
        insert.values(values).on_conflict_do_nothing(index_elements=["token"]).returning(FormToken.id)
    ).first()
    if taken is not None:
        return None
    return db.session.scalars(select(FormToken.result).where(FormToken.token == token)).one()


def keep(token: str, result: str) -> None:
    """Say where the row is that the form made."""
    db.session.scalars(select(FormToken).where(FormToken.token == token)).one().result = result


def forget_old(limit: int = 5000) -> int:
    """Remove tokens older than 24 hours, a bounded number at a time; how many."""
    old = select(FormToken.id).where(FormToken.created_at < clock.now() - KEPT).limit(limit)
    keys = db.session.scalars(old).all()
    db.session.execute(delete(FormToken).where(FormToken.id.in_(keys)))
    return len(keys)
