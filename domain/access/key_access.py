"""Authenticates an API key. Runs on every API call.

It checks form and checksum, finds the row by its id, compares a keyed digest in constant time
(2 microseconds), and only then runs bcrypt, once per key and process. So false keys never reach
bcrypt, and the time does not reveal whether an id exists. Revocation, expiry, scopes and address list
are read with the row on every call: an admin's change applies from the next call on.
"""

import hmac
import ipaddress
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import bcrypt
from sqlalchemy import bindparam, null, select, update

from database import DatabaseBusy, ip_addresses, transaction
from database.reader import Reader
from database.statements import Prepared
from domain import clock
from domain.access import key_format
from domain.actor import Actor
from domain.errors import Forbidden, Unauthenticated
from domain.vault import vault
from models.credential import Credential, CredentialKind, FormerSecret, Mode
from models.merchant import Merchant

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_COLUMNS = ("id", "mode", "merchant_id", "customer_id", "scopes", "rate_limit_per_hour", "rate_limit_per_minute",
            "rate_limit_per_day", "allowed_ips", "expires_at", "revoked_at", "paused", "version")
_SECRET = ("public_id", "prefix", "digest", "bcrypt_hash")
_KEYS = (
    select(*(getattr(Credential, name) for name in _COLUMNS), Merchant.active.label("merchant_active"))
    .join(Merchant, Merchant.id == Credential.merchant_id).where(Credential.kind == CredentialKind.INTEGRATION)
)
_BY_PUBLIC_ID = Prepared(
    _KEYS.add_columns(*(getattr(Credential, name) for name in _SECRET), null().label("former_until"))
    .where(Credential.public_id == bindparam("public_id"))
)
_BY_FORMER_ID = Prepared(
    _KEYS.add_columns(
        *(getattr(FormerSecret, name) for name in _SECRET), FormerSecret.expires_at.label("former_until"),
        FormerSecret.used_at.label("former_used_at"))
    .join(FormerSecret, FormerSecret.credential_id == Credential.id)
    .where(FormerSecret.public_id == bindparam("public_id"))
)
_NO_DIGEST = "0" * 64
USED_EVERY = timedelta(minutes=5)       # how often the last use of a former secret is written


@dataclass(frozen=True, slots=True)
class Rules:
    """A key's scopes and networks, read from JSON once per version of its row."""

    version: int
    scopes: frozenset[str]
    networks: tuple[Network, ...]


@dataclass(frozen=True, slots=True)
class Key:
    """An API key whose secret is correct. It may still be revoked, expired or called from elsewhere."""

    row: Any
    rules: Rules

    @property
    def id(self) -> int:
        return int(self.row.id)

    @property
    def merchant_id(self) -> int:
        return int(self.row.merchant_id)

    @property
    def customer_id(self) -> int | None:
        """The customer who calls with it, if it was made for one."""
        return None if self.row.customer_id is None else int(self.row.customer_id)

    @property
    def mode(self) -> Mode:
        return Mode(self.row.mode)


