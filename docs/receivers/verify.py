"""Verify a webhook in Python; needs only the standard library."""

import base64
import hashlib
import hmac
import time

TOLERANCE = 300  # seconds


def is_genuine(secret, headers, body):
    """`secret` as shown in the dashboard, `headers` with lower-case names, `body` the raw bytes."""
    try:
        message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        signatures = headers["webhook-signature"].split()
        age = abs(time.time() - int(timestamp))
    except (KeyError, ValueError):
        return False
    if age > TOLERANCE:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in signatures)


def is_genuine_billoget(secret, headers, body):
    """The same with X-Billoget-Signature: check the time in the body yourself."""
    expected = hmac.digest(secret.encode(), body, hashlib.sha256).hex()
    given = [headers.get("x-billoget-signature", ""), headers.get("x-billoget-signature-previous", "")]
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in given)
