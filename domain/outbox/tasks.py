"""Stores tasks in the outbox: work outside the process or for later, written in the transaction of its cause.

A worker leases tasks: if it dies, the lease runs out and another worker repeats them. So every task is
done at least once. Tasks of one lane run in order; of one pool only a few at a time, so that a slow
receiver delays no other.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, func, select, update

from database import db
from database.reader import Reader
from database.statements import Prepared
from domain import audit, clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.list_parts import Filter, common_filters
from domain.listing import Listing
from domain.outbox.leases import OPEN, Lease
from domain.resource import Action, Resource
from models.outbox import Task, TaskStatus

RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
JITTER = 0.2


_WAITING: Any = (
    select(Task.lane, func.max(Task.due_at).label("due_at"))
    .where(
        Task.lane.in_(bindparam("lanes", expanding=True)), Task.status.in_(OPEN),
        Task.due_at > bindparam("now", type_=Task.due_at.type),
    )
    .group_by(Task.lane)
)
WAITING = Prepared(_WAITING)


def put(
    kind: str, *, lane: str, pool: str, payload: dict[str, Any], merchant_id: int | None = None, held: bool = False,
    due_at: datetime | None = None, test: bool = False, about: str | None = None,
) -> Task:
    """Add a task in the caller's transaction: due now, or when its lane's retry is."""
    now = clock.now()
    task = Task(
        kind=kind, lane=lane, pool=pool, payload=payload, about=about, merchant_id=merchant_id, test=test,
        created_at=now, due_at=due_at or now, attempts=0,
        status=TaskStatus.HELD if held else TaskStatus.PENDING,
    )
    db.session.add(task)
    return task


def retries(lanes: Sequence[str]) -> dict[str, datetime]:
    """When the retry of each waiting lane is due; the lane's other tasks are not due before."""
    rows = Reader().rows(WAITING, {"lanes": list(lanes), "now": clock.now()})
    return {row.lane: row.due_at for row in rows}


def done(tasks: Sequence[Lease]) -> None:
    """Mark tasks as done."""
    _finish(tasks, TaskStatus.DONE, None)


def failed(tasks: Sequence[Lease], error: str) -> None:
    """Mark the task as failed for good."""
    _finish(tasks, TaskStatus.FAILED, error)


def withheld(tasks: Sequence[Lease]) -> None:
    """Mark tasks about rows of the test world: they are shown, but never sent."""
    _finish(tasks, TaskStatus.CANCELLED, "Not sent: it is about a row of the test world.")


def _finish(tasks: Sequence[Lease], status: TaskStatus, error: str | None) -> None:
    if not tasks:
        return
    which: ColumnElement[bool] = Task.id.in_([one.id for one in tasks])
    if status is not TaskStatus.DONE:            # a delivered task is done, even if it was cancelled meanwhile
        which = and_(which, Task.status.in_(OPEN))
    _change(
        which, status=status, attempts=Task.attempts + 1, lease_until=None, finished_at=clock.now(), last_error=error
    )
    _pull([one.lane for one in tasks if one.attempts])


def again(task: Lease, error: str) -> bool:
    """Schedule a retry after 1 m, 5 m, 30 m, 2 h or 12 h with jitter. False when attempts are used up."""
    if task.attempts >= len(RETRIES):
        failed([task], error)
        return False
    pause = RETRIES[task.attempts] * (1 + random.uniform(0, JITTER))  # noqa: S311  (spreads load, hides nothing)
    due_at = clock.now() + pause
    _change(
        and_(Task.id == task.id, Task.status.in_(OPEN)), attempts=Task.attempts + 1, lease_until=None, due_at=due_at,
        last_error=error,
    )
    # The lane's later tasks are not due either, so that no query reads them in vain.
    _change(
        and_(Task.lane == task.lane, Task.status == TaskStatus.PENDING, Task.id > task.id, Task.due_at < due_at),
        due_at=due_at,
    )
    return True


def _pull(lanes: Sequence[str]) -> None:
    """Make the tasks due that waited for a retry of their lane."""
    if lanes:
        now = clock.now()
        _change(and_(Task.lane.in_(lanes), Task.status == TaskStatus.PENDING, Task.due_at > now), due_at=now)


def _change(which: Any, **values: Any) -> None:
    """Change tasks with a plain statement; those in the session are read again when used."""
    db.session.flush()               # changes that are still in the session come first
    db.session.execute(update(Task).where(which).values(**values), execution_options={"synchronize_session": False})
    for one in db.session.identity_map.values():
        if isinstance(one, Task):
            db.session.expire(one)


def release(tasks: Iterable[Lease]) -> None:
    """Release leased tasks that were not done, at a graceful stop."""
    ids = [one.id for one in tasks]
    if ids:
        _change(Task.id.in_(ids), lease_until=None)


def interrupt(task: Lease, error: str) -> None:
    """Postpone a task without counting the attempt: the receiver asked to wait."""
    _change(and_(Task.id == task.id, Task.status.in_(OPEN)), lease_until=None, last_error=error)


