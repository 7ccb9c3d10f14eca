"""The second factor of the dashboard's users: their own, and the one that an admin turns off for somebody."""

from sqlalchemy import select

from database import db
from domain.access import second_factors, sessions
from domain.access.own_second_factor import OwnSecondFactor
from domain.actor import Actor
from domain.errors import Conflict
from domain.listing import touch
from domain.people.logins import user_notices
from domain.people.logins.user_trail import LIFE
from models.user import User
from models.user_sign_in import Means


def locked(user_id: int) -> User:
    """The user's row as it is now, locked; inside a transaction."""
    return db.session.scalars(
        select(User).where(User.id == user_id).with_for_update().execution_options(populate_existing=True)).one()


def use(actor: Actor, user: User, code: str) -> Means | None:
    """Use a code, or a recovery code: how it stands in the history; None for a wrong one. The row is locked."""
    kind = OWN.use(actor, user, code)
    return None if kind is None else Means.RECOVERY if kind == second_factors.RECOVERY else Means.CODE


def turn_off(actor: Actor, user: User) -> User:
    """Turn the second factor of somebody off who has lost it, and sign the user out. Conflict for one's own."""
    if user.two_factor_at is None:
        raise Conflict("Two-factor authentication is off.")
    if actor.user_id == user.id:
        raise Conflict("Turn off your own two-factor authentication under My account, with your password or a code.")
    second_factors.forget(user)
    _end(user)
    touch(user)
    LIFE.note(actor, "two_factor_off", user)
    user_notices.tell(user, user_notices.TWO_FACTOR_OFF_BY_ADMIN)
    return user


def _changed(actor: Actor, verb: str, user: User) -> None:
    touch(user)
    _tell(actor, verb, user)


def _tell(actor: Actor, verb: str, user: User) -> None:
    LIFE.note(actor, verb, user)
    user_notices.tell(user, verb, by=actor)


def _end(user: User, but: int | None = None) -> None:
    """End the user's sessions, except one, and JSON Web Tokens."""
    sessions.end_all(user.id, but=but)
    user.token_version += 1


OWN = OwnSecondFactor(
    lock=locked, password_of=lambda user: user.password_hash, tell=_tell, changed=_changed, end_others=_end)
