"""Runs the outbox: leases tasks, does them in threads, stores the results, many in each transaction.

Only this thread uses the database. A task whose result was not stored, because the process died, is
repeated when its lease ends: at least once, and receivers recognise a repetition by its id.
"""

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from smtplib import SMTPException
from typing import Any

from sqlalchemy.exc import DataError

from database import DatabaseClash, db, transaction
from domain.outbox import leases, tasks
from domain.outbox.leases import Lease
from outbound import webhooks
from outbound.client import sentence
from outbound.mail import mailer
from outbound.webhooks import Result

THREADS = 48                         # tasks under way at once
PAUSE = 0.2                          # seconds to wait for results before looking for more
GATHER = 0.01                        # seconds in which more results may join the first: one commit for all
RENEW = leases.LEASE.total_seconds() / 3
SLOW_MS = 2000                       # a receiver that took longer, or failed, counts as slow
LONGEST_STOP = 15.0                  # seconds for tasks under way at a stop
REMEMBERED = 10_000                  # slow receivers

log = logging.getLogger("countinghouse.outbound")


@dataclass(frozen=True, slots=True)
class Work:
    """A task, and the function that does it outside of any transaction."""

    task: Lease
    act: Callable[[Any], Any]
    given: Any
    leased: float = field(default_factory=time.monotonic)


@dataclass
class Runner:
    """Does the tasks of the outbox until it is empty or told to stop."""

    threads: int = THREADS
    _turn: leases.Turn = field(default_factory=leases.Turn, init=False)
    _slow: dict[str, None] = field(default_factory=dict, init=False)
    _under_way: dict[Future[Any], Work] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._pool = ThreadPoolExecutor(self.threads, thread_name_prefix="outbound")

    def turn(self) -> bool:
        """One round: store finished tasks, begin due ones. True while there is something to do."""
        finished = [future for future in self._under_way if future.done()]
        begun = self._round(finished)
        for work in begun:
            self._under_way[self._pool.submit(work.act, work.given)] = work
        if self._under_way:
            wait(self._under_way, timeout=PAUSE, return_when=FIRST_COMPLETED)
            wait(self._under_way, timeout=GATHER)
        return bool(self._under_way)

    def _round(self, finished: list[Future[Any]]) -> list[Work]:
        free = self.threads - len(self._under_way) + len(finished)
        old = self._long_under_way(finished)
        if not finished and not old and not (free and self._is_due()):
            return []
        self._remember(finished)
        try:
            with transaction():
                leases.renew(self._under_way[future].task for future in old)
                settle([(self._under_way[future], future) for future in finished])
                db.session.flush()       # the next lease must see the stored results
                begun = prepare(leases.claim(free, turn=self._turn, slow=self._known_slow(finished))) if free else []
        except (DataError, DatabaseClash, ArithmeticError, LookupError, TypeError, ValueError):
            log.exception("some results could not be stored together; each is now stored by itself")
            self._settle_singly(finished)
            return []
        for future in finished:
            del self._under_way[future]
        for future in old:
            self._under_way[future] = replace(self._under_way[future], leased=time.monotonic())
        return begun

    def _settle_singly(self, finished: list[Future[Any]]) -> None:
        """Store each result in a transaction of its own, after one of them failed."""
        for future in finished:
            work = self._under_way.pop(future)
            try:
                with transaction():
                    settle([(work, future)])
            except (DataError, DatabaseClash, ArithmeticError, LookupError, TypeError, ValueError):
                with transaction():
                    tasks.again(work.task, "the result could not be stored")

    def _long_under_way(self, finished: list[Future[Any]]) -> list[Future[Any]]:
        """Tasks under way for long, whose leases must be renewed."""
        limit, gone = time.monotonic() - RENEW, set(finished)
        return [future for future, work in self._under_way.items() if work.leased < limit and future not in gone]

    @staticmethod
    def _is_due() -> bool:
        """Whether any task is due, checked without the write lock."""
        due = leases.is_anything_due()
        db.session.rollback()
        return due

    def _remember(self, finished: list[Future[Any]]) -> None:
        """Store which receivers were slow or failed the last time."""
        for future in finished:
            pool, answer = self._under_way[future].task.pool, future.exception() or future.result()
            self._slow.pop(pool, None)
            if getattr(answer, "duration_ms", 0) > SLOW_MS or getattr(answer, "error", None):
                self._slow[pool] = None
        while len(self._slow) > REMEMBERED:
            del self._slow[next(iter(self._slow))]

    def _known_slow(self, finished: list[Future[Any]]) -> leases.Slow:
        """Slow receivers, and their share of the threads: at most half, so that others need not wait."""
        gone = set(finished)
        busy = sum(work.task.pool in self._slow for future, work in self._under_way.items() if future not in gone)
        return leases.Slow(self._slow, max(0, self.threads // 2 - busy))

    def stop(self) -> None:
        """Finish and store the tasks under way; inside the application context."""
        wait(self._under_way, timeout=LONGEST_STOP)
        finished = [future for future in self._under_way if future.done()]
        with transaction():
            settle([(self._under_way[future], future) for future in finished])
            tasks.release(work.task for future, work in self._under_way.items() if future not in finished)
        self._under_way.clear()
        self._pool.shutdown(wait=False, cancel_futures=True)


def prepare(claimed: list[Lease]) -> list[Work]:
    """The work of each task; tasks without work are ended. Inside a transaction."""
    hooks = [task for task in claimed if task.kind == "webhook"]
    ready, refused = webhooks.signed_requests(hooks) if hooks else ({}, {})
    begun = [Work(task, webhooks.send, ready[task.id]) for task in hooks if task.id in ready]
    for task in hooks:
        if task.id in refused:
            tasks.failed([task], refused[task.id])
    tasks.release(task for task in hooks if task.id not in ready and task.id not in refused)
    for task in claimed:
        if task.kind == "mail" and task.test:
            tasks.withheld([task])
        elif task.kind == "mail" and (mail := mailer.message(task)) is not None:
            begun.append(Work(task, mailer.send, mail))
        elif task.kind == "mail":
            tasks.done([task])          # no recipient or no SMTP URL: the page shows the notice
        elif task.kind != "webhook":
            tasks.failed([task], f"unknown kind of task: {task.kind}")
    return begun


def settle(finished: list[tuple[Work, Future[Any]]]) -> None:
    """Store the results of tasks."""
    results: list[Result] = []
    for work, future in finished:
        problem = future.exception()
        if problem is not None:
            _settle_problem(work, problem)
        elif work.task.kind == "webhook":
            results.append(Result(work.task, work.given, future.result()))
        else:
            tasks.done([work.task])
    if results:
        webhooks.settle(results)


def _settle_problem(work: Work, problem: BaseException) -> None:
    if not isinstance(problem, OSError | SMTPException):
        log.error("task %s failed", work.task.id, exc_info=problem)
    known = isinstance(problem, OSError | SMTPException)
    tasks.again(work.task, sentence(problem)[:300] if known else "an internal error occurred; see the server's log")