class VerifiedHashes:
    """Caches which rows' bcrypt hashes were verified in this process; verifies one at a time per key."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[str, bool]] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def of(self, public_id: str, bcrypt_hash: str, secret: str) -> bool:
        known = self._seen.get(public_id)
        if known is not None and known[0] == bcrypt_hash:
            return known[1]
        with self._guard:
            lock = self._locks.setdefault(public_id, threading.Lock())
        with lock:
            known = self._seen.get(public_id)
            if known is None or known[0] != bcrypt_hash:
                known = (bcrypt_hash, bcrypt.checkpw(secret.encode(), bcrypt_hash.encode()))
                self._seen[public_id] = known
        return known[1]

    def forget(self) -> None:
        """Empty the cache, as in a new process."""
        self._seen.clear()
        _rules.clear()


verified_hashes = VerifiedHashes()
_rules: dict[int, Rules] = {}


def id_of(secret: str) -> int | None:
    """The id of the key that this text opens or opened, whatever its state; None for an unknown one."""
    row = _row_of(key_format.parts(secret), secret)
    is_over = row is None or (row.former_until is not None and row.former_until <= clock.now())
    return None if is_over else int(row.id)


def find(secret: str) -> Key | None:
    """The key with this text, or None; does not reveal which part was wrong."""
    parts = key_format.parts(secret)
    row = _row_of(parts, secret)
    if parts is None or row is None or not verified_hashes.of(row.public_id, row.bcrypt_hash, parts.secret):
        return None
    return Key(row, _rules_of(row))


def _row_of(parts: key_format.KeyParts | None, secret: str) -> Any:
    """The row of a key with this text, by its present or a former secret; None for an unknown one."""
    if parts is None:
        return None
    digests = vault.digests(secret)
    # Whatever is wrong, both questions are asked: the time does not say whether the id is known.
    return _with_digest(_BY_PUBLIC_ID, Credential, parts, digests) or _with_digest(
        _BY_FORMER_ID, FormerSecret, parts, digests)


def _with_digest(
    statement: Prepared, holder: type[Credential] | type[FormerSecret], parts: key_format.KeyParts, digests: list[str]
) -> Any:
    """The row with this id, if it also has the digest."""
    row = Reader().cached_first(statement, {"public_id": parts.public_id}, absent=False)
    known = row.digest if row is not None else _NO_DIGEST
    current, *older = digests
    if not hmac.compare_digest(current, known):
        if row is None or not any(hmac.compare_digest(one, known) for one in older):
            return None
        _digest_anew(holder, known, current)
    return row


def admit(key: Key, ip: str | None, *, now: datetime | None = None) -> None:
    """Check that this key may be used now and from this address. Raises Unauthenticated or Forbidden."""
    if key.row.revoked_at is not None or not key.row.merchant_active:
        raise unknown_key(key.row.prefix)
    moment = now or clock.now()
    if key.row.expires_at is not None and moment >= key.row.expires_at:
        raise Unauthenticated(
            "This API key has expired. Create a new one in the dashboard under API keys.", code="api_key_expired"
        )
    if key.row.former_until is not None and moment >= key.row.former_until:
        raise Unauthenticated(
            "This API key was replaced by a newer one, and its time is over. Use the newer one.",
            code="api_key_replaced",
        )
    if key.row.paused:
        raise Unauthenticated(
            "This API key is paused. It can be resumed in the dashboard under API keys.", code="api_key_paused"
        )
    if key.rules.networks and not is_within(ip, key.rules.networks):
        raise Forbidden("This API key may not be used from your address.", code="ip_not_allowed")
    if key.row.former_until is not None:
        _note_use(key.row, moment)


def actor_of(key: Key, *, ip: str | None, request_id: str | None, source: str) -> Actor:
    """The actor of an admitted key."""
    return Actor(
        label=f"api_key_{key.id}",
        merchant_ids=frozenset((key.merchant_id,)),
        scopes=key.rules.scopes,
        source=source,
        credential_id=key.id,
        mode=key.mode,
        prefix=key.row.prefix,
        ip=ip,
        request_id=request_id,
    )


def unknown_key(prefix: str) -> Unauthenticated:
    """The refusal of a malformed, an unknown and a revoked key alike."""
    return Unauthenticated("The API key is not valid.", code="invalid_api_key", details={"keyPrefix": prefix[:12]})


def is_within(ip: str | None, networks: tuple[Network, ...]) -> bool:
    """Whether the address is in one of the networks; a text that is not an address is in none."""
    address = ip_addresses.parsed(ip or "")
    return address is not None and any(address in one for one in networks)


@cache
def _network(text: str) -> Network:
    return ipaddress.ip_network(text)


def _rules_of(row: Any) -> Rules:
    known = _rules.get(row.id)
    if known is None or known.version != row.version:
        known = Rules(row.version, frozenset(row.scopes), tuple(_network(one) for one in row.allowed_ips))
        _rules[row.id] = known
    return known


def _digest_anew(holder: type[Credential] | type[FormerSecret], old: str, new: str) -> None:
    """Store the digest under the newest secret, after the server's secret was rotated."""
    with transaction() as session:
        session.execute(update(holder).where(holder.digest == old).values(digest=new))


def _note_use(row: Any, now: datetime) -> None:
    """Keep when a former secret was used last, so that its owner sees what still has it."""
    if row.former_used_at is None or now - row.former_used_at >= USED_EVERY:
        with suppress(DatabaseBusy), transaction() as session:        # the call matters more
            session.execute(
                update(FormerSecret).where(FormerSecret.public_id == row.public_id).values(used_at=now))
