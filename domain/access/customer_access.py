"""Authenticates customers on the Client API by their token. Reads customer and merchant on every call."""

import hmac
import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select

from database.reader import Reader
from database.statements import Prepared
from domain.access import customer_tokens
from domain.actor import Actor
from domain.errors import Unauthenticated
from domain.permissions import CUSTOMER_READS, CUSTOMER_SCOPES
from domain.vault import vault
from models.credential import Credential, CredentialKind, Mode
from models.customer import Customer, CustomerStatus
from models.customer_user import CustomerUser
from models.merchant import Merchant

FORM = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_COLUMNS: list[Any] = [
    Credential.id, Credential.digest, Credential.revoked_at, Credential.customer_id, Credential.mode,
    Customer.merchant_id, Customer.status, Customer.deleted_at, Merchant.active.label("merchant_active"),
]
_BY_DIGEST = Prepared(
    select(*_COLUMNS)
    .join(Customer, Customer.id == Credential.customer_id)
    .join(Merchant, Merchant.id == Customer.merchant_id)
    .where(Credential.digest == bindparam("digest"), Credential.kind == CredentialKind.CLIENT)
)


@dataclass(frozen=True, slots=True)
class CustomerCaller:
    """A customer with a correct token, not checked further yet."""

    row: Any

    def check(self) -> None:
        """Raises Unauthenticated unless token, customer and merchant are in force; a stopped customer is."""
        row = self.row
        if row.revoked_at is not None or row.deleted_at is not None or not row.merchant_active:
            raise unknown_token()
        if row.status is CustomerStatus.ARCHIVED:
            raise unknown_token()

    def actor(self, *, ip: str | None, request_id: str | None, source: str) -> Actor:
        """The customer, who sees only rows of its own; a stopped one may only read."""
        row = self.row
        return actor_of(
            row.customer_id, row.merchant_id, is_stopped=row.status is CustomerStatus.STOPPED, mode=Mode(row.mode),
            credential_id=row.id, ip=ip, request_id=request_id, source=source,
        )


def actor_of(
    customer_id: int, merchant_id: int, *, is_stopped: bool, mode: Mode, user: CustomerUser | None = None, **more: Any,
) -> Actor:
    """A customer, who sees only rows of its own; a stopped one may only read. `user` is who of the customer acts."""
    return Actor(
        label=f"customer_{customer_id}" if user is None else _label(user),
        merchant_ids=frozenset((merchant_id,)), kind="customer",
        scopes=CUSTOMER_READS if is_stopped else CUSTOMER_SCOPES, customer_id=customer_id,
        customer_user_id=user.id if user is not None else None, mode=mode, **more,
    )


def _label(user: CustomerUser) -> str:
    """What the audit trail calls a customer's user; one without a name by the address alone."""
    return f"{user.shown_name} <{user.email}>" if user.shown_name != user.email else user.email


def unknown_token() -> Unauthenticated:
    """The refusal of an unknown, a revoked and an archived customer's token alike."""
    return Unauthenticated("The API token is not valid.", code="client_token_invalid")


def by_token(token: str) -> CustomerCaller | None:
    """The customer whose current or revoked token this is, or None."""
    if not FORM.match(token):
        return None
    current, *older = vault.digests(token)
    row = _of_digest(current)
    for one in older if row is None else ():
        row = _of_digest(one)
        if row is not None:
            customer_tokens.store_again(row.id, one, token)
            break
    return CustomerCaller(row) if row is not None else None


def _of_digest(digest: str) -> Any:
    row = Reader().cached_first(_BY_DIGEST, {"digest": digest}, absent=False)
    return row if row is not None and hmac.compare_digest(digest, row.digest) else None
