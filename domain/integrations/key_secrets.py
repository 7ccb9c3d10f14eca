"""The secrets of API keys: made, replaced while the former one keeps working for a time, and ended.

A key that is rotated stays the same row: its calls, limits, webhooks and its customer stay with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import bcrypt
from sqlalchemy import delete, select, update

from database import db
from domain import clock
from domain.access import key_format
from domain.actor import Actor
from domain.errors import Conflict
from domain.inputs import Input, Whole
from domain.integrations import events
from domain.lifecycle import Lifecycle
from domain.vault import vault
from models.credential import Credential, FormerSecret, Mode

SILENT = frozenset({                    # what is done with keys, of which there is no event
    "created", "updated", "deleted", "paused", "resumed", "revoked", "rotated", "former_secret_ended",
})
LONGEST = 30 * 24                       # hours that a former secret may go on
USUAL = 24                              # hours
MOST = 10                               # former secrets of a key that work at once
KEPT = timedelta(days=30)               # after its end, so that its caller is told why it is refused


@dataclass(frozen=True, slots=True)
class KeySecret:
    """A key's text, which is shown once, and the hash of its secret part."""

    text: str
    public_id: str
    bcrypt_hash: str


class RotationInput(Input):
    """For how many hours the secret that a key has now keeps working."""

    grace_hours: Annotated[int, Whole(0, LONGEST)] = USUAL


def _emit(actor: Actor, name: str, row: Credential) -> None:
    """Emit an event about a key, in the key's world."""
    events.emit(actor, name, row, test=row.mode is Mode.TEST)


LIFE = Lifecycle(noun="api_key", emit_event=_emit, silent=SILENT)


def fresh(mode: Mode) -> KeySecret:
    """Generate and hash a key, which takes too long for a transaction."""
    text = key_format.generate(mode)
    parts = key_format.parts(text)
    assert parts is not None
    hashed = bcrypt.hashpw(parts.secret.encode(), bcrypt.gensalt(vault.bcrypt_cost)).decode()
    return KeySecret(text, parts.public_id, hashed)


def give(row: Credential, new: KeySecret) -> None:
    """Make this the key of the row."""
    row.public_id, row.prefix, row.last_four = new.public_id, new.text[:12], new.text[-4:]
    row.digest, row.bcrypt_hash = vault.digest(new.text), new.bcrypt_hash


def rotate(actor: Actor, row: Credential, new: KeySecret, rotation: RotationInput) -> datetime:
    """Give the key this secret; the former one keeps working for the hours that are wanted. Returns its end.

    Secrets of a key that was reported as leaked end at once, and the key works again if the report has paused it.
    """
    if row.revoked_at is not None:
        raise Conflict("This key is revoked and cannot be rotated. Create another one.", details={"status": "REVOKED"})
    if row.leaked_at is None and len(former(row.id)) >= MOST:
        raise Conflict(f"This key has {MOST} former secrets that still work. End them first.")
    now = clock.now()
    until = now if row.leaked_at is not None else now + timedelta(hours=rotation.grace_hours)
    assert row.public_id is not None                 # an integration key has both
    assert row.bcrypt_hash is not None
    with LIFE.changing(actor, row, "rotated"):
        before = FormerSecret(
            credential_id=row.id, public_id=row.public_id, prefix=row.prefix, last_four=row.last_four,
            digest=row.digest, bcrypt_hash=row.bcrypt_hash, created_at=now, expires_at=until,
        )
        give(row, new)
        _mend_leak(row)
        db.session.flush()                           # the former secret is free before it is stored again
        db.session.add(before)
    return until


def _mend_leak(row: Credential) -> None:
    """End what a leak was about: whichever secret it was, all of before end."""
    if row.leaked_at is None:
        return
    db.session.execute(
        update(FormerSecret).where(FormerSecret.credential_id == row.id, FormerSecret.expires_at > clock.now())
        .values(expires_at=clock.now()))
    if row.leak_paused:
        row.paused = False
    row.leaked_at, row.leak_url, row.leak_paused = None, None, False


def end_former(actor: Actor, row: Credential) -> Credential:
    """End the former secrets of a key before their time."""
    now = clock.now()
    with LIFE.changing(actor, row, "former_secret_ended"):
        ended = db.session.scalars(
            update(FormerSecret).where(FormerSecret.credential_id == row.id, FormerSecret.expires_at > now)
            .values(expires_at=now).returning(FormerSecret.id)).all()
    if not ended:
        raise Conflict("This key has no former secret that still works.")
    return row


def former(key_id: int) -> Sequence[FormerSecret]:
    """The former secrets of a key that still work, the newest first."""
    return db.session.scalars(
        select(FormerSecret).where(FormerSecret.credential_id == key_id, FormerSecret.expires_at > clock.now())
        .order_by(FormerSecret.id.desc())).all()


def has_former(row: Any) -> bool:
    """Whether a former secret of the key still works; a record of a list knows it."""
    return row.former_until is not None if hasattr(row, "former_until") else bool(former(row.id))


def forget_old(limit: int = 5000) -> int:
    """Remove former secrets that ended over 30 days ago; returns how many."""
    old = select(FormerSecret.id).where(FormerSecret.expires_at < clock.now() - KEPT).limit(limit)
    keys = db.session.scalars(old).all()
    db.session.execute(delete(FormerSecret).where(FormerSecret.id.in_(keys)))
    return len(keys)
