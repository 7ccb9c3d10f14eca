"""Takes reports of API keys that were found in public: pauses the key, and tells its owner."""

from typing import Annotated

from domain import clock
from domain.access import key_access, key_format
from domain.actor import Actor
from domain.errors import Conflict, NotFound
from domain.inputs import Input, Maybe, Text
from domain.integrations import api_keys
from domain.integrations.key_secrets import LIFE
from domain.people import merchant_mails
from domain.people.merchant_mails import KEY_LEAKED
from models.credential import Credential, Mode

LONGEST_TEXT = 200                      # of what is reported as a key
LONGEST_URL = 500


class LeakInput(Input):
    """A report of a key: its text, and where it was found."""

    key: Annotated[str, Text(LONGEST_TEXT, 1)]
    url: Maybe[Annotated[str, Text(LONGEST_URL)]] = None


class FoundInput(Input):
    """Where a known key was found."""

    url: Maybe[Annotated[str, Text(LONGEST_URL)]] = None


def reported(secret: str) -> int | None:
    """The id of the reported key; None for a text that opens nothing. It neither tells nor keeps the text."""
    return key_access.id_of(secret)


def take(actor: Actor, key_id: int, url: str | None) -> None:
    """Pause a key that anybody has reported; one that is known as leaked, revoked or deleted stays as it is."""
    try:
        own, row = api_keys.LISTING.lock(Actor.system(), key_id)
    except NotFound:                                 # deleted: the answer does not say that it was a key
        return
    if row.revoked_at is None and row.leaked_at is None:
        _leak(_by(actor, own), row, url)


def mark(actor: Actor, row: Credential, found: FoundInput) -> Credential:
    """Mark a locked key as leaked, as whoever may change it knows."""
    if row.revoked_at is not None:
        raise Conflict("This key is revoked: nothing works with it.", details={"status": "REVOKED"})
    if row.leaked_at is not None:
        raise Conflict("This key is known as leaked. Rotate it.", details={"status": api_keys.status_of(row)})
    _leak(actor, row, found.url)
    return row


def _leak(actor: Actor, row: Credential, url: str | None) -> None:
    assert row.merchant_id is not None               # an integration key has one
    with LIFE.changing(actor, row, "leaked"):
        row.leaked_at, row.leak_url = clock.now(), key_format.masked(url)[:LONGEST_URL] if url else None
        row.leak_paused, row.paused = not row.paused, True
    merchant_mails.put(
        KEY_LEAKED, lane=f"{KEY_LEAKED}_{row.id}", merchant_id=row.merchant_id, test=row.mode is Mode.TEST,
        about=f"api_key_{row.id}", key_id=row.id, at=row.leaked_at.isoformat() if row.leaked_at else "")


def _by(actor: Actor, own: Actor) -> Actor:
    """Who has reported it, for the audit log: nobody who is known, from this address."""
    return Actor(
        label="leak report", merchant_ids=own.merchant_ids, source=actor.source, ip=actor.ip,
        request_id=actor.request_id)
