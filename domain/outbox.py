"""The outbox: whatever leaves the process or happens later is a row, written with its cause.

A worker claims tasks for a while (a lease): if it dies, the lease runs out and another does them
again. So everything is done at least once and nothing is forgotten. Tasks of one lane go in order;
of one pool only a few at a time, so that a slow receiver delays nobody else's.
"""

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from database import db
from domain import audit, clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.listing import Filter, Listing
from domain.resource import Resource
from models.outbox import Task, TaskStatus

LEASE = timedelta(seconds=45)                        # longer than any delivery takes
RETRIES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
JITTER = 0.2
AT_ONCE = 2                                          # of one pool
WINDOW = 4                                           # how many times the wanted number is looked at
OPEN = (TaskStatus.PENDING, TaskStatus.HELD)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A task in a worker's hands."""

    id: int
    kind: str
    pool: str
    payload: dict[str, Any]
    attempts: int


def put(
    kind: str, *, lane: str, pool: str, payload: dict[str, Any], merchant_id: int | None = None, held: bool = False
) -> Task:
    """A task, due now, in the caller's transaction."""
    now = clock.now()
    task = Task(
        kind=kind, lane=lane, pool=pool, payload=payload, merchant_id=merchant_id, due_at=now, created_at=now,
        status=TaskStatus.HELD if held else TaskStatus.PENDING, attempts=0,
    )
    db.session.add(task)
    return task


def claim(most: int) -> list[Claimed]:
    """Lease up to `most` tasks that are due; inside a transaction."""
    now = clock.now()
    busy = in_hand(now)
    full = [pool for pool, count in busy.items() if count >= AT_ONCE]
    earlier = aliased(Task)
    first_of_lane = ~exists().where(
        earlier.lane == Task.lane, earlier.status.in_(OPEN), earlier.id < Task.id
    )
    due = (
        select(Task.id, Task.kind, Task.pool, Task.payload, Task.attempts)
        .where(
            Task.status == TaskStatus.PENDING, Task.due_at <= now,
            or_(Task.lease_until.is_(None), Task.lease_until < now), first_of_lane,
        )
        .order_by(Task.due_at, Task.id)
        .limit(most * WINDOW)
        .with_for_update(skip_locked=True)
    )
    if full:
        due = due.where(Task.pool.not_in(full))
    taken: list[Claimed] = []
    for row in db.session.execute(due):
        if busy[row.pool] < AT_ONCE and len(taken) < most:
            busy[row.pool] += 1
            taken.append(Claimed(row.id, row.kind, row.pool, row.payload, row.attempts))
    if taken:
        ids = [one.id for one in taken]
        db.session.execute(update(Task).where(Task.id.in_(ids)).values(lease_until=now + LEASE))
    return taken


def is_anything_due() -> bool:
    """Is there work for somebody who has none?"""
    now = clock.now()
    return bool(
        db.session.scalar(
            select(
                exists().where(
                    Task.status == TaskStatus.PENDING, Task.due_at <= now,
                    or_(Task.lease_until.is_(None), Task.lease_until < now),
                )
            )
        )
    )


def in_hand(now: datetime) -> Counter[str]:
    """How many tasks of each pool are leased at the moment."""
    rows = db.session.execute(
        select(Task.pool, func.count().label("count"))
        .where(Task.lease_until >= now, Task.status == TaskStatus.PENDING)
        .group_by(Task.pool)
    )
    return Counter({row.pool: int(row[1]) for row in rows})


def done(task_ids: Sequence[int]) -> None:
    """These need no more doing."""
    _finish(task_ids, TaskStatus.DONE, None)


def failed(task_ids: Sequence[int], error: str) -> None:
    """Given up."""
    _finish(task_ids, TaskStatus.FAILED, error)


def _finish(task_ids: Sequence[int], status: TaskStatus, error: str | None) -> None:
    if task_ids:
        now = clock.now()
        db.session.execute(
            update(Task).where(Task.id.in_(task_ids)).values(
                status=status, attempts=Task.attempts + 1, lease_until=None, finished_at=now, last_error=error
            )
        )


