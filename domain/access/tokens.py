"""Users' API tokens: 59 characters, found by a keyed digest, kept encrypted because they are shown again.

Every reveal is in the audit trail. A user has one token; a new one ends the old at once.
"""

import secrets

from sqlalchemy import case, select, update

from database import db, transaction
from domain import audit, clock
from domain.actor import Actor
from domain.errors import Conflict, NotFound
from domain.listing import touch
from domain.vault import vault
from models.credential import Credential, CredentialKind
from models.user import User

LENGTH = 59
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def of_user(user_id: int) -> Credential | None:
    """The user's living token, still encrypted."""
    return db.session.scalar(
        select(Credential).where(
            Credential.kind == CredentialKind.USER, Credential.user_id == user_id, Credential.revoked_at.is_(None)
        )
    )


def issue(actor: Actor, user: User) -> str:
    """A new token in clear; the one before opens nothing any more."""
    old = of_user(user.id)
    if old is not None:
        _end(old)
    token = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    now = clock.now()
    row = Credential(
        kind=CredentialKind.USER, user_id=user.id, name="API token", prefix=token[:6], last_four=token[-4:],
        digest=vault.digest(token), ciphertext=vault.encrypt(token), scopes=[], allowed_ips=[],
        created_by_user_id=actor.user_id, created_at=now, updated_at=now, version=1,
    )
    db.session.add(row)
    db.session.flush()       # the unique digest shows a clash here
    audit.record(actor, "user.token_issued", user, merchant_id=_home(user))
    return token


def reveal(actor: Actor, user: User) -> str:
    """The token in clear, noted in the audit trail; NotFound when there is none, or no secret opens it."""
    row = of_user(user.id)
    token = vault.decrypt(row.ciphertext) if row is not None and row.ciphertext else None
    if token is None:
        raise NotFound("API token of user", user.id)
    audit.record(actor, "user.token_revealed", user, merchant_id=_home(user))
    return token


def revoke(actor: Actor, user: User) -> None:
    """The token opens nothing from the next call on."""
    row = of_user(user.id)
    if row is None:
        raise Conflict("This user has no API token.")
    _end(row)
    audit.record(actor, "user.token_revoked", user, merchant_id=_home(user))


def keep_anew(credential_id: int, old: str, token: str) -> None:
    """After the server's secret was rotated: digest and ciphertext under the newest one; a transaction of its own."""
    with transaction() as session:
        session.execute(
            update(Credential)
            .where(Credential.id == credential_id, Credential.digest == old)
            .values(
                digest=vault.digest(token),
                ciphertext=case((Credential.revoked_at.is_(None), vault.encrypt(token)), else_=None),
            )
        )


def _end(row: Credential) -> None:
    row.revoked_at = clock.now()
    row.ciphertext = None            # nobody needs to read it again
    touch(row)


def _home(user: User) -> int | None:
    return None if user.all_merchants else next(iter(user.merchant_ids), None)
