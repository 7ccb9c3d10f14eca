"""Keeps who signed in to the dashboard and who tried: for 90 days, and at most 500 for a user."""

from datetime import timedelta

from sqlalchemy import and_, delete, exists, func, or_, select

from database import db
from domain import clock
from models.user import UserSession
from models.user_sign_in import Means, UserSignIn

KEPT, OF_NOBODY = timedelta(days=90), timedelta(days=1)
MOST, SHOWN = 500, 20                   # of a user: kept, and shown


def note(
    user_id: int | None, means: Means, *, succeeded: bool, ip: str | None, user_agent: str | None, by_api: bool = False
) -> None:
    """Write a sign-in, or an attempt; without a user, that somebody tried a name that nobody has."""
    db.session.add(UserSignIn(
        user_id=user_id, at=clock.now(), means=means, succeeded=succeeded, by_api=by_api, ip=ip[:64] if ip else None,
        user_agent=(user_agent or "")[:300]))


def of_user(user_id: int) -> list[UserSignIn]:
    """The latest sign-ins and attempts of a user, the latest first."""
    return list(db.session.scalars(
        select(UserSignIn).where(UserSignIn.user_id == user_id).order_by(UserSignIn.id.desc()).limit(SHOWN)))


def has_signed_in(user_id: int) -> bool:
    """Whether a user was signed in before."""
    session = exists().where(UserSession.user_id == user_id, UserSession.needs_code.is_(False))
    sign_in = exists().where(UserSignIn.user_id == user_id, UserSignIn.succeeded.is_(True))
    return bool(db.session.scalar(select(or_(session, sign_in))))


def forget_old(limit: int = 5000) -> int:
    """Remove what is too old, or too much of one user; returns how many."""
    now = clock.now()
    old = select(UserSignIn.id).where(or_(
        UserSignIn.at < now - KEPT, and_(UserSignIn.user_id.is_(None), UserSignIn.at < now - OF_NOBODY))).limit(limit)
    keys = list(db.session.scalars(old))
    if len(keys) < limit:
        keys += _too_many(limit - len(keys))
    db.session.execute(delete(UserSignIn).where(UserSignIn.id.in_(keys)))
    return len(keys)


def _too_many(limit: int) -> list[int]:
    """The oldest ones of users who have more than are kept."""
    busy = select(UserSignIn.user_id).where(UserSignIn.user_id.is_not(None)).group_by(UserSignIn.user_id).having(
        func.count() > MOST)
    found: list[int] = []
    for user_id in db.session.scalars(busy).all():
        rows = select(UserSignIn.id).where(UserSignIn.user_id == user_id).order_by(UserSignIn.id.desc())
        found += db.session.scalars(rows.offset(MOST).limit(limit - len(found))).all()
        if len(found) >= limit:
            break
    return found