def again(task_id: int, attempts: int, error: str, *, after: timedelta | None = None) -> bool:
    """Try later: 1 m, 5 m, 30 m, 2 h, 12 h with jitter, or `after` if that is longer. False when it is given up."""
    if attempts >= len(RETRIES):
        failed([task_id], error)
        return False
    pause = RETRIES[attempts] * (1 + random.uniform(0, JITTER))  # noqa: S311  (spreads load, hides nothing)
    pause = max(pause, after or pause)
    db.session.execute(
        update(Task).where(Task.id == task_id).values(
            attempts=Task.attempts + 1, lease_until=None, due_at=clock.now() + pause, last_error=error
        )
    )
    return True


def release(task_ids: Iterable[int]) -> None:
    """Give back what was claimed and not begun: a graceful stop."""
    ids = list(task_ids)
    if ids:
        db.session.execute(update(Task).where(Task.id.in_(ids)).values(lease_until=None))


def hold(pool: str) -> None:
    """Nothing of the pool is done until it is resumed."""
    db.session.execute(
        update(Task).where(Task.pool == pool, Task.status == TaskStatus.PENDING).values(
            status=TaskStatus.HELD, lease_until=None
        )
    )


def resume(pool: str) -> None:
    """What was held is due now, in its order."""
    db.session.execute(
        update(Task).where(Task.pool == pool, Task.status == TaskStatus.HELD).values(
            status=TaskStatus.PENDING, due_at=clock.now(), attempts=0
        )
    )


def drop(pool: str) -> None:
    """Nobody waits for the rest of the pool any more."""
    db.session.execute(
        update(Task).where(Task.pool == pool, Task.status.in_(OPEN)).values(
            status=TaskStatus.CANCELLED, finished_at=clock.now(), lease_until=None
        )
    )


def retry(actor: Actor, task: Task) -> Task:
    """Due now, with all its attempts before it."""
    if task.status is TaskStatus.DONE:
        raise Conflict("This is already done.", details={"status": str(task.status)})
    before = audit.snapshot(task)
    task.status, task.due_at, task.attempts = TaskStatus.PENDING, clock.now(), 0
    task.lease_until, task.finished_at = None, None
    audit.record(actor, "task.retried", task, before=before, after=audit.snapshot(task))
    return task


def cancel(actor: Actor, task: Task) -> Task:
    """Never to be done."""
    if task.status not in OPEN:
        raise Conflict(f"This is already {task.status}.", details={"status": str(task.status)})
    before = audit.snapshot(task)
    task.status, task.finished_at, task.lease_until = TaskStatus.CANCELLED, clock.now(), None
    audit.record(actor, "task.cancelled", task, before=before, after=audit.snapshot(task))
    return task


@dataclass(frozen=True, slots=True)
class State:
    """What waits: how many are due, since when the oldest is, how many failed in the last day."""

    pending: int
    held: int
    failed: int
    oldest_due: datetime | None


def state() -> State:
    """The queue as monitoring wants to see it."""
    now = clock.now()
    lately_failed = and_(Task.status == TaskStatus.FAILED, Task.finished_at > now - timedelta(days=1))
    rows = db.session.execute(
        select(Task.status, func.count().label("count"))
        .where(or_(Task.status.in_(OPEN), lately_failed))
        .group_by(Task.status)
    )
    counts = {row.status: int(row[1]) for row in rows}
    oldest = db.session.scalar(
        select(func.min(Task.due_at)).where(Task.status == TaskStatus.PENDING, Task.due_at <= now)
    )
    return State(
        counts.get(TaskStatus.PENDING, 0), counts.get(TaskStatus.HELD, 0), counts.get(TaskStatus.FAILED, 0), oldest
    )


LISTING = Listing(
    model=Task,
    noun="task",
    columns={
        name: getattr(Task, name)
        for name in (
            "id", "kind", "lane", "pool", "merchant_id", "status", "due_at", "attempts", "last_error", "created_at",
            "finished_at", "lease_until",
        )
    },
    sort={"id": Task.id, "created_at": Task.created_at, "due_at": Task.due_at},
    filters={
        "id": Filter(list, lambda bound: Task.id.in_(bound)),
        "kind": Filter(str, lambda bound: Task.kind == bound),
        "status": Filter(TaskStatus, lambda bound: Task.status == bound),
    },
    search=(Task.lane, Task.last_error),
)

RESOURCE = Resource(
    name="tasks", noun="task", listing=LISTING, read_scope="READ_SETTINGS", write_scope="WRITE_SETTINGS",
    actions={"retry": retry, "cancel": cancel},
)
