"""Creates, changes and revokes API keys. `key_access` authenticates them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from sqlalchemy import select

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid, Mistakes
from domain.inputs import Choice, Input, Maybe, NameText, Networks, RowId, Text, Until, WebAddress, Whole
from domain.inputs.schema_facts import one_of
from domain.integrations import key_expiry, key_listing, key_secrets, samples, webhooks
from domain.integrations.key_secrets import LIFE, KeySecret
from domain.list_parts import is_row
from domain.permissions import KEY_SCOPES
from domain.resource import Action, Resource
from models.credential import Credential, CredentialKind, Mode
from models.customer import Customer

LISTING = key_listing.LISTING


class KeyInput(Input):
    """A key as an admin may write it; no scopes named means all of them."""

    # The mode is part of the key's text; calls that were counted for a customer stay his.
    only_at_creation = frozenset({"mode", "customer_id"})

    name: Annotated[str, NameText(100, 1)]
    description: Maybe[Annotated[str, Text(500)]] = None
    scopes: Maybe[list[Annotated[str, one_of(*KEY_SCOPES)]]] = None
    rate_limit_per_hour: Annotated[int, Whole(1, 1_000_000)] = 1000
    rate_limit_per_minute: Maybe[Annotated[int, Whole(1, 1_000_000)]] = None
    rate_limit_per_day: Maybe[Annotated[int, Whole(1, 1_000_000)]] = None
    allowed_ips: Networks = []
    expires_at: Maybe[Until] = None
    webhook_url: Maybe[WebAddress] = None
    mode: Maybe[Annotated[Mode, Choice(Mode)]] = None       # none: the world of the actor
    customer_id: Maybe[RowId] = None                        # who calls with it


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key as `create` stores it, with its full text."""

    input: KeyInput
    mode: Mode
    scopes: list[str]
    expires_at: datetime | None
    secret: KeySecret


def fresh(actor: Actor, new: KeyInput) -> NewKey:
    """Generate and hash a key, which takes too long for a transaction; raises Invalid."""
    mistakes, mode = Mistakes(), new.mode or actor.mode
    with mistakes.collected():
        expires_at = key_expiry.read(actor, new.expires_at)
    with mistakes.collected():
        scopes = _scopes(new.scopes)
    with mistakes.collected():
        if actor.test and mode is not Mode.TEST:
            raise Invalid.field("mode", "must be test: this is the test world", "inclusion")
    with mistakes.collected():
        _check_customer(actor, new.customer_id, mode)
    mistakes.refuse()
    return NewKey(new, mode, scopes, expires_at, key_secrets.fresh(mode))


def create(actor: Actor, new: NewKey) -> tuple[Credential, str]:
    """A new key and its full text, which is not stored and never shown again."""
    given = new.input
    row = Credential(
        kind=CredentialKind.INTEGRATION, mode=new.mode, merchant_id=actor.merchant_id, name=given.name,
        description=given.description, scopes=new.scopes, rate_limit_per_hour=given.rate_limit_per_hour,
        rate_limit_per_minute=given.rate_limit_per_minute, rate_limit_per_day=given.rate_limit_per_day,
        allowed_ips=given.allowed_ips, webhook_url=given.webhook_url,
        customer_id=given.customer_id,
    )
    key_expiry.put(row, new.expires_at)
    key_secrets.give(row, new.secret)
    LIFE.add(actor, row)
    webhooks.follow_key(actor, row)
    return row, new.secret.text


def update(actor: Actor, row: Credential, changes: dict[str, Any]) -> Credential:
    """Change what was sent, from the key's next call on. A revoked key cannot be changed."""
    if row.revoked_at is not None:
        raise Conflict("This key is revoked and can no longer be changed.", details={"status": "REVOKED"})
    if "expires_at" in changes:
        assert row.merchant_id is not None       # an integration key has one
        changes = changes | {"expires_at": key_expiry.read(actor, changes["expires_at"], row.merchant_id)}
    if "scopes" in changes:
        changes = changes | {"scopes": _scopes(changes["scopes"])}
    with LIFE.changing(actor, row):
        for name, value in changes.items():
            if name == "expires_at":
                key_expiry.put(row, value)
            elif name not in KeyInput.only_at_creation:
                setattr(row, name, value)
    webhooks.follow_key(actor, row)
    return row


def status_of(row: Credential) -> str:
    """What lists say of the key."""
    if row.revoked_at is not None:
        return "REVOKED"
    if row.expires_at is not None and row.expires_at <= clock.now():
        return "EXPIRED"
    return "PAUSED" if row.paused else "ACTIVE"


