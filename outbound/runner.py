"""The worker's hands: claim, do in threads, settle; many tasks in each transaction.

Only this thread touches the database. A task whose result was not stored, because the process died,
is done again when its lease is over: at least once, and receivers know a repetition by its id.
"""

import logging
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from smtplib import SMTPException
from typing import Any

from database import db, transaction
from domain import outbox
from domain.outbox import Claimed
from models.outbox import Task
from outbound import webhooks
from outbound.mail import mailer

HANDS = 32                           # tasks under way at once
PAUSE = 0.2                          # seconds to wait for results before looking for more

log = logging.getLogger("countinghouse.outbound")


@dataclass(slots=True)
class Work:
    """A task under way."""

    task: Claimed
    order: Any


@dataclass
class Runner:
    """Does what the outbox says until it is empty or told to stop."""

    hands: int = HANDS
    _pool: ThreadPoolExecutor = field(init=False)
    _under_way: dict[Future[Any], Work] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.hands, thread_name_prefix="outbound")

    def turn(self) -> bool:
        """One round: settle what is finished, begin what is due. True while there is something to do."""
        finished = [future for future in self._under_way if future.done()]
        begun = self._round(finished)
        for work, function, argument in begun:
            self._under_way[self._pool.submit(function, argument)] = work
        if self._under_way and not begun:
            wait(self._under_way, timeout=PAUSE, return_when=FIRST_COMPLETED)
        return bool(self._under_way)

    def _round(self, finished: list[Future[Any]]) -> list[tuple[Work, Any, Any]]:
        free = self.hands - len(self._under_way) + len(finished)
        if not finished and not self._is_due():
            return []
        with transaction():
            for future in finished:
                settle(self._under_way[future], future)
            db.session.flush()       # what is settled counts when more is claimed
            begun = self._begin(outbox.claim(free)) if free > 0 else []
        for future in finished:
            del self._under_way[future]
        return begun

    def _is_due(self) -> bool:
        """A look without the write lock: mostly there is nothing to do."""
        due = outbox.is_anything_due()
        db.session.rollback()
        return due

    def _begin(self, claimed: list[Claimed]) -> list[tuple[Work, Any, Any]]:
        hooks = [task for task in claimed if task.kind == "webhook"]
        orders = webhooks.orders(hooks)
        begun: list[tuple[Work, Any, Any]] = [
            (Work(task, orders[task.id]), webhooks.send, orders[task.id]) for task in hooks if task.id in orders
        ]
        gone = [task.id for task in hooks if task.id not in orders]
        outbox.failed(gone, "the endpoint was deleted")
        for task in claimed:
            if task.kind == "mail":
                begun.extend(self._mail(task))
        return begun

    @staticmethod
    def _mail(task: Claimed) -> list[tuple[Work, Any, Any]]:
        row = db.session.get(Task, task.id)
        mail = mailer.message(task, row.merchant_id if row else None) if mailer.url else None
        if mail is None:
            outbox.done([task.id])       # nobody to send it to, or nothing to send it with: the page says it
            return []
        return [(Work(task, None), mailer.send, mail)]

    def stop(self) -> None:
        """Let what is under way come to its end, and settle it; inside the application context."""
        wait(self._under_way, timeout=15)
        finished = [future for future in self._under_way if future.done()]
        with transaction():
            for future in finished:
                settle(self._under_way.pop(future), future)
            outbox.release(work.task.id for work in self._under_way.values())
        self._pool.shutdown(wait=False, cancel_futures=True)


def settle(work: Work, future: Future[Any]) -> None:
    """Store what became of a task."""
    problem = future.exception()
    if problem is None and work.task.kind == "webhook":
        webhooks.settle(work.task, work.order, future.result())
    elif problem is None:
        outbox.done([work.task.id])
    else:
        known = isinstance(problem, OSError | SMTPException)
        if not known:
            log.error("task %s failed", work.task.id, exc_info=problem)
        outbox.again(work.task.id, work.task.attempts, f"{type(problem).__name__}: {problem}"[:300])
