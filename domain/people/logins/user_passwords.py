"""Passwords of the dashboard's users: signing in by them, changing them, choosing them by a link.

Hashing takes too long for a transaction: it is done before, and what was verified is compared again inside.
"""

from dataclasses import dataclass

from database import db
from domain.access import password_links, passwords, sessions, sign_in_history
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Unauthenticated
from domain.people import users
from domain.people.logins import user_links, user_notices, user_second_factors
from domain.people.logins.user_second_factors import locked
from models.user import User, UserLink, UserSession
from models.user_sign_in import Means

WRONG = "E-mail or password is wrong."


# Signing in -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Verified:
    """A user whose password was right, and the hash that it was compared with."""

    user: User
    password_hash: str


def verified(email: str, password: str) -> Verified:
    """The active user with this password; raises Unauthenticated, after the same time for every reason.

    It is one of two factors: `enter` and `enter_api` ask for the other one.
    """
    user = users.find_by_email(email)
    hashed = user.password_hash if user is not None else None
    if not passwords.matches(password, hashed) or user is None or hashed is None or not user.active:
        raise Unauthenticated(WRONG)
    return Verified(user, hashed)


@dataclass(frozen=True, slots=True)
class Browser:
    """From where somebody signs in; `is_known`: the user has signed in with this browser before."""

    ip: str | None
    user_agent: str | None
    is_known: bool = False


def enter(found: Verified, browser: Browser) -> tuple[UserSession, str]:
    """Begin the session of a user whose password was verified, and its token; it may wait for the second factor."""
    user = _still(found)
    if user.two_factor_at is None:
        _note(user, Means.PASSWORD, browser)
    return sessions.begin(user, ip=browser.ip, user_agent=browser.user_agent)


def _note(user: User, means: Means, browser: Browser) -> None:
    """Write a sign-in into the history, and tell of a new browser who was signed in before by another one."""
    if not browser.is_known and sign_in_history.has_signed_in(user.id):
        who = Actor.of_user(user, source="admin", ip=browser.ip)
        user_notices.tell(user, user_notices.NEW_BROWSER, by=who, user_agent=(browser.user_agent or "")[:300])
    sign_in_history.note(user.id, means, succeeded=True, ip=browser.ip, user_agent=browser.user_agent)


def note_attempt(email: str, browser: Browser, *, by_api: bool = False, means: Means = Means.PASSWORD) -> None:
    """Write into the history of whoever has this address that somebody tried; as much is stored if nobody has it."""
    user = users.find_by_email(email)
    sign_in_history.note(
        None if user is None else user.id, means, succeeded=False, ip=browser.ip, user_agent=browser.user_agent,
        by_api=by_api)


def _still(found: Verified) -> User:
    """The user's row, locked; raises Unauthenticated where the password is another one meanwhile."""
    user = locked(found.user.id)
    if user.password_hash != found.password_hash or not user.active:
        raise Unauthenticated(WRONG)
    return user


def enter_code(waits: UserSession, code: str, browser: Browser) -> tuple[UserSession, str] | None:
    """Begin the session of somebody whose second factor was asked for; None for a wrong code."""
    user = locked(waits.user_id)
    db.session.refresh(waits, with_for_update=True)
    if waits.ended_at is not None or not user.active:
        return None
    means = user_second_factors.use(Actor.of_user(user, source="admin", ip=browser.ip), user, code)
    if means is None:
        sign_in_history.note(user.id, Means.CODE, succeeded=False, ip=browser.ip, user_agent=browser.user_agent)
        return None
    _note(user, means, browser)
    return sessions.complete(waits, ip=browser.ip, user_agent=browser.user_agent)


def enter_api(found: Verified, code: str, *, ip: str | None, source: str) -> User:
    """The user of a program that gets a token for a password; Unauthenticated where a second factor is missing."""
    user = _still(found)
    who = Actor.of_user(user, source=source, ip=ip)
    if user.two_factor_at is not None and not user_second_factors.use(who, user, code):
        raise Unauthenticated("Two-factor authentication is on: `code` must be a fresh code, or a recovery code.")
    return user


# Changing -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnPassword:
    """A user's own new password: the hash that was verified, and the new one."""

    proven: str
    password_hash: str


def hashed_own(user: User, old: str, new: str) -> OwnPassword:
    """The user's own new password, once the old one is verified. Takes too long for a transaction."""
    if not passwords.matches(old, user.password_hash):
        raise _not_yours()
    return OwnPassword(user.password_hash, passwords.hash_of(new))


def change_own(actor: Actor, user: User, new: OwnPassword) -> None:
    """Store it, unless the verified password was replaced meanwhile. All sessions end."""
    if user.password_hash != new.proven:
        raise _not_yours()
    users.update(actor, user, {"password_hash": new.password_hash}, is_proven=True)


def _not_yours() -> Invalid:
    return Invalid.field("old_password", "is not your password", "wrong")


def ask_for_link(email: str, *, ip: str | None) -> None:
    """Send the active user with this address a link to choose a password; for an unknown one the same is stored."""
    user = users.find_by_email(email)
    user_links.ask(user if user is not None and user.active else None, ip=ip)


def choose(link_id: int, password_hash: str, *, ip: str | None) -> User:
    """Store a password that was chosen by a link, which works once; raises Conflict for a used one. Sessions end.

    It signs nobody in, and leaves the second factor on.
    """
    link = db.session.get_one(UserLink, link_id)
    user = locked(link.user_id or 0)
    db.session.refresh(link)
    if not password_links.is_open(link):
        raise Conflict("This link was used meanwhile.")
    who = Actor.of_user(user, source="admin", ip=ip)
    return users.update(who, user, {"password_hash": password_hash}, is_proven=True)
