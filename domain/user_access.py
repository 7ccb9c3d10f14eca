"""Users as callers of the APIs: by their token or by a JSON Web Token. Read fresh on every call."""

import hmac
import ipaddress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from database import db
from domain import jwts
from domain.actor import ALL, Actor
from domain.errors import Unauthenticated
from domain.permissions import ROLE_SCOPES
from domain.recognition import is_within
from domain.vault import vault
from models.credential import Credential, CredentialKind, Mode
from models.user import Membership, Role, User

_COLUMNS = ("id", "email", "role", "all_merchants", "api_access", "allowed_ips", "timezone")
_USER = [getattr(User, name) for name in _COLUMNS]
_BY_DIGEST = (
    select(Credential.id.label("credential_id"), Credential.digest, *_USER)
    .join(User, User.id == Credential.user_id)
    .where(
        Credential.digest.in_(bindparam("digests", expanding=True)), Credential.kind == CredentialKind.USER,
        Credential.revoked_at.is_(None), User.active.is_(True), User.deleted_at.is_(None),
    )
)
_MERCHANTS = select(Membership.merchant_id).where(Membership.user_id == bindparam("user_id"))
LONGEST = 200


@dataclass(frozen=True, slots=True)
class UserCaller:
    """A user whose token was right; `credential_id` is None for a JSON Web Token."""

    user: Any
    credential_id: int | None
    merchant_ids: frozenset[int]

    def check(self, ip: str | None) -> None:
        """Raises Unauthenticated unless the user may call from this address."""
        check_address(self.user.allowed_ips, ip)

    def actor(self, *, ip: str | None, request_id: str | None, source: str) -> Actor:
        """The user with the scopes of an admin, or with none: roles count only on methods that ask for one."""
        return Actor(
            label=self.user.email,
            merchant_ids=ALL if self.user.all_merchants else self.merchant_ids,
            scopes=ROLE_SCOPES[Role.ADMIN] if self.user.role is Role.ADMIN else frozenset(),
            source=source,
            kind="role",
            user_id=self.user.id,
            credential_id=self.credential_id,
            mode=Mode.LIVE,
            ip=ip,
            request_id=request_id,
        )


def check_address(allowed: list[str], ip: str | None) -> None:
    """Raises Unauthenticated unless the list is empty or has the address."""
    networks = tuple(ipaddress.ip_network(one) for one in allowed)
    if networks and not is_within(ip, networks):
        raise Unauthenticated(f"IP {ip} is not allowed", code="utoken-ip-not-allowed")


def by_token(token: str) -> UserCaller | None:
    """The active user whose token this is, or None."""
    if not token or len(token) > LONGEST:
        return None
    digests = vault.digests(token)
    connection = db.session.connection()
    row = connection.execute(_BY_DIGEST, {"digests": digests}).first()
    if row is None or not any(hmac.compare_digest(one, row.digest) for one in digests):
        return None
    merchants = connection.execute(_MERCHANTS, {"user_id": row.id}).scalars()
    return UserCaller(row, row.credential_id, frozenset(merchants))


def by_jwt(token: str) -> UserCaller:
    """The user whom a JSON Web Token names; raises Unauthenticated."""
    user = jwts.user_of(token)
    return UserCaller(user, None, frozenset(user.merchant_ids))
