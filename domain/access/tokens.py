"""Manages users' API tokens: 59 characters, found by a keyed digest, stored encrypted to be shown again.

The audit trail notes each time one is shown. A user has a live and a test token; a new one of either
revokes the old one of its world at once.
"""

import secrets

from sqlalchemy import Select, case, select, update

from database import db, transaction
from domain import audit, clock
from domain.actor import Actor
from domain.errors import Conflict, NotFound
from domain.listing import touch
from domain.vault import vault
from models.credential import Credential, CredentialKind, Mode
from models.user import User

LENGTH = 59
ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def of_user(user_id: int, *, test: bool = False) -> Credential | None:
    """The user's current token of a world, still encrypted."""
    return db.session.scalar(_of(user_id, test=test).where(Credential.revoked_at.is_(None)))


def _of(user_id: int, *, test: bool) -> Select[Credential]:
    return select(Credential).where(
        Credential.kind == CredentialKind.USER, Credential.user_id == user_id,
        Credential.mode == (Mode.TEST if test else Mode.LIVE),
    )


def may_be_shown(user_id: int, *, test: bool) -> bool:
    """Whether there is a token to show; a test token is made when it is first asked for."""
    if of_user(user_id, test=test) is not None:
        return True
    return test and db.session.scalar(_of(user_id, test=True).limit(1)) is None


def issue(actor: Actor, user: User, *, test: bool = False) -> str:
    """A new token in clear; the previous one of the same world is revoked."""
    old = of_user(user.id, test=test)
    if old is not None:
        _end(old)
    token = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    now = clock.now()
    row = Credential(
        kind=CredentialKind.USER, mode=Mode.TEST if test else Mode.LIVE, user_id=user.id,
        name="Test API token" if test else "API token", prefix=token[:6], last_four=token[-4:],
        digest=vault.digest(token), ciphertext=vault.encrypt(token), scopes=[], allowed_ips=[],
        created_by_user_id=actor.user_id, created_at=now, updated_at=now, version=1,
    )
    db.session.add(row)
    db.session.flush()       # the unique digest shows a clash here
    _note(actor, "issued", user, test=test)
    return token


def reveal(actor: Actor, user: User, *, test: bool = False) -> str:
    """The token in clear, noted in the audit trail; NotFound when there is none or it cannot be decrypted.

    Users from before there were two worlds get their test token here.
    """
    row = of_user(user.id, test=test)
    if row is None and may_be_shown(user.id, test=test):
        return issue(actor, user, test=test)
    token = vault.decrypt(row.ciphertext) if row is not None and row.ciphertext else None
    if token is None:
        raise NotFound("API token of user", user.id)
    _note(actor, "revealed", user, test=test)
    return token


def revoke(actor: Actor, user: User, *, test: bool = False) -> None:
    """Revoke the token, from the next call on."""
    row = of_user(user.id, test=test)
    if row is None:
        raise Conflict(f"This user has no {'test ' if test else ''}API token.")
    _end(row)
    _note(actor, "revoked", user, test=test)


def store_again(credential_id: int, old: str, token: str) -> None:
    """Store digest and ciphertext under the newest secret, in a transaction of its own."""
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
    row.ciphertext = None            # it is never shown again
    touch(row)


def _note(actor: Actor, verb: str, user: User, *, test: bool) -> None:
    audit.record(actor, f"user.{'test_' if test else ''}token_{verb}", user, merchant_id=_home(user))


def _home(user: User) -> int | None:
    return None if user.all_merchants else next(iter(user.merchant_ids), None)
