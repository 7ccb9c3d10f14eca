"""Writes the mails to a merchant about its API keys: one expires soon, or has leaked."""

from collections.abc import Mapping
from typing import Any

from blueprints.pay.brand import Seller
from blueprints.pay.mails.message import Message
from database import db
from domain import clock, zones
from domain.integrations import api_keys
from domain.people.merchant_mails import KEY_EXPIRES, KEY_LEAKED
from domain.people.merchant_readers import readers_of
from models.credential import Credential, Mode
from models.merchant import Merchant
from models.user import User

KINDS = (KEY_EXPIRES, KEY_LEAKED)
GONE = ("REVOKED", "EXPIRED")


def of_task(task: Mapping[str, Any], merchant: Merchant, who: Seller, base: str) -> Message | None:
    """The mail of a task; None for a key of which it is no longer true, or where nobody reads it."""
    to, key = readers_of(merchant), db.session.get(Credential, task["key_id"])
    if to and key is not None and task["mail"] == KEY_LEAKED:
        is_so = key.leaked_at is not None and key.revoked_at is None and key.leaked_at.isoformat() == task["at"]
        return leaked(key, who, _with_maker(to, key), base) if is_so else None
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
        facts=_facts(key, "Expires", f"{end:%-d %B %Y, %H:%M %Z}"),
        paragraphs=["Extend it with one click, or rotate it, if its programs should get a new secret."],
        button="Extend the key", link=f"{base}/admin/keys/{key.id}/expiry",
        can_be_answered=False, why=f"You get this because {who.name} is told when API keys expire.",
    )


def leaked(key: Credential, who: Seller, to: list[str], base: str) -> Message:
    """A key was reported as leaked."""
    assert key.leaked_at is not None
    at = key.leaked_at.astimezone(zones.of_merchant(key.merchant_id))
    found = [("Found at", key.leak_url)] if key.leak_url else []
    return Message(
        to=to, tone="bad", subject=f"The API key {key.name} has leaked and is paused",
        preview="Its calls are refused until you rotate it.", kicker="API key leaked",
        title=f"{key.name} has leaked", under="It was found in public and reported, so it is paused.",
        facts=[*_facts(key, "Reported", f"{at:%-d %B %Y, %H:%M %Z}"), *found],
        paragraphs=[
            "Rotate it: it gets a new secret, works again, and the one that leaked ends at once. Then look at its "
            "calls, for somebody else may have used it.",
        ],
        button="Open the key", link=f"{base}/admin/keys/{key.id}",
        can_be_answered=False, why=f"You get this because {who.name} is told when API keys leak.",
    )


def _with_maker(to: list[str], key: Credential) -> list[str]:
    """The readers, and the user who made the key, if active."""
    maker = db.session.get(User, key.created_by_user_id) if key.created_by_user_id else None
    is_there = maker is not None and maker.active and maker.deleted_at is None
    return list(dict.fromkeys([*to, maker.email])) if maker is not None and is_there else to


def _facts(key: Credential, what: str, at: str) -> list[tuple[str, str]]:
    world = "test" if key.mode is Mode.TEST else "live"
    return [("Key", f"{key.prefix}…{key.last_four}, {world}"), (what, at)]
