"""Checks what a program sends to get a token: a login, a password, and a code of the second factor where one is on.

The limits are those of the sign-in: whoever guesses has no more tries by trying both.
"""

from blueprints.auth.attempts import attempts, code_attempts
from database import transaction
from domain.access import user_access
from domain.errors import Unauthenticated
from domain.people.logins import user_passwords
from domain.people.logins.user_passwords import Verified
from models.user import User


def verify(login: str, password: str, code: str, *, ip: str | None, source: str) -> User:
    """The user; raises Unauthenticated, and LimitExceeded above a limit."""
    attempts.begin(login, ip or "")
    try:
        found = user_passwords.verified(login, password)
        user_access.check_address(found.user.allowed_ips, ip)
        user = _with_second_factor(found, code, ip=ip, source=source)
    except Unauthenticated:
        attempts.failed(ip or "")
        raise
    attempts.succeeded(login)
    return user


def _with_second_factor(found: Verified, code: str, *, ip: str | None, source: str) -> User:
    asks, account = found.user.two_factor_at is not None, str(found.user.id)
    if asks:
        code_attempts.begin(account, ip or "")
    with transaction():
        user = user_passwords.enter_api(found, code, ip=ip, source=source)
    if asks:
        code_attempts.succeeded(account)
    return user
