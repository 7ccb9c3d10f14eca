"""Tells users of the dashboard by a mail that something about how they sign in was changed."""

from domain import clock
from domain.access import own_second_factor
from domain.actor import Actor
from domain.outbox import tasks
from models.user import User

MAIL = "user_security"                  # the name of its mail in the outbox
TWO_FACTOR_ON, TWO_FACTOR_OFF, CODES_RENEWED = own_second_factor.ON, own_second_factor.OFF, own_second_factor.RENEWED
TWO_FACTOR_OFF_BY_ADMIN, CODE_USED = "two_factor_off_by_admin", "recovery_code_used"


def tell(user: User, change: str, *, by: Actor | None = None, to: str | None = None) -> None:
    """Put the mail into the outbox; `to` is another address than the user's. It says from where the user did it."""
    tasks.put(
        "mail", lane=f"{MAIL}_{user.id}", pool="mail_users", about=f"user_{user.id}",
        payload={
            "mail": MAIL, "user_id": user.id, "change": change, "to": to or user.email,
            "ip": by.ip if by is not None else None, "at": clock.now().isoformat(),
        })
