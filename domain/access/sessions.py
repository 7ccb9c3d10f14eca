"""Stores the sessions of signed-in browsers on the server, where they can be ended.

A cookie holds a random token, the table its digest. A session ends after 30 idle minutes or 12 hours. Whoever has a
second factor gets a session that opens nothing yet, for ten minutes.
"""

import hashlib
import secrets
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update

from database import db
from domain import clock
from models.user import Role, User, UserSession

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
FOR_CODE = timedelta(minutes=10)       # between the password and the second factor
PROVEN = timedelta(minutes=30)         # after which dangerous actions ask for the password again
SEEN_EVERY = timedelta(minutes=1)      # how often the last use is written


def digest(token: str) -> str:
    """The digest of a token; a plain one suffices, as the token has 256 random bits."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def begin(user: User, *, ip: str | None, user_agent: str | None) -> tuple[UserSession, str]:
    """Store a session of the user and give its token; it opens nothing while the second factor is still to come."""
    return _store(user, needs_code=user.two_factor_at is not None, ip=ip, user_agent=user_agent)


def complete(waits: UserSession, *, ip: str | None, user_agent: str | None) -> tuple[UserSession, str]:
    """Store the session of somebody who has given the second factor, in place of the one that waited for it."""
    end(waits.id)
    return _store(waits.user, needs_code=False, ip=ip, user_agent=user_agent)


def _store(user: User, *, needs_code: bool, ip: str | None, user_agent: str | None) -> tuple[UserSession, str]:
    token, now = secrets.token_urlsafe(32), clock.now()
    session = UserSession(
        user=user, needs_code=needs_code, token_digest=digest(token), created_at=now, seen_at=now, proven_at=now,
        expires_at=now + (FOR_CODE if needs_code else ABSOLUTE), ip=ip, user_agent=(user_agent or "")[:300],
        merchant_id=only_merchant(user), test_mode=False,
    )
    db.session.add(session)
    return session, token


def only_merchant(user: User) -> int | None:
    """The merchant of a user who has no other."""
    return user.merchant_ids[0] if len(user.merchant_ids) == 1 and not user.all_merchants else None


def find(token: str) -> UserSession | None:
    """The open session of a token, with its user; None when it has ended or its user is not active."""
    return _found(token, needs_code=False)


def waiting(token: str) -> UserSession | None:
    """The session of a token that waits for the second factor."""
    return _found(token, needs_code=True)


def _found(token: str, *, needs_code: bool) -> UserSession | None:
    return db.session.scalar(
        select(UserSession)
        .join(UserSession.user)
        .where(UserSession.token_digest == digest(token), User.active.is_(True), *_open(needs_code=needs_code))
    )


def _open(*, needs_code: bool) -> list[ColumnElement[bool]]:
    """The clauses for sessions that have not ended."""
    now = clock.now()
    return [
        UserSession.ended_at.is_(None), UserSession.expires_at > now, UserSession.seen_at > now - IDLE,
        UserSession.needs_code.is_(needs_code),
    ]


def seen_by(session: UserSession) -> User:
    """As whom a session sees the dashboard: its own user, or the one whom it looks at, while that one may sign in."""
    viewed, own = session.viewed, session.user
    can_view = own.all_merchants and own.role is Role.ADMIN
    return viewed if viewed is not None and viewed.active and viewed.deleted_at is None and can_view else own


def is_stale(session: UserSession) -> bool:
    """Whether the session's last use must be written again."""
    return session.seen_at < clock.now() - SEEN_EVERY


def note_use(session_id: int) -> None:
    db.session.execute(update(UserSession).where(UserSession.id == session_id).values(seen_at=clock.now()))


def is_proven(session: UserSession) -> bool:
    """Whether the user of the session gave the password or a code not long ago."""
    return session.proven_at > clock.now() - PROVEN


def prove(session_id: int) -> None:
    """Note that the user of the session has given the password or a code now."""
    db.session.execute(update(UserSession).where(UserSession.id == session_id).values(proven_at=clock.now()))


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
    return list(
        db.session.scalars(
            select(UserSession)
            .where(UserSession.user_id == user_id, *_open(needs_code=False))
            .order_by(UserSession.seen_at.desc())
        )
    )


def forget_old(limit: int = 5000) -> int:
    """Remove sessions that ended over 30 days ago; returns how many."""
    old = select(UserSession.id).where(UserSession.expires_at < clock.now() - timedelta(days=30)).limit(limit)
    keys = db.session.scalars(old).all()
    db.session.execute(delete(UserSession).where(UserSession.id.in_(keys)))
    return len(keys)
