"""Manages customers' API tokens: 64 hexadecimal digits, kept as a keyed digest only, shown once.

A customer has at most one token, of the customer's own world; a new one ends the one before at once.
"""

import secrets

from sqlalchemy import select, update

from database import db, transaction
from domain import audit, clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.listing import touch
from domain.vault import vault
from models.credential import Credential, CredentialKind, Mode
from models.customer import Customer, CustomerStatus

BYTES = 32


def of_customer(customer_id: int) -> Credential | None:
    """The customer's current token, without its text, which is not kept."""
    return db.session.scalar(
        select(Credential).where(
            Credential.kind == CredentialKind.CLIENT, Credential.customer_id == customer_id,
            Credential.revoked_at.is_(None),
        )
    )


def issue(actor: Actor, customer: Customer) -> str:
    """A new token in clear; the one before is revoked. The customer's row must be locked.

    Conflict for an archived customer, whose token would be refused by every call.
    """
    if customer.status is CustomerStatus.ARCHIVED:
        raise Conflict("The customer is archived: a token opens nothing until the customer is active again.")
    old = of_customer(customer.id)
    if old is not None:
        _end(old)
        db.session.flush()       # of two tokens of a customer only one may be in force
    token, now = secrets.token_hex(BYTES), clock.now()
    row = Credential(
        kind=CredentialKind.CLIENT, mode=Mode.TEST if customer.test else Mode.LIVE, customer_id=customer.id,
        name="Client API token", prefix=token[:6], last_four=token[-4:], digest=vault.digest(token), scopes=[],
        allowed_ips=[], created_by_user_id=actor.user_id, created_at=now, updated_at=now, version=1,
    )
    db.session.add(row)
    db.session.flush()       # the unique digest shows a clash here
    audit.record(actor, "customer.token_issued", customer, merchant_id=customer.merchant_id)
    return token


def revoke(actor: Actor, customer: Customer) -> None:
    """Revoke the token, from the next call on; Conflict when there is none."""
    row = of_customer(customer.id)
    if row is None:
        raise Conflict("This customer has no API token.")
    _end(row)
    audit.record(actor, "customer.token_revoked", customer, merchant_id=customer.merchant_id)


def store_again(credential_id: int, old: str, token: str) -> None:
    """Store the digest under the newest secret, in a transaction of its own."""
    with transaction() as session:
        session.execute(
            update(Credential)
            .where(Credential.id == credential_id, Credential.digest == old)
            .values(digest=vault.digest(token))
        )


def _end(row: Credential) -> None:
    row.revoked_at = clock.now()
    touch(row)
