"""Tells the owner of an API key by mail and by an event that it expires soon."""

from datetime import timedelta

from sqlalchemy import and_, func, or_, select

from database import db
from domain import clock
from domain.actor import Actor
from domain.integrations import key_expiry
from domain.integrations.key_secrets import LIFE
from domain.people import merchant_mails
from domain.people.merchant_mails import KEY_EXPIRES
from models.credential import Credential, CredentialKind, Mode
from models.merchant import Merchant

NEVER_TOLD = 1_000                      # more days than any notice comes before an expiry


def tell_of_expiries(limit: int = 500) -> int:
    """Tell of keys that expire within 14 or 3 days, each notice once; the hourly job. Returns how many.

    A notice that a worker missed is sent late, unless the next one is due, too. Revoked keys have none, nor have those
    that are paused because they leaked.
    """
    now = clock.now()
    told = func.coalesce(Credential.told_days, NEVER_TOLD)
    due = or_(*(and_(Credential.expires_at <= now + timedelta(days=days), told > days)
                for days in key_expiry.NOTICE_DAYS))
    rows = db.session.scalars(
        select(Credential)
        .where(
            Credential.kind == CredentialKind.INTEGRATION, Credential.revoked_at.is_(None),
            Credential.deleted_at.is_(None), Credential.leak_paused.is_(False), Credential.expires_at > now, due,
            Credential.merchant_id.in_(select(Merchant.id).where(Merchant.active, Merchant.deleted_at.is_(None))))
        .order_by(Credential.id).limit(limit).with_for_update(skip_locked=True)).all()
    for row in rows:
        _tell(row)
    return len(rows)


def _tell(row: Credential) -> None:
    assert row.expires_at is not None
    assert row.merchant_id is not None               # an integration key has one
    row.told_days = key_expiry.step_of(row.expires_at)
    actor, test = Actor.system().for_row(row), row.mode is Mode.TEST
    LIFE.note(actor, "expiry_noticed", row)
    LIFE.emit(actor, "expiring", row)
    merchant_mails.put(
        KEY_EXPIRES, lane=f"{KEY_EXPIRES}_{row.id}", merchant_id=row.merchant_id, test=test,
        about=f"api_key_{row.id}", key_id=row.id, expires_at=row.expires_at.isoformat())
