"""Links by which users choose a password: how they are made, recognised and ended.

A link works once. Its address is stored nowhere (`link_tokens`).
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from database import db
from domain import clock
from domain.access import link_tokens
from models.user import User, UserLink

KEPT = timedelta(days=1)
SAID = "user link"                      # what its token is for


def new(user: User | None, lasts: timedelta, *, invites: bool, ip: str | None) -> UserLink:
    """A new link; without a user one that nobody can use, so that asking for it takes as long."""
    now = clock.now()
    link = UserLink(
        user_id=None if user is None else user.id, invites=invites, nonce=link_tokens.fresh_nonce(), ip=ip,
        created_at=now, expires_at=now + lasts,
    )
    db.session.add(link)
    db.session.flush()                                  # the task names it by its id
    return link


def token_of(link: UserLink) -> str:
    """The end of the link's address."""
    return link_tokens.token_of(link.nonce, SAID)


def by_token(token: str) -> UserLink | None:
    """What a link is for; None for one that is unknown, used or too old, or whose user is gone or deactivated."""
    nonce = link_tokens.nonce_of(token, SAID)
    if nonce is None:
        return None
    link = db.session.scalar(select(UserLink).where(UserLink.nonce == nonce))
    return link if link is not None and is_open(link) else None


def is_open(link: UserLink) -> bool:
    """Whether it can still be used."""
    user = link.user
    is_there = user is not None and user.deleted_at is None and user.active
    return is_there and link.used_at is None and link.expires_at > clock.now()


def end_all(user_id: int) -> None:
    """End every link of a user that was not used yet."""
    db.session.execute(
        update(UserLink).where(UserLink.user_id == user_id, UserLink.used_at.is_(None)).values(used_at=clock.now()))


def open_invitation(user_id: int) -> datetime | None:
    """Until when the invitation works that a user has not used yet."""
    found: datetime | None = db.session.scalar(
        select(UserLink.expires_at).where(
            UserLink.user_id == user_id, UserLink.invites.is_(True), UserLink.used_at.is_(None),
            UserLink.expires_at > clock.now(),
        ).order_by(UserLink.id.desc()).limit(1))
    return found


def forget_old(limit: int = 5000) -> int:
    """Remove links that ended over a day ago; returns how many."""
    keys = db.session.scalars(select(UserLink.id).where(UserLink.expires_at < clock.now() - KEPT).limit(limit)).all()
    db.session.execute(delete(UserLink).where(UserLink.id.in_(keys)))
    return len(keys)
