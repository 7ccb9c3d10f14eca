"""Writes the mails to a merchant about its API keys: one expires soon."""

from collections.abc import Mapping
from typing import Any

from blueprints.pay.brand import Seller
from blueprints.pay.mails.message import Message
from database import db
from domain import clock, zones
from domain.integrations import api_keys
from domain.people.merchant_mails import KEY_EXPIRES
from domain.people.merchant_readers import readers_of
from models.credential import Credential, Mode
from models.merchant import Merchant

KINDS = (KEY_EXPIRES,)
GONE = ("REVOKED", "EXPIRED")


def of_task(task: Mapping[str, Any], merchant: Merchant, who: Seller, base: str) -> Message | None:
    """The mail of a task; None for a key that was revoked or extended meanwhile, or where nobody reads it."""
    to, key = readers_of(merchant), db.session.get(Credential, task["key_id"])
    if not to or key is None or key.expires_at is None or api_keys.status_of(key) in GONE:
        return None
    return expires(key, who, to, base) if key.expires_at.isoformat() == task["expires_at"] else None


def expires(key: Credential, who: Seller, to: list[str], base: str) -> Message:
    """A key expires soon."""
    assert key.expires_at is not None
    end = key.expires_at.astimezone(zones.of_merchant(key.merchant_id))
    left = max(1, -(-(key.expires_at - clock.now()).total_seconds() // 86_400))
    within = "one day" if left == 1 else f"{left:.0f} days"
    return Message(
        to=to, subject=f"The API key {key.name} expires in {within}",
        preview="Programs that use it are refused from then on.", kicker="API key expires",
        title=f"{key.name} expires in {within}",
        under=f"Programs that use it are refused after {end:%-d %B %Y, %H:%M}.",
        facts=_facts(key, f"{end:%-d %B %Y, %H:%M %Z}"),
        paragraphs=["Extend it with one click, or rotate it, if its programs should get a new secret."],
        button="Extend the key", link=f"{base}/admin/keys/{key.id}/expiry",
        can_be_answered=False, why=f"You get this because {who.name} is told when API keys expire.",
    )


def _facts(key: Credential, end: str) -> list[tuple[str, str]]:
    world = "test" if key.mode is Mode.TEST else "live"
    return [("Key", f"{key.prefix}…{key.last_four}, {world}"), ("Expires", end)]
