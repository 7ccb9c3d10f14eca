"""Remembers, in a signed cookie, which accounts have signed in with this browser: the last five.

Wrong passwords from elsewhere do not lock such a browser out, because it has attempts of its own. The
cookie alone signs nobody in. It outlives a rotation of the installation's secret.
"""

import secrets

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from blueprints.auth.attempts import account_keys

DEVICE = "device"                   # the cookie of users
MOST = 5                            # accounts of one browser
AGE = 365 * 24 * 3600               # seconds


def known_device(account: str, cookie: str = DEVICE) -> str | None:
    """The browser's id, if this account has signed in with it before."""
    held = _held(cookie)
    return next((held[key] for key in account_keys(account) if key in held), None)


def _held(cookie: str) -> dict[str, str]:
    """What the cookie says: the browser's id by the digest of an account."""
    try:
        held = _signer().loads(request.cookies.get(_name(cookie), ""))
    except BadSignature:
        return {}
    return {key: one for key, one in held.items() if isinstance(one, str)} if isinstance(held, dict) else {}


def remember(response: Response, account: str, cookie: str = DEVICE) -> None:
    """Set the cookie that marks this browser as known for the account."""
    number, known = known_device(account, cookie) or secrets.token_urlsafe(12), account_keys(account)
    others = [(key, one) for key, one in _held(cookie).items() if key not in known]
    held = dict([*others, (known[0], number)][-MOST:])
    response.set_cookie(
        _name(cookie), str(_signer().dumps(held)), max_age=AGE, secure=request.is_secure,
        httponly=True, samesite="Lax", path="/",
    )


def _name(cookie: str) -> str:
    return f"__Host-{cookie}" if request.is_secure else cookie


def _signer() -> URLSafeSerializer:
    former = current_app.config["SECRET_KEY_FALLBACKS"]
    return URLSafeSerializer([*reversed(former), current_app.config["SECRET_KEY"]], salt="device of a sign-in")
