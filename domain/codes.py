"""Generates the identifiers that merchants see: ten characters, unique in the installation."""

import secrets

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"        # Crockford: no characters that look alike
LENGTH = 10                                          # 256 is a multiple of 32: no character is likelier


def fresh() -> str:
    """A new code; 50 random bits, so a clash is left to the unique constraint."""
    return "".join([ALPHABET[byte % len(ALPHABET)] for byte in secrets.token_bytes(LENGTH)])
