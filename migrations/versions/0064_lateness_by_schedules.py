"""Invoices that are paid by their order's schedule are overdue by it, not by their own date.

Revision ID: 0064
Revises: 0063
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0064"
down_revision = "0063"
branch_labels = None
depends_on = None

INDEX, OPEN = "ix_invoices_open", "state = 'issued' AND total_minor > paid_minor + credited_minor"
LIVE = ("active", "failed", "suspended", "paused", "review")
ASKED = ("scheduled", "soft-declined", "hard-declined", "processing")
MAY_BE_PAID = (*ASKED, "paused", "review")


def upgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    op.add_column("invoices", sa.Column("late_at", sa.DateTime(), nullable=True))
    op.execute("UPDATE invoices SET late_at = overdue_at")
    for key, late_at in list(_by_schedule()):
        op.get_bind().execute(INVOICES.update().where(INVOICES.c.id == key).values(late_at=late_at))
    _index("late_at")


def downgrade(bind_name: str) -> None:
    if bind_name != "default":
        return
    _index("overdue_at")
    op.drop_column("invoices", "late_at")


def _index(moment: str) -> None:
    op.drop_index(INDEX, table_name="invoices")
    names = ["test", "merchant_id", moment, "currency", "total_minor", "paid_minor", "credited_minor", "id"]
    op.create_index(INDEX, "invoices", names, sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN))


def _table(name: str, numbers: str, words: str, moments: str) -> Any:
    return sa.table(
        name, *(sa.column(one, sa.BigInteger()) for one in numbers.split()),
        *(sa.column(one, sa.String()) for one in words.split()),
        *(sa.column(one, sa.DateTime()) for one in moments.split()))


INVOICES = _table(
    "invoices", "id merchant_id order_id budget_id total_minor paid_minor credited_minor", "state source",
    "late_at overdue_at issued_at deleted_at")
ORDERS = _table("orders", "id budget_id payment_method_id test_clock_id", "status", "")
ROWS = _table("scheduled_payments", "id order_id sequence amount_minor paid_minor", "status", "due_at declined_at")
MERCHANTS = _table("merchants", "id", "timezone", "")
SETTINGS = _table("settings", "", "name value", "")


def _by_schedule() -> Iterator[tuple[int, datetime | None]]:
    """The open invoices of orders that go on, with the day by which they are late."""
    bind = op.get_bind()
    system = bind.scalar(sa.select(SETTINGS.c.value).where(SETTINGS.c.name == "system_timezone")) or "UTC"
    own = sa.or_(
        INVOICES.c.order_id == ORDERS.c.id,
        sa.and_(INVOICES.c.order_id.is_(None), INVOICES.c.budget_id == ORDERS.c.budget_id))
    found = bind.execute(
        sa.select(
            INVOICES.c.id, INVOICES.c.overdue_at, INVOICES.c.issued_at, MERCHANTS.c.timezone,
            ORDERS.c.id.label("order_id"), ORDERS.c.payment_method_id)
        .join(ORDERS, own).join(MERCHANTS, MERCHANTS.c.id == INVOICES.c.merchant_id)
        .where(
            INVOICES.c.state == "issued", INVOICES.c.deleted_at.is_(None), ORDERS.c.status.in_(LIVE),
            ORDERS.c.test_clock_id.is_(None),
            INVOICES.c.total_minor > INVOICES.c.paid_minor + INVOICES.c.credited_minor,
            sa.or_(INVOICES.c.source.is_(None), INVOICES.c.source.not_like("payment:%")))).all()
    for one in found:
        rows = bind.execute(
            sa.select(ROWS).where(ROWS.c.order_id == one.order_id, ROWS.c.status.in_(MAY_BE_PAID))).all()
        if rows:
            zone = ZoneInfo(one.timezone or system)
            late = [at for row in rows if (at := _late_at(one, row, zone)) is not None]
            yield one.id, max(_end_of(one.issued_at, zone), min(late)) if late else None


def _late_at(one: Any, row: Any, zone: ZoneInfo) -> datetime | None:
    if row.status not in ASKED or row.amount_minor <= row.paid_minor:
        return None
    if row.declined_at is None and one.payment_method_id is not None:
        return None
    return one.overdue_at if row.sequence == 0 else _end_of(max(row.due_at, row.declined_at or row.due_at), zone)


def _end_of(at: datetime, zone: ZoneInfo) -> datetime:
    day = at.replace(tzinfo=UTC).astimezone(zone).date()
    last = datetime.combine(day, time(23, 59, 59, fold=1), zone).astimezone(UTC)
    return last.replace(tzinfo=None) + timedelta(seconds=1)
