"""Tells users of customers by a mail that something about how they sign in was changed."""

from domain import clock
from domain.access import own_second_factor
from domain.actor import Actor
from domain.people import merchant_mails
from domain.people.merchant_mails import SECURITY
from models.customer_user import CustomerUser

PASSWORD_SET, PASSWORD_CHANGED = "password_set", "password_changed"
TWO_FACTOR_ON, TWO_FACTOR_OFF, CODES_RENEWED = own_second_factor.ON, own_second_factor.OFF, own_second_factor.RENEWED
TWO_FACTOR_OFF_BY_STAFF, CODE_USED = "two_factor_off_by_staff", own_second_factor.CODE_USED
NEW_ADDRESS, OLD_ADDRESS = "new_address", "old_address"


def tell(user: CustomerUser, change: str, *, by: Actor | None = None, to: str | None = None) -> None:
    """Put the mail into the outbox; `to` is another address than the user's. It says from where the user did it."""
    merchant_mails.put(
        SECURITY, lane=f"{SECURITY}_{user.id}", merchant_id=user.merchant_id, test=user.test,
        about=f"customer_{user.customer_id}", customer_user_id=user.id, change=change, to=to or user.email,
        ip=by.ip if by is not None else None, at=clock.now().isoformat(),
    )


def tell_of_address(user: CustomerUser, old: str) -> None:
    """Tell a user who has signed in before: at the old address, and at the new one where there is one."""
    if user.signed_in_at is None:
        return
    tell(user, OLD_ADDRESS, to=old)
    if user.deleted_at is None:
        tell(user, NEW_ADDRESS)
