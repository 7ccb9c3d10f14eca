"""A merchant's settings of its gateways: how fast it collects, when it retries, and whether it is parked.

A gateway that fails three times in a row is left alone for a while, longer each time: that merchant's payments
wait, nobody else's.
"""

from datetime import datetime, timedelta
from typing import Any

import orjson
from sqlalchemy import bindparam, func, select

from database import db
from domain.lifecycle import Lifecycle
from domain.payments.gateways import Account
from domain.vault import vault
from models.payment import GatewayAccount, Payment, PaymentReason

PARKED_AFTER = 3                                     # failures in a row
FIRST_PARK, LONGEST_PARK = timedelta(minutes=1), timedelta(hours=1)
MINUTE = timedelta(minutes=1)
AUTOMATIC = (PaymentReason.SCHEDULE, PaymentReason.RETRY)
LIFE = Lifecycle(noun="gateway_account")
ENTERED = select(GatewayAccount.settings).where(
    GatewayAccount.merchant_id == bindparam("merchant_id"), GatewayAccount.gateway == bindparam("gateway"),
    GatewayAccount.test == bindparam("test"),
)


def find(merchant_id: int, gateway: str, *, test: bool, lock: bool = False) -> GatewayAccount | None:
    statement = select(GatewayAccount).where(
        GatewayAccount.merchant_id == merchant_id, GatewayAccount.test.is_(test), GatewayAccount.gateway == gateway
    )
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    account: GatewayAccount | None = db.session.scalar(statement)
    return account


def ensure(merchant_id: int, gateway: str, *, test: bool, now: datetime) -> GatewayAccount:
    """The locked account; a new one has the usual settings."""
    account = find(merchant_id, gateway, test=test, lock=True)
    if account is None:
        account = GatewayAccount(
            merchant_id=merchant_id, test=test, gateway=gateway, created_at=now, updated_at=now, enabled=True,
            per_minute=600, retry_days="1,3,5,7", failures_in_row=0,
        )
        db.session.add(account)
        db.session.flush()                           # it may have to be read again in this transaction
    return account


def for_gateway(merchant_id: int, gateway: str, *, test: bool) -> Account:
    """What the gateway is told about the merchant."""
    entered = db.session.connection().execute(
        ENTERED, {"merchant_id": merchant_id, "gateway": gateway, "test": test}).scalar()
    return Account(merchant_id=merchant_id, test=test, settings=_decrypted(entered))


def secrets_of(row: GatewayAccount | None) -> dict[str, Any]:
    """The keys that the merchant entered, decrypted."""
    return _decrypted(row.settings if row is not None else None)


def _decrypted(entered: str | None) -> dict[str, Any]:
    text = vault.decrypt(entered) if entered else None
    known: dict[str, Any] = orjson.loads(text) if text else {}
    return known


def retry_days(row: GatewayAccount | None) -> list[int]:
    """Days after the first decline on which a payment is retried."""
    return sorted(int(day) for day in (row.retry_days if row is not None else "1,3,5,7").split(",") if day.strip())


def may_collect(row: GatewayAccount, now: datetime) -> bool:
    """Whether one more payment may be collected in this minute."""
    if not row.enabled or is_parked(row, now):
        return False
    spent = select(func.count()).select_from(Payment).where(
        Payment.merchant_id == row.merchant_id, Payment.test.is_(row.test), Payment.created_at > now - MINUTE,
        Payment.gateway == row.gateway, Payment.reason.in_(AUTOMATIC), Payment.test_clock_id.is_(None),
    )
    return int(db.session.scalar(spent) or 0) < row.per_minute


def is_parked(row: GatewayAccount, now: datetime) -> bool:
    return row.parked_until is not None and row.parked_until > now


def failed(row: GatewayAccount, reason: str, now: datetime) -> None:
    """Count a failure; from the third in a row on the account is parked, twice as long each time."""
    row.failures_in_row += 1
    if row.failures_in_row >= PARKED_AFTER:
        doublings = min(row.failures_in_row - PARKED_AFTER, 10)
        row.parked_at = row.parked_at or now
        row.parked_until = now + min(LONGEST_PARK, FIRST_PARK * 2**doublings)
        row.parked_reason = reason[:200]


def answered(row: GatewayAccount) -> None:
    """Reset the count of failures: the gateway works."""
    row.failures_in_row, row.parked_at, row.parked_until, row.parked_reason = 0, None, None, None
