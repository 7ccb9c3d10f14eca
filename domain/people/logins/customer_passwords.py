"""Passwords and second factors of customers' users: signing in by them, and setting them.

Hashing takes too long for a transaction: it is done before, and what was verified is compared again inside.
"""

from dataclasses import dataclass

from sqlalchemy import select

from database import db
from domain.access import customer_sessions, passwords
from domain.access.customer_sessions import Opened
from domain.access.own_second_factor import OwnSecondFactor, proof_of
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.lifecycle import Lifecycle
from domain.listing import touch
from domain.people.logins import customer_notices, customer_sign_ins
from models.customer_login import CustomerSession
from models.customer_user import CustomerUser
from models.merchant import Merchant

LIFE = Lifecycle(noun="customer_user")
WRONG = "E-mail or password is wrong."


def locked(user_id: int) -> CustomerUser:
    """The user's row as it is now, locked; inside a transaction."""
    return db.session.scalars(
        select(CustomerUser).where(CustomerUser.id == user_id)
        .with_for_update().execution_options(populate_existing=True)).one()


# Signing in -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verified:
    """A user whose password was right, and the hash that it was compared with."""

    user_id: int
    password_hash: str


def verified(merchant: Merchant, email: str, password: str, *, test: bool) -> Verified | None:
    """The user with this password; None takes as long, whatever is wrong."""
    user = customer_sign_ins.known(merchant, email, test=test) if email.isprintable() else None
    hashed = user.password_hash if user is not None else None
    if not passwords.matches(password, hashed) or user is None or hashed is None:
        return None
    return Verified(user.id, hashed)


def enter(found: Verified, *, ip: str | None, user_agent: str | None) -> Opened | None:
    """Begin the session of a user whose password was verified; None where it is another one meanwhile."""
    user = locked(found.user_id)
    merchant = db.session.get_one(Merchant, user.merchant_id)
    if user.password_hash != found.password_hash or not customer_sessions.may_enter(user, merchant):
        return None
    return customer_sign_ins.begin(user, by_link=False, ip=ip, user_agent=user_agent)


def enter_code(waiting: CustomerSession, code: str, *, ip: str | None, user_agent: str | None) -> Opened | None:
    """Begin the session of somebody whose second factor was asked for; None for a wrong code."""
    user = locked(waiting.customer_user_id or 0)
    db.session.refresh(waiting, with_for_update=True)
    merchant = db.session.get_one(Merchant, user.merchant_id)
    if waiting.ended_at is not None or not customer_sessions.may_enter(user, merchant):
        return None
    if SECOND_FACTOR.use(customer_sessions.actor_of_user(user, ip=ip), user, code) is None:
        return None
    opened = customer_sessions.complete(waiting, ip=ip, user_agent=user_agent)
    customer_sign_ins.note(user, ip)
    return opened


# Changing -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that is to be stored: its hash, the one that it replaces, and a code that has to be used for it."""

    hashed: str
    before: str | None
    code: str | None = None


def hashed_own(user: CustomerUser, old: str, new: str, *, by_link: bool) -> NewPassword:
    """The new password's hash. Who has signed in by a mail needs no old one: it may be forgotten.

    With the second factor on, that person types a fresh code instead: the new password could turn it off.
    """
    before, code = user.password_hash, None
    if by_link and user.two_factor_at is not None:
        code = old if proof_of(before, old).password_hash is None else None
    elif before is not None and not by_link and not passwords.matches(old, before):
        raise Invalid.field("old_password", "is not your password", "wrong")
    return NewPassword(passwords.hash_of(new), before, code)


def change(actor: Actor, user_id: int, new: NewPassword, *, session_id: int) -> None:
    """Store a password, unless the old one was replaced meanwhile. All other sessions end."""
    user = locked(user_id)
    if user.password_hash != new.before:
        raise Conflict("Your password was changed in another browser. Nothing was changed here.")
    if new.code is not None and SECOND_FACTOR.use(actor, user, new.code) is None:
        raise Invalid.field("old_password", "is neither your password nor a fresh code", "wrong")
    verb = customer_notices.PASSWORD_SET if user.password_hash is None else customer_notices.PASSWORD_CHANGED
    user.password_hash = new.hashed
    touch(user)
    customer_sessions.end_all(user.id, but=session_id)
    LIFE.note(actor, verb, user)
    customer_notices.tell(user, verb, by=actor)


def _second_factor_changed(actor: Actor, verb: str, user: CustomerUser) -> None:
    touch(user)
    _tell(actor, verb, user)


def _tell(actor: Actor, verb: str, user: CustomerUser) -> None:
    LIFE.note(actor, verb, user)
    customer_notices.tell(user, verb, by=actor)


SECOND_FACTOR = OwnSecondFactor(
    lock=locked, password_of=lambda user: user.password_hash, tell=_tell, changed=_second_factor_changed,
    end_others=lambda user, session_id: customer_sessions.end_all(user.id, but=session_id),
)
