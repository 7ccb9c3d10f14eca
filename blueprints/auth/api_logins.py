"""Checks what a program sends to get a token: a login, a password, and a code of the second factor where one is on.

The limits are those of the sign-in: whoever guesses has no more tries by trying both.
"""

from contextlib import suppress

from flask import request

from blueprints.auth.attempts import attempts, code_attempts
from database import DatabaseBusy, transaction
from domain.access import user_access
from domain.errors import Unauthenticated
from domain.people.logins import user_passwords
from domain.people.logins.user_passwords import Browser, Verified
from models.user import User
from models.user_sign_in import Means


def verify(login: str, password: str, code: str, *, ip: str | None, source: str) -> User:
    """The user; raises Unauthenticated, and LimitExceeded above a limit."""
    attempts.begin(login, ip or "")
    means = Means.PASSWORD
    try:
        found = user_passwords.verified(login, password)
        user_access.check_address(found.user.allowed_ips, ip)
        means = Means.PASSWORD if found.user.two_factor_at is None else Means.CODE
        user = _with_second_factor(found, code, ip=ip, source=source)
    except Unauthenticated:
        attempts.failed(ip or "")
        with suppress(DatabaseBusy), transaction():
            browser = Browser(ip, request.headers.get("User-Agent"))
            user_passwords.note_attempt(login, browser, by_api=True, means=means)
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
