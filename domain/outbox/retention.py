"""Removes finished tasks, deliveries and attempts from the outbox after ninety days."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import delete, select

from database import db
from domain import clock
from domain.outbox.leases import OPEN
from models.outbox import Task
from models.webhook import Attempt, Delivery

KEPT = timedelta(days=90)


def forget_old(limit: int) -> int:
    """Remove up to `limit` finished tasks with their rows; returns how many, with deliveries that have no task."""
    before = clock.now() - KEPT
    tasks = db.session.scalars(
        select(Task.id).where(Task.finished_at < before, Task.status.not_in(OPEN))
        .order_by(Task.finished_at).limit(limit).with_for_update(skip_locked=True)
    ).all()
    _forget_deliveries(db.session.scalars(select(Delivery.id).where(Delivery.task_id.in_(tasks))).all())
    db.session.execute(delete(Task).where(Task.id.in_(tasks)), execution_options={"synchronize_session": False})
    tests = db.session.scalars(
        select(Delivery.id).where(Delivery.task_id.is_(None), Delivery.created_at < before)
        .order_by(Delivery.id).limit(max(0, limit - len(tasks)))
    ).all()
    _forget_deliveries(tests)
    return len(tasks) + len(tests)


def _forget_deliveries(ids: Sequence[int]) -> None:
    for statement in (
        delete(Attempt).where(Attempt.delivery_id.in_(ids)), delete(Delivery).where(Delivery.id.in_(ids))
    ):
        db.session.execute(statement, execution_options={"synchronize_session": False})
