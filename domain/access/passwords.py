"""Hashes and verifies passwords: argon2id, at least 15 characters, no common ones."""

import threading
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from domain.errors import Invalid

MINIMUM, MAXIMUM = 15, 1024
COMMON = Path(__file__).parent / "common_passwords.txt"

hasher = PasswordHasher()
_at_once = threading.BoundedSemaphore(4)          # each verification takes 64 MiB


@cache
def _common() -> frozenset[str]:
    return frozenset(COMMON.read_text().split())


@cache
def _nobody() -> str:
    """A hash to check against when there is no user, so that the answer takes as long."""
    return hasher.hash("nobody has this password")


def hash_of(password: str) -> str:
    """The argon2id hash; raises Invalid for a password that is too short, too long or too common."""
    if len(password) < MINIMUM:
        raise Invalid.field("password", f"must have at least {MINIMUM} characters", "too_short")
    if len(password) > MAXIMUM:
        raise Invalid.field("password", f"must have at most {MAXIMUM} characters", "too_long")
    folded = password.lower().replace(" ", "")
    if folded in _common() or len(set(folded)) < 5:
        raise Invalid.field("password", "is too common and easy to guess", "common")
    try:
        password.encode()
    except UnicodeEncodeError:
        raise Invalid.field("password", "contains characters that cannot be stored", "characters") from None
    with _at_once:
        return hasher.hash(password)


def matches(password: str, hashed: str | None) -> bool:
    """Whether this is the password. Takes as long when there is no user (None)."""
    try:
        with _at_once:
            return hasher.verify(hashed or _nobody(), password[:MAXIMUM].encode("utf-8", "replace")) and bool(hashed)
    except (VerificationError, InvalidHashError):
        return False


def outdated(hashed: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return hasher.check_needs_rehash(hashed)
