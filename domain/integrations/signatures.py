"""Signs webhook deliveries, with two signatures over the same bytes.

`X-Billoget-Signature` is the hex HMAC-SHA256 of the body under the secret as text; the Standard
Webhooks headers sign id, time and body under the decoded secret.
"""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from functools import lru_cache

from domain.vault import vault

PREFIX = "whsec_"


def new_secret() -> str:
    """whsec_ and 32 random bytes in base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


@lru_cache(maxsize=4096)
def _opened(ciphertext: str, keys: tuple[bytes, ...]) -> str | None:
    return vault.decrypt(ciphertext)


def opened(ciphertext: str) -> str | None:
    """A stored secret in clear, or None when this installation's secrets cannot decrypt it.

    Cached: every delivery needs one, and decryption costs more than both signatures.
    """
    return _opened(ciphertext, vault.signing_keys)


def billoget(secret: str, body: bytes) -> str:
    """Lower-case hex HMAC-SHA256 of the raw body; the whole secret as UTF-8 is the key."""
    return hmac.digest(secret.encode(), body, hashlib.sha256).hex()


def standard(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """v1 and the base64 HMAC-SHA256 of id.timestamp.body; the decoded part of the secret is the key."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(
    *, secret: str, previous: str | None, message_id: str, event: str, delivery_id: int, body: bytes, at: datetime
) -> dict[str, str]:
    """All headers of one attempt; during a rotation both secrets sign."""
    timestamp = int(at.timestamp())
    keys = [secret, *([previous] if previous else [])]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Countinghouse-Webhooks/1.0",
        "X-Billoget-Event": event,
        "X-Billoget-Delivery": f"delivery_{delivery_id}",
        "X-Billoget-Signature": billoget(secret, body),
        **({"X-Billoget-Signature-Previous": billoget(previous, body)} if previous else {}),
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(standard(key, message_id, timestamp, body) for key in keys),
    }
