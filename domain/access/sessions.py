"""Stores the sessions of signed-in browsers on the server, where they can be ended.

A cookie holds a random token, the table its digest. A session ends after 30 idle minutes or 12 hours.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update

from database import db
from domain import clock
from models.user import User, UserSession

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
SEEN_EVERY = timedelta(minutes=1)      # how often the last use is written


def digest(token: str) -> str:
    """The digest of a token; a plain one suffices, as the token has 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def prepare(user: User, *, ip: str | None, user_agent: str | None) -> tuple[UserSession, str]:
    """A session, not yet stored, and its token; add it inside a transaction."""
    token = secrets.token_urlsafe(32)
    now = clock.now()
    only = user.merchant_ids[0] if len(user.merchant_ids) == 1 and not user.all_merchants else None
    session = UserSession(
        user_id=user.id, token_digest=digest(token), created_at=now, seen_at=now, expires_at=now + ABSOLUTE,
        ip=ip, user_agent=(user_agent or "")[:300], merchant_id=only, test_mode=False,
    )
    return session, token


def find(token: str) -> UserSession | None:
    """The open session of a token, with its user; None when it has ended or its user is not active."""
    now = clock.now()
    return db.session.scalar(
        select(UserSession)
        .join(User)
        .where(
            UserSession.token_digest == digest(token), UserSession.ended_at.is_(None), UserSession.expires_at > now,
            UserSession.seen_at > now - IDLE, User.active.is_(True),
        )
    )


def is_stale(session: UserSession) -> bool:
    """Whether the session's last use must be written again."""
    return session.seen_at < clock.now() - SEEN_EVERY


def note_use(session_id: int) -> None:
    db.session.execute(update(UserSession).where(UserSession.id == session_id).values(seen_at=clock.now()))


def end(session_id: int) -> None:
    """End the session of a token."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.id == session_id, UserSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def end_all(user_id: int, *, but: int | None = None) -> None:
    """End every session of a user, except one."""
    db.session.execute(
        update(UserSession)
        .where(UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.id != (but or 0))
        .values(ended_at=clock.now())
    )


def of_user(user_id: int) -> list[UserSession]:
    """The open sessions of a user, last used first."""
    now = clock.now()
    return list(
        db.session.scalars(
            select(UserSession)
            .where(
                UserSession.user_id == user_id, UserSession.ended_at.is_(None), UserSession.expires_at > now,
                UserSession.seen_at > now - IDLE,
            )
            .order_by(UserSession.seen_at.desc())
        )
    )


def forget_old(limit: int = 5000) -> int:
    """Remove sessions that ended over 30 days ago; returns how many."""
    old = select(UserSession.id).where(UserSession.expires_at < clock.now() - timedelta(days=30)).limit(limit)
    keys = db.session.scalars(old).all()
    db.session.execute(delete(UserSession).where(UserSession.id.in_(keys)))
    return len(keys)
