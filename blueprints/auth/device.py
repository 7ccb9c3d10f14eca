"""Remembers, in a signed cookie, that a person has signed in with this browser.

Wrong passwords from elsewhere do not lock such a browser out, because it has attempts of its own. The
cookie alone signs nobody in.
"""

import secrets

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from blueprints.auth.attempts import account_key

DEVICE = "device"                   # the cookie of users
AGE = 365 * 24 * 3600               # seconds


def known_device(account: str, cookie: str = DEVICE) -> str | None:
    """The browser's id, if this account has signed in with it before."""
    try:
        held = _signer().loads(request.cookies.get(_name(cookie), ""))
    except BadSignature:
        return None
    number = held.get(account_key(account)) if isinstance(held, dict) else None
    return number if isinstance(number, str) else None


def remember(response: Response, account: str, cookie: str = DEVICE) -> None:
    """Set the cookie that marks this browser as known for the account."""
    number = known_device(account, cookie) or secrets.token_urlsafe(12)
    response.set_cookie(
        _name(cookie), str(_signer().dumps({account_key(account): number})), max_age=AGE, secure=request.is_secure,
        httponly=True, samesite="Lax", path="/",
    )


def _name(cookie: str) -> str:
    return f"__Host-{cookie}" if request.is_secure else cookie


def _signer() -> URLSafeSerializer:
    former = current_app.config["SECRET_KEY_FALLBACKS"]
    return URLSafeSerializer([*reversed(former), current_app.config["SECRET_KEY"]], salt="device of a sign-in")