def postpone(pool: str, until: datetime) -> None:
    """Postpone all tasks of the pool; those under way keep their lease."""
    _change(and_(Task.pool == pool, Task.status == TaskStatus.PENDING, Task.due_at < until), due_at=until)


def hold(pool: str) -> None:
    """Hold the pool's tasks until it is resumed; those under way keep their lease."""
    _change(and_(Task.pool == pool, Task.status == TaskStatus.PENDING), status=TaskStatus.HELD)


def resume(pool: str) -> None:
    """Make held tasks due now, in their order."""
    _change(
        and_(Task.pool == pool, Task.status == TaskStatus.HELD), status=TaskStatus.PENDING, due_at=clock.now(),
        attempts=0,
    )


def drop(pool: str) -> None:
    """Cancel the open tasks of the pool."""
    _change(
        and_(Task.pool == pool, Task.status.in_(OPEN)), status=TaskStatus.CANCELLED, finished_at=clock.now(),
        lease_until=None,
    )


def reopen(task: Task, *, held: bool = False) -> None:
    """Make the task due now, with its count of attempts reset."""
    task.status, task.due_at, task.attempts = TaskStatus.HELD if held else TaskStatus.PENDING, clock.now(), 0
    task.lease_until, task.finished_at = None, None
    _pull([task.lane])


def is_under_way(task: Task) -> bool:
    """Whether a worker has leased it."""
    return task.status in OPEN and task.lease_until is not None and task.lease_until > clock.now()


def retry(actor: Actor, task: Task) -> Task:
    """Make the task due now, whether it waited, failed or was cancelled."""
    if task.status in (TaskStatus.DONE, TaskStatus.HELD) or is_under_way(task):
        state = "held" if task.status is TaskStatus.HELD else "done" if task.status is TaskStatus.DONE else "under way"
        raise Conflict(f"This is {state} and cannot be retried now.", details={"status": str(task.status)})
    before = audit.snapshot(task)
    reopen(task)
    audit.record(actor, "task.retried", task, before=before, after=audit.snapshot(task))
    return task


def cancel(actor: Actor, task: Task) -> Task:
    """Cancel the task; an attempt that is under way cannot be stopped."""
    if task.status not in OPEN:
        raise Conflict(f"This is already {task.status}.", details={"status": str(task.status)})
    before = audit.snapshot(task)
    task.status, task.finished_at, task.lease_until = TaskStatus.CANCELLED, clock.now(), None
    _pull([task.lane])
    audit.record(actor, "task.cancelled", task, before=before, after=audit.snapshot(task))
    return task


@dataclass(frozen=True, slots=True)
class State:
    """The state of the queue: how many tasks are due, since when the oldest is, how many failed in the last day."""

    pending: int
    held: int
    failed: int
    oldest_due: datetime | None

    @property
    def late_seconds(self) -> float:
        """How long the oldest due task has waited."""
        return max(0.0, (clock.now() - self.oldest_due).total_seconds()) if self.oldest_due else 0.0

    def as_dict(self) -> dict[str, int]:
        return {
            "pending": self.pending, "held": self.held, "failed_last_day": self.failed,
            "oldest_due_seconds": int(self.late_seconds),
        }


def state() -> State:
    """The state of the queue, for monitoring."""
    now = clock.now()
    rows = db.session.execute(
        select(Task.status, func.count().label("count")).where(Task.status.in_(OPEN)).group_by(Task.status)
    )
    counts = {row.status: int(row[1]) for row in rows}
    failures = db.session.scalar(
        select(func.count()).select_from(Task)
        .where(Task.finished_at > now - timedelta(days=1), Task.status == TaskStatus.FAILED)
    )
    oldest = db.session.scalar(
        select(func.min(Task.due_at)).where(Task.status == TaskStatus.PENDING, Task.due_at <= now)
    )
    return State(counts.get(TaskStatus.PENDING, 0), counts.get(TaskStatus.HELD, 0), failures or 0, oldest)


LISTING = Listing(
    model=Task,
    noun="task",
    columns={
        name: getattr(Task, name)
        for name in (
            "id", "kind", "lane", "pool", "merchant_id", "test", "status", "due_at", "attempts", "last_error",
            "created_at", "finished_at", "lease_until",
        )
    },
    sort={"id": Task.id, "created_at": Task.created_at, "due_at": Task.due_at},
    filters={
        **common_filters(Task),
        "kind": Filter(str, lambda bound: Task.kind == bound),
        "status": Filter(TaskStatus, lambda bound: Task.status == bound),
    },
    search=(Task.lane, Task.last_error),
)

RESOURCE = Resource(
    name="tasks", noun="task", listing=LISTING, read_scope="READ_SETTINGS", write_scope="WRITE_SETTINGS",
    actions={
        "retry": Action(
            run=retry, title="Try now", past="{} is due now.", icon="refresh",
            offered=lambda actor, row: row.status in (TaskStatus.PENDING, TaskStatus.FAILED, TaskStatus.CANCELLED),
        ),
        "cancel": Action(
            run=cancel, title="Cancel", past="{} was cancelled.", icon="ban",
            offered=lambda actor, row: row.status in OPEN,
        ),
    },
)
