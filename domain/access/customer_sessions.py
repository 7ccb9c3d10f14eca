"""Stores the sessions of customers' browsers on the server, apart from those of staff.

A cookie holds a random token, the table its digest. A session ends after two idle hours or a day, and with the
user's, the customer's or the merchant's right to be here. Whoever has a second factor gets a session that opens
nothing yet: every way to sign in goes through `begin`, which decides that.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, delete, select, update

from database import db
from domain import clock
from domain.access.customer_access import actor_of
from domain.access.sessions import digest
from domain.actor import Actor
from models.credential import Mode
from models.customer import CustomerStatus
from models.customer_login import CustomerSession
from models.customer_user import CustomerUser
from models.merchant import Merchant

IDLE = timedelta(hours=2)
ABSOLUTE = timedelta(hours=24)
FOR_CODE = timedelta(minutes=10)        # between the password or the link, and the second factor
SEEN_EVERY = timedelta(minutes=1)      # how often the last use is written
MOST = 100                              # sessions of a list


def may_enter(user: CustomerUser, merchant: Merchant) -> bool:
    """Whether a user may sign in: not one that was removed, nor one of an archived or deleted customer, nor one of a
    merchant that is switched off.
    """
    customer = user.customer
    is_here = customer.deleted_at is None and customer.status is not CustomerStatus.ARCHIVED
    is_user = user.deleted_at is None and user.email_key is not None
    return is_user and is_here and merchant.active and merchant.deleted_at is None


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: the token of its cookie, and whether it waits for the second factor."""

    token: str
    needs_code: bool


def begin(user: CustomerUser, *, by_link: bool, ip: str | None, user_agent: str | None) -> Opened:
    """Store a session of the user, which opens nothing while the second factor is still to come."""
    return _store(user, needs_code=user.two_factor_at is not None, by_link=by_link, ip=ip, user_agent=user_agent)


def complete(waiting: CustomerSession, *, ip: str | None, user_agent: str | None) -> Opened:
    """Store the session of somebody who has given the second factor, in place of the one that waited for it."""
    end(waiting.id)
    return _store(waiting.user, needs_code=False, by_link=waiting.by_link, ip=ip, user_agent=user_agent)


def _store(user: CustomerUser, *, needs_code: bool, by_link: bool, ip: str | None, user_agent: str | None) -> Opened:
    token, now = secrets.token_urlsafe(32), clock.now()
    db.session.add(CustomerSession(
        customer_id=user.customer_id, customer_user_id=user.id, token_digest=digest(token), created_at=now,
        seen_at=now, expires_at=now + (FOR_CODE if needs_code else ABSOLUTE), needs_code=needs_code, by_link=by_link,
        ip=ip, user_agent=(user_agent or "")[:300],
    ))
    if not needs_code:
        user.signed_in_at = now
    return Opened(token, needs_code)


def find(token: str) -> CustomerSession | None:
    """The open session of a token; None when it has ended, or its user may no longer be here."""
    return _found(token, needs_code=False)


def waiting(token: str) -> CustomerSession | None:
    """The session of a token that waits for the second factor."""
    return _found(token, needs_code=True)


def _found(token: str, *, needs_code: bool) -> CustomerSession | None:
    found = db.session.execute(
        select(CustomerSession, Merchant)
        .join(CustomerUser, CustomerUser.id == CustomerSession.customer_user_id)
        .join(Merchant, Merchant.id == CustomerUser.merchant_id)
        .where(CustomerSession.token_digest == digest(token), *_open(needs_code=needs_code))
    ).first()
    return found[0] if found is not None and may_enter(found[0].user, found[1]) else None


def _open(*, needs_code: bool) -> list[ColumnElement[bool]]:
    """The clauses for sessions that have not ended."""
    now = clock.now()
    return [
        CustomerSession.ended_at.is_(None), CustomerSession.expires_at > now, CustomerSession.seen_at > now - IDLE,
        CustomerSession.needs_code.is_(needs_code),
    ]


def actor(session: CustomerSession, *, ip: str | None, request_id: str | None) -> Actor:
    """The user of a session, who sees only rows of the own customer; one of a stopped customer may only read."""
    return actor_of_user(session.user, ip=ip, request_id=request_id)


def actor_of_user(user: CustomerUser, *, ip: str | None, request_id: str | None = None) -> Actor:
    """A customer's user as an actor."""
    customer = user.customer
    return actor_of(
        customer.id, customer.merchant_id, is_stopped=customer.status is CustomerStatus.STOPPED,
        mode=Mode.TEST if customer.test else Mode.LIVE, user=user, ip=ip, request_id=request_id, source="client",
    )


def is_stale(session: CustomerSession) -> bool:
    """Whether the session's last use must be written again."""
    return session.seen_at < clock.now() - SEEN_EVERY


def note_use(session_id: int) -> None:
    db.session.execute(update(CustomerSession).where(CustomerSession.id == session_id).values(seen_at=clock.now()))


def end(session_id: int) -> None:
    """End a session."""
    db.session.execute(
        update(CustomerSession)
        .where(CustomerSession.id == session_id, CustomerSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def end_all(user_id: int, *, but: int | None = None) -> None:
    """End every session of a user, except one."""
    with db.session.no_autoflush:                       # the customer's row may be half changed
        db.session.execute(
            update(CustomerSession)
            .where(
                CustomerSession.customer_user_id == user_id, CustomerSession.ended_at.is_(None),
                CustomerSession.id != (but or 0))
            .values(ended_at=clock.now())
        )


def of_user(user_id: int) -> list[CustomerSession]:
    """The open sessions of a user, last used first."""
    return list(db.session.scalars(
        select(CustomerSession)
        .where(CustomerSession.customer_user_id == user_id, *_open(needs_code=False))
        .order_by(CustomerSession.seen_at.desc(), CustomerSession.id.desc()).limit(MOST)
    ))


def forget_old(limit: int = 5000) -> int:
    """Remove sessions that ended over 30 days ago; returns how many."""
    until = clock.now() - timedelta(days=30)
    old = select(CustomerSession.id).where(CustomerSession.expires_at < until).limit(limit)
    keys = db.session.scalars(old).all()
    db.session.execute(delete(CustomerSession).where(CustomerSession.id.in_(keys)))
    return len(keys)
