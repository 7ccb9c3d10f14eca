"""Tokens of links that are stored nowhere: each is derived from a stored nonce and the installation's secret.

Whoever reads the database or the outbox does not have them. `said` names what a token of this nonce is for.
"""

import hmac
import secrets

from domain.vault import vault

BYTES = 16
LENGTH = 2 * BYTES                      # of a nonce, in hexadecimal digits


def fresh_nonce() -> str:
    """A new nonce, to be stored."""
    return secrets.token_hex(BYTES)


def token_of(nonce: str, said: str) -> str:
    """The end of a link's address."""
    return f"{nonce}{vault.digest(f'{said} {nonce}')}"


def nonce_of(token: str, said: str) -> str | None:
    """The nonce of a token that this installation made; None for any other text."""
    nonce, digest = token[:LENGTH], token[LENGTH:]
    is_ours = digest.isascii() and any(hmac.compare_digest(digest, one) for one in vault.digests(f"{said} {nonce}"))
    return nonce if is_ours else None
