"""Authenticates users on the APIs, by token or JSON Web Token. Reads the user on every call."""

import hmac
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import bindparam, select

from database.reader import Reader
from database.statements import Prepared
from domain.access import jwts, tokens
from domain.access.key_access import Network, is_within
from domain.actor import ALL, Actor
from domain.errors import Forbidden, Unauthenticated
from domain.permissions import ROLE_SCOPES
from domain.vault import vault
from models.credential import Credential, CredentialKind, Mode
from models.merchant import Merchant
from models.user import Membership, Role, User

LONGEST = 200               # characters of a token; ours have 59
_COLUMNS = ("id", "email", "role", "active", "deleted_at", "all_merchants", "api_access", "allowed_ips", "timezone",
            "token_version")
_USER = [getattr(User, name) for name in _COLUMNS]
_BY_DIGEST = Prepared(
    select(*_USER, Credential.id.label("credential_id"), Credential.digest, Credential.revoked_at,
           Credential.mode)
    .join(User, User.id == Credential.user_id)
    .where(Credential.digest == bindparam("digest"), Credential.kind == CredentialKind.USER)
)
_BY_ID = Prepared(select(*_USER).where(User.id == bindparam("user_id")))
_MERCHANTS = Prepared(
    select(Membership.merchant_id)
    .join(Merchant, Merchant.id == Membership.merchant_id)
    .where(Membership.user_id == bindparam("user_id"), Merchant.active.is_(True))
)


@dataclass(frozen=True, slots=True)
class UserCaller:
    """A user with a correct token, not checked further yet; `credential_id` is None for a JSON Web Token."""

    user: Any
    credential_id: int | None
    merchant_ids: frozenset[int]
    mode: Mode = Mode.LIVE                  # a JSON Web Token is always live
    revoked: bool = False

    def check(self, ip: str | None) -> None:
        """Raises Unauthenticated unless token and user are in force and may be used from this address."""
        self._check_in_force()
        check_address(self.user.allowed_ips, ip)

    def check_access(self, ip: str | None) -> None:
        """`check` for APIs that need the user's API access; raises Forbidden for another address."""
        self._check_in_force()
        if not self.user.api_access:
            raise unknown_token()
        try:
            check_address(self.user.allowed_ips, ip)
        except Unauthenticated as problem:
            raise Forbidden(problem.message, code="ip_not_allowed") from None

    def _check_in_force(self) -> None:
        if self.revoked or not self.user.active or self.user.deleted_at is not None:
            raise unknown_token()

    def actor(self, *, ip: str | None, request_id: str | None, source: str) -> Actor:
        """The user with an admin's scopes, or with none: roles count only on methods that require one."""
        return Actor(
            label=self.user.email,
            merchant_ids=ALL if self.user.all_merchants else self.merchant_ids,
            scopes=ROLE_SCOPES[Role.ADMIN] if self.user.role is Role.ADMIN else frozenset(),
            source=source,
            kind="role",
            user_id=self.user.id,
            credential_id=self.credential_id,
            mode=self.mode,
            ip=ip,
            request_id=request_id,
        )

    def role_actor(self, *, ip: str | None, request_id: str | None, source: str) -> Actor:
        """The user with the scopes of the role, as in the dashboard."""
        actor = self.actor(ip=ip, request_id=request_id, source=source)
        role = Role(self.user.role)
        return replace(actor, scopes=ROLE_SCOPES[role], own_only=role is Role.RESTRICTED)


def unknown_token() -> Unauthenticated:
    """The refusal of an unknown, a revoked and a deactivated user's token alike."""
    return Unauthenticated("The API key is not valid.", code="utoken-auth-failed")


def check_address(allowed: Sequence[str], ip: str | None) -> None:
    """Raises Unauthenticated unless the list is empty or has the address."""
    if allowed and not is_within(ip, _networks(tuple(allowed))):
        raise Unauthenticated(f"IP {ip} is not allowed", code="utoken-ip-not-allowed")


@lru_cache(maxsize=1024)
def _networks(entries: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(one) for one in entries)


def by_token(token: str) -> UserCaller | None:
    """The user whose current or revoked token this is, or None."""
    if not token or len(token) > LONGEST:
        return None
    current, *older = vault.digests(token)
    row = _of_digest(current)
    for one in older if row is None else ():
        row = _of_digest(one)
        if row is not None:
            tokens.store_again(row.credential_id, one, token)
            break
    if row is None:
        return None
    return UserCaller(row, row.credential_id, _merchants(row), Mode(row.mode), row.revoked_at is not None)


def _of_digest(digest: str) -> Any:
    row = Reader().cached_first(_BY_DIGEST, {"digest": digest}, absent=False)
    return row if row is not None and hmac.compare_digest(digest, row.digest) else None


def _merchants(row: Any) -> frozenset[int]:
    """The user's merchants without archived ones, which APIs cannot use."""
    if row.all_merchants:
        return frozenset()
    reader, values = Reader(), {"user_id": row.id}
    merchants: frozenset[int] = reader.cached(
        _MERCHANTS, values, lambda: frozenset(one.merchant_id for one in reader.rows(_MERCHANTS, values)), len
    )
    return merchants


def by_jwt(token: str) -> UserCaller | None:
    """The user whom a JSON Web Token names, or None; a new password ends earlier tokens."""
    claims = jwts.read(token)
    row = Reader().cached_first(_BY_ID, {"user_id": claims.user_id}) if claims is not None else None
    if row is None or claims is None or row.token_version != claims.version:
        return None
    return UserCaller(row, None, _merchants(row))
