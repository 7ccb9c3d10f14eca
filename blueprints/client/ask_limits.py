"""Limits how many links are asked for, in 15 minutes: for an address 5 from each IP address and 15 in all.

An IP address asks for 30. A browser in which the user has signed in before has 5 of its own, so that nobody who asks
for links to somebody else's address keeps that person out. And a customer invites 20 users in an
hour; how many in a day is a setting (`client_invitations_per_day`).

Addresses count as typed, whether or not a customer has them, so that the limit does not tell which are known.
"""

from flask import request
from limits import RateLimitItemPerMinute
from werkzeug.wrappers import Response

from blueprints.auth import device
from blueprints.auth.attempts import WishLimits, account_key, count_all
from blueprints.auth.device import known_device
from database.ip_addresses import limited_as

WISHES = WishLimits(
    caller=RateLimitItemPerMinute(30, 15, namespace="client-link-caller"),
    pair=RateLimitItemPerMinute(5, 15, namespace="client-link-pair"),
    account=RateLimitItemPerMinute(15, 15, namespace="client-link-address"),
    device=RateLimitItemPerMinute(5, 15, namespace="client-link-device"),
)
DEVICE = "client-device"            # the cookie of browsers in which a user has signed in
INVITED = RateLimitItemPerMinute(20, 60, namespace="client-invitations")
WRONG = RateLimitItemPerMinute(30, 15, namespace="client-link-wrong")


def count(merchant_id: int, email: str, *, test: bool) -> None:
    """Count a wish for a link; raises LimitExceeded above a limit."""
    account, known = account_of(merchant_id, email, test=test), device_of(merchant_id, email, test=test)
    WISHES.count(account, request.remote_addr or "", known)


def account_of(merchant_id: int, email: str, *, test: bool) -> str:
    """What a browser is known for: an address among a merchant's customers of a world."""
    return f"{merchant_id} {test} {email}"


def device_of(merchant_id: int, email: str, *, test: bool) -> str | None:
    """The browser's id, if the user with this address has signed in with it before."""
    return known_device(account_of(merchant_id, email, test=test), DEVICE)


def remember(response: Response, merchant_id: int, email: str, *, test: bool) -> None:
    """Let the browser be known as one of the user with this address."""
    device.remember(response, account_of(merchant_id, email, test=test), DEVICE)


def count_wrong() -> None:
    """Count a link or code that is wrong; raises LimitExceeded above the limit."""
    count_all([(WRONG, _caller())])


def count_invitation(customer_id: int) -> None:
    """Count a mail to a colleague; raises LimitExceeded above the limit."""
    count_all([(INVITED, str(customer_id))])


def _caller() -> str:
    return account_key(limited_as(request.remote_addr or ""))
