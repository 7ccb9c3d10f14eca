"""Generates the identifiers that merchants see: ten characters, unique in the installation."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"        # Crockford: no characters that look alike
LENGTH = 10


def fresh() -> str:
    """A new code; 50 random bits, so a clash is left to the unique constraint."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
