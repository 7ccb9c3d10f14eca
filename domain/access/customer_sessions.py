"""Stores the sessions of customers' browsers on the server, apart from those of users.

A cookie holds a random token, the table its digest. A session ends after two idle hours or a day, and with the
customer's or the merchant's right to be here.
"""

import secrets
from datetime import timedelta

from sqlalchemy import delete, select, update

from database import db
from domain import clock
from domain.access.customer_access import actor_of
from domain.access.sessions import digest
from domain.actor import Actor
from models.credential import Mode
from models.customer import Customer, CustomerStatus
from models.customer_login import CustomerSession
from models.merchant import Merchant

IDLE = timedelta(hours=2)
ABSOLUTE = timedelta(hours=24)
SEEN_EVERY = timedelta(minutes=1)      # how often the last use is written
MOST = 100                              # sessions of a list


def may_enter(customer: Customer, merchant: Merchant) -> bool:
    """Whether a customer may sign in: not an archived or deleted one, nor one of a merchant that is switched off."""
    is_here = customer.deleted_at is None and customer.status is not CustomerStatus.ARCHIVED
    return is_here and merchant.active and merchant.deleted_at is None


def begin(customer: Customer, *, ip: str | None, user_agent: str | None) -> str:
    """Store a session of the customer; returns its token."""
    token, now = secrets.token_urlsafe(32), clock.now()
    db.session.add(CustomerSession(
        customer_id=customer.id, token_digest=digest(token), created_at=now, seen_at=now, expires_at=now + ABSOLUTE,
        ip=ip, user_agent=(user_agent or "")[:300],
    ))
    return token


def find(token: str) -> CustomerSession | None:
    """The open session of a token; None when it has ended, or its customer may no longer be here."""
    now = clock.now()
    found = db.session.execute(
        select(CustomerSession, Merchant)
        .join(Customer, Customer.id == CustomerSession.customer_id)
        .join(Merchant, Merchant.id == Customer.merchant_id)
        .where(
            CustomerSession.token_digest == digest(token), CustomerSession.ended_at.is_(None),
            CustomerSession.expires_at > now, CustomerSession.seen_at > now - IDLE,
        )
    ).first()
    return found[0] if found is not None and may_enter(found[0].customer, found[1]) else None


def actor(session: CustomerSession, *, ip: str | None, request_id: str | None) -> Actor:
    """The customer of a session, who sees only rows of its own; a stopped one may only read."""
    customer = session.customer
    return actor_of(
        customer.id, customer.merchant_id, is_stopped=customer.status is CustomerStatus.STOPPED,
        mode=Mode.TEST if customer.test else Mode.LIVE, ip=ip, request_id=request_id, source="client",
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


def end_all(customer_id: int, *, but: int | None = None) -> None:
    """End every session of a customer, except one."""
    with db.session.no_autoflush:                       # the customer's row may be half changed
        db.session.execute(
            update(CustomerSession)
            .where(
                CustomerSession.customer_id == customer_id, CustomerSession.ended_at.is_(None),
                CustomerSession.id != (but or 0))
            .values(ended_at=clock.now())
        )


def of_customer(customer_id: int) -> list[CustomerSession]:
    """The open sessions of a customer, last used first."""
    now = clock.now()
    return list(db.session.scalars(
        select(CustomerSession)
        .where(
            CustomerSession.customer_id == customer_id, CustomerSession.ended_at.is_(None),
            CustomerSession.expires_at > now, CustomerSession.seen_at > now - IDLE,
        )
        .order_by(CustomerSession.seen_at.desc(), CustomerSession.id.desc()).limit(MOST)
    ))


def forget_old(limit: int = 5000) -> int:
    """Remove sessions that ended over 30 days ago; returns how many."""
    until = clock.now() - timedelta(days=30)
    old = select(CustomerSession.id).where(CustomerSession.expires_at < until).limit(limit)
    keys = db.session.scalars(old).all()
    db.session.execute(delete(CustomerSession).where(CustomerSession.id.in_(keys)))
    return len(keys)
