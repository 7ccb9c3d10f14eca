"""Checks the keys that a merchant enters of a card gateway, before they are stored encrypted.

Those of the test world and of the live world are never taken in the other's place: a test key moves no money, and a
live one in the test world would.
"""

import re
from typing import Any

from domain.errors import Invalid, Mistakes

NAMES = ("secret_key", "webhook_secret")
SECRET_KEY = re.compile(r"(sk|rk)_(test|live)_[A-Za-z0-9_]{6,250}")
WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=_-]{6,250}")


def checked(kept: dict[str, Any], sent: dict[str, str], *, test: bool) -> dict[str, str]:
    """The keys to be stored: what was sent in place of what was kept; Invalid names everything that is wrong."""
    known = {name: sent.get(name) or str(kept.get(name, "")) for name in NAMES}
    mistakes = Mistakes()
    with mistakes.collected():
        _check_key(known["secret_key"], test=test)
    with mistakes.collected():
        if known["webhook_secret"] and not WEBHOOK_SECRET.fullmatch(known["webhook_secret"]):
            raise Invalid.field("webhook_secret", "must begin with whsec_")
    mistakes.refuse()
    return known


def _check_key(key: str, *, test: bool) -> None:
    world, other = ("test", "live") if test else ("live", "test")
    if not key:
        raise Invalid.field("secret_key", "is required", "incomplete")
    if key.startswith("pk_"):
        raise Invalid.field("secret_key", "is the publishable key: the secret one begins with sk_")
    found = SECRET_KEY.fullmatch(key)
    if found is None:
        raise Invalid.field("secret_key", f"must begin with sk_{world}_ or rk_{world}_")
    if found[2] != world:
        raise Invalid.field("secret_key", f"is of the {other} world: it must begin with sk_{world}_ or rk_{world}_")


def shown(secret: str) -> str:
    """A stored key as people recognise it: how it begins, and its last four characters."""
    begin = re.match(r"(?:(?:sk|rk)_(?:test|live)|whsec)_", secret)
    return f"{begin[0] if begin else ''}…{secret[-4:]}" if secret else ""