def pause(actor: Actor, row: Credential) -> Credential:
    """Refuse the key's calls until it is resumed."""
    if row.revoked_at is not None:
        raise Conflict("This key is revoked and cannot be paused.", details={"status": "REVOKED"})
    if row.paused:
        raise Conflict("This key is already paused.", details={"status": status_of(row)})
    with LIFE.changing(actor, row, "paused"):
        row.paused = True
    return row


def resume(actor: Actor, row: Credential) -> Credential:
    """Let a paused key call again."""
    if row.revoked_at is not None or not row.paused:
        raise Conflict("This key is not paused.", details={"status": status_of(row)})
    with LIFE.changing(actor, row, "resumed"):
        row.paused = row.leak_paused = False
    return row


def _turn_back(actor: Actor, row: Credential, was: Mapping[str, Any]) -> Credential:
    """Undo `pause` or `resume`."""
    return pause(actor, row) if was.get("paused") else resume(actor, row)


def revoke(actor: Actor, row: Credential) -> Credential:
    """Revoke the key: refused from its next call on, in every process."""
    if row.revoked_at is not None:
        raise Conflict("This key is already revoked.", details={"status": "REVOKED"})
    with LIFE.changing(actor, row, "revoked"):
        row.revoked_at = clock.now()
    webhooks.follow_key(actor, row)
    return row


def archive(actor: Actor, row: Credential) -> Credential:
    """Archive a key: it is revoked and stays in the list."""
    return revoke(actor, row)


def delete(actor: Actor, row: Credential) -> None:
    """Revoke and delete a key; its calls stay in the request log."""
    with LIFE.removing(actor, row):
        row.revoked_at = row.revoked_at or clock.now()
    webhooks.follow_key(actor, row)


def _check_customer(actor: Actor, customer_id: int | None, mode: Mode) -> None:
    """Raises Invalid unless it is a customer of the merchant, in the key's world."""
    if customer_id is None:
        return
    own = select(Customer.id).where(
        is_row(Customer.id, customer_id), Customer.merchant_id == actor.merchant_id, Customer.deleted_at.is_(None),
        Customer.test.is_(mode is Mode.TEST),
    )
    if db.session.scalar(own) is None:
        raise Invalid.field("customer_id", "must exist", "unknown")


def _scopes(given: list[str] | None) -> list[str]:
    if given is None:
        return list(KEY_SCOPES)
    if not given:
        raise Invalid.field("scopes", "must name at least one scope", "blank")
    if not set(given) <= set(KEY_SCOPES):
        raise Invalid.field("scopes", "must be among " + ", ".join(KEY_SCOPES), "inclusion")
    return [scope for scope in KEY_SCOPES if scope in given]


RESOURCE = Resource(
    name="api_keys",
    noun="API key",
    listing=LISTING,
    read_scope="READ_KEYS",
    write_scope="WRITE_KEYS",
    input=KeyInput,
    sample=samples.KEY,
    create=create,
    update=update,
    before_create=fresh,
    delete=Action(run=delete),
    secret_field="key",  # noqa: S106 (the name of a field)
    actions={
        "pause": Action(
            run=pause, title="Pause", past="{} was paused: its calls are refused until it is resumed.",
            icon="player-pause", undo=_turn_back, keeps=("paused",), bulk=True,
            offered=lambda actor, row: row.revoked_at is None and not row.paused,
        ),
        "resume": Action(
            run=resume, title="Resume", past="{} was resumed.", icon="player-play", undo=_turn_back,
            keeps=("paused",), bulk=True, primary=True,
            offered=lambda actor, row: row.revoked_at is None and row.paused,
        ),
        "end_former": Action(
            run=key_secrets.end_former, title="End former secret", past="The former secret of {} works no more.",
            icon="ban", danger=True, offered=lambda actor, row: key_secrets.has_former(row),
            confirm=lambda row: (
                "Whatever still sends the former secret is refused from now on. This cannot be undone.",
            ),
        ),
        "revoke": Action(
            run=revoke, title="Revoke", past="{} was revoked.", icon="ban", danger=True, typed=True,
            offered=lambda actor, row: row.revoked_at is None,
            confirm=lambda row: (
                "Whatever uses this key stops working. This cannot be undone.",
                "Calls with this key are refused immediately.",
            ),
        ),
        "archive": Action(run=archive),
    },
)
