"""Writes the audit trail: who changed what, from which value to which, in the change's transaction."""

from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any

from sqlalchemy import inspect

from database import db
from database.inserting import insert
from domain import audit_chain, clock
from domain.actor import Actor
from models.audit import AuditEntry

NOISE = frozenset({"updated_at", "version", "email_key", "sku_key", "told_days"})


def snapshot(row: Any) -> dict[str, Any]:
    """The row's own columns as JSON values, without secrets."""
    return {name: plain(getattr(row, name)) for name in _shown(inspect(row).mapper)}


@cache
def _shown(mapper: Any) -> tuple[str, ...]:
    """The names of a model's columns that an entry may hold."""
    return tuple(
        column.key for column in mapper.column_attrs
        if column.key not in NOISE and not {"secret", "folds"} & column.columns[0].info.keys()
    )


def plain(value: Any) -> Any:
    """A value as JSON has it."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    return value


def record(
    actor: Actor,
    action: str,
    row: Any,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    merchant_id: int | None = None,
) -> None:
    """Write one entry; with both sides only what differs is kept."""
    if before is not None and after is not None:
        changed = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        before = {name: before.get(name) for name in sorted(changed)}
        after = {name: after.get(name) for name in sorted(changed)}
    entry = {
        "at": clock.now(),
        "merchant_id": merchant_id if merchant_id is not None else getattr(row, "merchant_id", None),
        "test": getattr(row, "test", None),
        "user_id": actor.user_id,
        "credential_id": actor.credential_id,
        "actor": actor.label,
        "action": action,
        "object_type": action.partition(".")[0],
        "object_id": getattr(row, "id", None),
        "before": before,
        "after": after,
        "source": actor.source,
        "request_id": actor.request_id,
        "ip": actor.ip[:64] if actor.ip else None,      # a misconfigured proxy may send any text
    }
    session = db.session()
    key = insert(session, AuditEntry, entry)            # at once: an object in the session would cost a flush
    audit_chain.written(session, {**entry, "id": key})
