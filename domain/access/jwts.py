"""Issues and verifies the JSON Web Tokens of the Core API's deprecated login. HS256 only.

A token carries the user's token version: a new password, fewer permissions or deactivation ends it.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from domain import clock
from domain.vault import vault

LIFETIME = timedelta(hours=1)
AUDIENCE = "countinghouse-core"
CLAIMS = ["sub", "iat", "exp", "jti", "aud", "ver"]
LONGEST = 1000              # characters; ours have about 300


@dataclass(frozen=True, slots=True)
class Issued:
    """A token in clear, and when it expires."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a valid token: the user and the token version."""

    user_id: int
    version: int


def issue(user_id: int, token_version: int) -> Issued:
    """A token that is valid for an hour."""
    now = clock.now().replace(microsecond=0)
    expires = now + LIFETIME
    claims = {
        "sub": str(user_id), "iat": now, "exp": expires, "jti": secrets.token_hex(8), "aud": AUDIENCE,
        "ver": token_version,
    }
    return Issued(jwt.encode(claims, vault.signing_keys[0], algorithm="HS256"), expires)


def read(token: str) -> Claims | None:
    """The claims of a token, or None when it is invalid for any reason."""
    if not token.isascii() or len(token) > LONGEST:
        return None
    for key in vault.signing_keys:
        try:
            whole = jwt.decode_complete(token, key, algorithms=["HS256"], audience=AUDIENCE,
                                        options={"require": CLAIMS, "verify_iat": False})
        except (jwt.InvalidTokenError, OverflowError, RecursionError):
            continue
        return _checked(whole["header"], whole["payload"])
    return None


def _checked(header: dict[str, Any], claims: dict[str, Any]) -> Claims | None:
    """Check what the library does not: the types of the claims, and a lifetime of at most an hour."""
    issued, expires, version, subject = (claims[name] for name in ("iat", "exp", "ver", "sub"))
    whole = all(isinstance(one, int) and not isinstance(one, bool) for one in (issued, expires, version))
    if header.get("typ") != "JWT" or not whole or expires - issued > LIFETIME.total_seconds():
        return None
    if not (subject.isascii() and subject.isdigit() and len(subject) < 19):
        return None
    return Claims(int(subject), version)
