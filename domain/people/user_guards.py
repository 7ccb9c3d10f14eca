"""Refuses changes that would lock out the actor, or every operator, or go round the actor's second factor."""

from typing import Any

from sqlalchemy import func, select

from database import db
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Problem
from models.user import Role, User


def forbid_self_lockout(actor: Actor, user: User, before: dict[str, Any]) -> None:
    """Refuse a user who takes away their own access, which another administrator may do."""
    if actor.user_id is None or actor.user_id != user.id:
        return
    wrong = {}
    if before["active"] and not user.active:
        wrong["active"] = Problem("own", "cannot be switched off by yourself")
    if str(before["role"]) != str(user.role):
        wrong["role"] = Problem("own", "cannot be changed by yourself")
    if not user.all_merchants and not user.memberships:
        wrong["merchant_ids"] = Problem("own", "must keep one merchant for yourself")
    if wrong:
        raise Conflict("You cannot take away your own access; ask another administrator.", fields=wrong)


def forbid_own_password(actor: Actor, user: User) -> None:
    """Refuse that somebody with a second factor sets the own password unseen, by which it could be turned off."""
    if actor.user_id is not None and actor.user_id == user.id and user.two_factor_at is not None:
        raise Invalid.field("password", "is changed under My account, as two-factor authentication is on", "own")


def require_an_operator(user: User) -> None:
    """Refuse to remove the last active admin with all merchants."""
    if user.active and user.all_merchants and user.role is Role.ADMIN:
        return
    with db.session.no_autoflush:      # the row is not complete yet
        operators = select(func.count()).select_from(User).where(
            User.role == Role.ADMIN, User.all_merchants.is_(True), User.active.is_(True)
        )
        others = db.session.scalar(operators.where(User.id != user.id))
        was_one = db.session.scalar(operators.where(User.id == user.id))
    if was_one and not others:
        raise Conflict("This is the last active admin with all merchants; make another one first.")
