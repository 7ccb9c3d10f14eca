"""Identifiers that merchants see: ten characters, unique on the whole platform."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"        # Crockford: nothing that reads as something else
LENGTH = 10


def fresh() -> str:
    """A new code; 50 random bits, so a clash is left to the unique constraint."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
