"""Leases tasks to workers, with a query whose cost does not grow with the queue.

Only the oldest open task of a lane may begin, and of a pool only a few at a time. Pools are served in
turn: the query steps through the index from pool to pool (never from row to row) and reads only the
first few due rows of each, so that neither a hundred thousand rows of one receiver nor a thousand
lanes that wait for a retry delay the others.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, case, exists, func, or_, select, update
from sqlalchemy.orm import aliased

from database import db
from domain import clock
from models.outbox import Task, TaskStatus

LEASE = timedelta(seconds=20)                        # how long a killed worker's tasks wait; renewed while they last
AT_ONCE = 2                                          # of one pool
WINDOW = 16                                          # due rows of a pool that are read
FEWEST_POOLS = 8                                     # whose first tasks are read
OPEN = (TaskStatus.PENDING, TaskStatus.HELD)


@dataclass(frozen=True, slots=True)
class Lease:
    """A task that a worker has leased."""

    id: int
    kind: str
    lane: str
    pool: str
    payload: dict[str, Any]
    attempts: int
    merchant_id: int | None
    test: bool = False


def _now() -> Any:
    return bindparam("now", type_=Task.due_at.type)


def _free(task: Any) -> Any:
    """The clauses for tasks that are due and not leased."""
    return (
        (task.status == TaskStatus.PENDING) & (task.due_at <= _now())
        & or_(task.lease_until.is_(None), task.lease_until < _now())
    )


def _first_of_pool(pool: Any, place: int) -> Any:
    """The id of a pool's first (0) or second (1) task that may begin."""
    due = (
        select(Task.id, Task.lane)
        .where(Task.pool == pool, _free(Task))
        .order_by(Task.due_at, Task.id)
        .limit(WINDOW)
        .correlate(pool.table)
        .subquery()
    )
    earlier = aliased(Task)
    blocked = exists().where(earlier.lane == due.c.lane, earlier.status.in_(OPEN), earlier.id < due.c.id)
    return (
        select(due.c.id).where(~blocked.correlate(due)).limit(1).offset(place).correlate(pool.table).scalar_subquery()
    )


def _candidates() -> Select[Any]:
    """Pools in turn after the last one served, each with its first tasks that may begin."""
    pools = select(func.min(Task.pool).label("pool")).where(Task.status == TaskStatus.PENDING).cte(recursive=True)
    following = (
        select(func.min(Task.pool)).where(Task.status == TaskStatus.PENDING, Task.pool > pools.c.pool)
        .correlate(pools).scalar_subquery()
    )
    pools = pools.union_all(select(following).where(pools.c.pool.is_not(None)))
    first_due = (
        select(func.min(Task.due_at)).where(Task.status == TaskStatus.PENDING, Task.pool == pools.c.pool)
        .correlate(pools).scalar_subquery()
    )
    turn = case((pools.c.pool > bindparam("after"), 0), else_=1)
    due = (
        select(pools.c.pool)
        .where(
            pools.c.pool.is_not(None), pools.c.pool.not_in(bindparam("without", expanding=True)),
            first_due <= _now(),
        )
        .order_by(turn, pools.c.pool)
        .limit(bindparam("pools"))
        .subquery()
    )
    first, second = _first_of_pool(due.c.pool, 0), _first_of_pool(due.c.pool, 1)
    # Sorted again, because no database promises to keep a subquery's order.
    order = case((due.c.pool > bindparam("after"), 0), else_=1)
    return select(due.c.pool, first.label("first"), second.label("second")).order_by(order, due.c.pool)


CANDIDATES = _candidates()
# By id alone: with any further condition SQLite may read all due tasks. Tasks that another worker took
# meanwhile are recognised by their rows.
_TAKE = (
    select(
        Task.id, Task.kind, Task.lane, Task.pool, Task.payload, Task.attempts, Task.merchant_id, Task.test, Task.status,
        Task.lease_until,
    )
    .where(Task.id.in_(bindparam("ids", expanding=True)))
    .order_by(Task.id)
    .with_for_update(skip_locked=True)
)
_BUSY = (
    select(Task.pool, func.count().label("number"))
    .where(Task.lease_until >= _now())               # ending a task ends its lease
    .group_by(Task.pool)
)


class Turn:
    """The pool that this process served last; the next claim starts after it."""

    def __init__(self) -> None:
        self.after = ""


@dataclass(frozen=True, slots=True)
class Slow:
    """The slow pools, and how many tasks of all of them may be begun."""

    pools: Collection[str] = ()
    most: int = 0


def claim(most: int, *, turn: Turn | None = None, slow: Slow = Slow()) -> list[Lease]:
    """Lease up to `most` tasks that may begin, of slow pools up to their limit; inside a transaction."""
    now = clock.now()
    ids = _chosen(most, now, turn or Turn(), slow)
    if not ids:
        return []
    taken = [
        Lease(*row[:8]) for row in db.session.execute(_TAKE, {"ids": ids})
        if row.status is TaskStatus.PENDING and (row.lease_until is None or row.lease_until < now)
    ]
    if taken:
        wanted = [one.id for one in taken]
        db.session.execute(
            update(Task).where(Task.id.in_(wanted)).values(lease_until=now + LEASE),
            execution_options={"synchronize_session": False},
        )
    return taken


def renew(tasks: Iterable[Lease]) -> None:
    """Renew the leases of tasks that are still under way, in the worker's own transaction."""
    ids = [one.id for one in tasks]
    if ids:
        db.session.execute(
            update(Task).where(Task.id.in_(ids), Task.lease_until.is_not(None)).values(lease_until=clock.now() + LEASE),
            execution_options={"synchronize_session": False},
        )


def _chosen(most: int, now: datetime, turn: Turn, slow: Slow) -> list[int]:
    """The ids to lease; sets the pool that was served last."""
    busy, of_slow = in_hand(now), slow.most
    full = {pool for pool, number in busy.items() if number >= AT_ONCE}
    if of_slow <= 0:
        full.update(slow.pools)
    values = {"now": now, "after": turn.after, "without": sorted(full), "pools": max(FEWEST_POOLS, most * 2 // 3)}
    ids: list[int] = []
    for pool, *found in db.session.execute(CANDIDATES, values):
        is_slow = pool in slow.pools
        free = min(AT_ONCE - busy[pool], most - len(ids), *([of_slow] if is_slow else []))
        chosen = [one for one in found if one is not None][: max(0, free)]
        ids += chosen
        of_slow -= len(chosen) * is_slow
        turn.after = pool
        if len(ids) >= most:
            break
    return ids


def in_hand(now: datetime) -> Counter[str]:
    """The number of leased tasks of each pool."""
    return Counter({row.pool: int(row.number) for row in db.session.execute(_BUSY, {"now": now})})


def is_anything_due() -> bool:
    """Whether any task is due. Reads little and locks nothing."""
    return bool(db.session.scalar(select(exists().where(_free(Task))), {"now": clock.now()}))
