"""Lets an operator look at the dashboard as another user sees it, without changing anything."""

from sqlalchemy import update

from database import db
from domain.access import sessions
from domain.actor import Actor, All
from domain.errors import Conflict, Forbidden
from domain.people.logins.user_trail import LIFE
from models.user import User, UserSession

VIEWED = "viewed_as"                    # the verb in the audit trail


def may_view(actor: Actor, user: User) -> bool:
    """Whether the actor may look at the dashboard as this user: operators may, as anybody else who may sign in."""
    return isinstance(actor.merchant_ids, All) and actor.can("WRITE_USERS") and user.active and user.id != actor.user_id


def begin(actor: Actor, user: User, session_id: int) -> None:
    """Show this session of the actor what the user would see; the audit trail says so."""
    if not isinstance(actor.merchant_ids, All):
        raise Forbidden("Only a user with all merchants can look at the dashboard as somebody else.")
    if not may_view(actor, user):
        raise Conflict("You see this dashboard already." if user.id == actor.user_id else "This user cannot sign in.")
    _set(session_id, user.id, sessions.only_merchant(user))
    LIFE.note(actor, VIEWED, user)


def end(session_id: int) -> None:
    """Show the session its own user's dashboard again."""
    _set(session_id, None, None)


def _set(session_id: int, user_id: int | None, merchant_id: int | None) -> None:
    db.session.execute(
        update(UserSession).where(UserSession.id == session_id).values(viewed_id=user_id, merchant_id=merchant_id))
