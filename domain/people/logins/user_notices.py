"""Tells users of the dashboard by a mail that something about how they sign in was changed."""

from domain import clock, texts
from domain.access import own_second_factor
from domain.actor import Actor
from domain.outbox import tasks
from models.user import User

MAIL = "user_security"                  # the name of its mail in the outbox
TWO_FACTOR_ON, TWO_FACTOR_OFF, CODES_RENEWED = own_second_factor.ON, own_second_factor.OFF, own_second_factor.RENEWED
PASSWORD_SET, PASSWORD_CHANGED, PASSWORD_BY_ADMIN = "password_set", "password_changed", "password_by_admin"
OLD_ADDRESS, NEW_ADDRESS, NEW_BROWSER = "old_address", "new_address", "new_browser"
TWO_FACTOR_OFF_BY_ADMIN, CODE_USED = "two_factor_off_by_admin", own_second_factor.CODE_USED


def tell(
    user: User, change: str, *, by: Actor | None = None, to: str | None = None, user_agent: str | None = None
) -> None:
    """Put the mail into the outbox; `to` is another address than the user's. It says from where the user did it."""
    tasks.put(
        "mail", lane=f"{MAIL}_{user.id}", pool="mail_users", about=f"user_{user.id}",
        payload={
            "mail": MAIL, "user_id": user.id, "change": change, "to": to or user.email,
            "ip": by.ip if by is not None else None, "user_agent": user_agent, "at": clock.now().isoformat(),
        })


def tell_of_password(actor: Actor, user: User, *, had_one: bool) -> None:
    """Tell a user of a new password; one that somebody else has set is another's doing."""
    if actor.user_id != user.id:
        tell(user, PASSWORD_BY_ADMIN)
    else:
        tell(user, PASSWORD_CHANGED if had_one else PASSWORD_SET, by=actor)


def tell_of_address(user: User, old: str) -> None:
    """Tell a user who has a password of another address, at the old one and at the new one."""
    if user.password_hash and texts.email_key(old) != user.email_key:
        tell(user, OLD_ADDRESS, to=old)
        tell(user, NEW_ADDRESS)
