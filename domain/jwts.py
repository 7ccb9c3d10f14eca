"""The Core API's deprecated login: short-lived JSON Web Tokens. HS256 and nothing else.

A token carries the user's token version: a new password, less power or deactivation ends it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import jwt

from database import db
from domain import clock
from domain.errors import Unauthenticated
from domain.vault import vault
from models.user import User

LIFETIME = timedelta(hours=1)
AUDIENCE = "countinghouse-core"
CLAIMS = ["sub", "iat", "exp", "jti", "aud", "ver"]


@dataclass(frozen=True, slots=True)
class Issued:
    token: str
    expires_at: datetime


def issue(user: User) -> Issued:
    """A token for an hour."""
    now = clock.now().replace(microsecond=0)
    expires = now + LIFETIME
    claims = {
        "sub": str(user.id), "iat": now, "exp": expires, "jti": secrets.token_hex(8), "aud": AUDIENCE,
        "ver": user.token_version,
    }
    return Issued(jwt.encode(claims, vault.signing_keys[0], algorithm="HS256"), expires)


def user_of(token: str) -> User:
    """The user whom a token names; raises Unauthenticated for whatever is wrong with it."""
    for key in vault.signing_keys:
        try:
            claims = jwt.decode(
                token, key, algorithms=["HS256"], audience=AUDIENCE, options={"require": CLAIMS, "verify_iat": False}
            )
        except jwt.InvalidTokenError:
            continue
        user = db.session.get(User, int(claims["sub"])) if str(claims["sub"]).isdigit() else None
        if user is not None and user.active and user.deleted_at is None and claims["ver"] == user.token_version:
            return user
    raise Unauthenticated("The token is not valid or has expired.", code="utoken-auth-failed")
