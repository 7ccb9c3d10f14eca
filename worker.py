"""The background worker: everything that happens without a request. Composition root of its jobs.

Jobs are short and may run in several workers at once: each takes what it finds, in a transaction
or under a lock, and leaves the rest for the next round. kill -9 at any moment harms nothing.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import Flask

from analytics import drain, retention
from config import Settings
from database import db, is_unreachable, transaction
from database.faults import database_away
from domain import clock, form_tokens, replies
from domain.access import sessions
from domain.outbox import retention as outbox_retention
from domain.sales import budgets
from operations.check import HEARTBEAT
from outbound.runner import Runner

HOUR = 3600.0
LOG_EVERY = 0.5                                      # seconds between two looks at the spools
OUTBOUND_EVERY = 0.5                                 # seconds between two looks at an idle outbox
OUTBOUND_TURN = 1.0                                  # seconds of delivering before a stop is looked for
LOG_TURN = 5.0                                       # seconds of draining before others get their turn
HEARTBEAT_EVERY = 10.0
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0               # seconds, doubled with each failure in a row
ROUNDS = 200                                         # batches of one job before others get their turn

log = logging.getLogger("countinghouse.worker")


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every so often. `run` returns whether there is more to do at once."""

    name: str
    every: float                                     # seconds
    run: Callable[[], bool]


def jobs(settings: Settings) -> tuple[Job, ...]:
    """All there is to do besides the outbox, in order of urgency."""
    return (
        Job("sign of life", HEARTBEAT_EVERY, lambda: _beat(settings.instance / HEARTBEAT)),
        Job("request log", LOG_EVERY, lambda: _drain(settings.spool)),
        Job("retention", HOUR, lambda: _prune(settings.log_retention_days)),
        Job("budget expiry", HOUR, in_batches(budgets.expire_due, 500)),
        Job("old replies", HOUR, in_batches(replies.forget_old, 5000)),
        Job("old form tokens", HOUR, in_batches(form_tokens.forget_old, 5000)),
        Job("old sessions", HOUR, in_batches(sessions.forget_old, 5000)),
        Job("old deliveries", HOUR, in_batches(outbox_retention.forget_old, 1000)),
    )


def in_batches(step: Callable[[int], int], size: int) -> Callable[[], bool]:
    """A job of many short transactions: other writers get in between."""

    def run() -> bool:
        for _ in range(ROUNDS):
            with transaction():
                done = step(size)
            if done < size:
                return False
        return True

    return run


def _drain(folder: Path) -> bool:
    deadline = time.monotonic() + LOG_TURN
    drain.drain(folder, deadline=deadline)
    return time.monotonic() > deadline


def _prune(days: int) -> bool:
    retention.prune(clock.now() - timedelta(days=days))
    retention.prune_rollups()
    return False


def _beat(path: Path) -> bool:
    path.touch()
    return False


@dataclass
class Outbound:
    """Sends what is in the outbox; runs again at once while there is more."""

    runner: Runner = field(default_factory=Runner)

    def run(self) -> bool:
        deadline = time.monotonic() + OUTBOUND_TURN
        while self.runner.turn():
            if time.monotonic() > deadline:
                return True
        return False


@dataclass
class Worker:
    """Runs each job when it is due, until told to stop; a job that fails is tried again, later and later."""

    todo: Sequence[Job]
    stopping: threading.Event = field(default_factory=threading.Event)
    _due: dict[str, float] = field(default_factory=dict, init=False)
    _failures: dict[str, int] = field(default_factory=dict, init=False)

    def stop(self, *_: object) -> None:
        self.stopping.set()

    def run(self) -> None:
        """Needs the application context."""
        while not self.stopping.is_set():
            pause = self.turn(time.monotonic())
            self.stopping.wait(pause)

    def turn(self, now: float) -> float:
        """Run what is due at `now` (monotonic seconds); how long until the next is."""
        for job in self.todo:
            if self.stopping.is_set():
                return 0.0
            if self._due.get(job.name, now) <= now:
                self._due[job.name] = time.monotonic() + self._perform(job)
        return max(0.0, min(self._due.values(), default=HOUR) - time.monotonic())

    def _perform(self, job: Job) -> float:
        """Run one job; the seconds until it is due again."""
        try:
            more = job.run()
        except Exception as problem:
            # Whatever it is, a database that is away or a bug: the other jobs go on.
            failures = self._failures[job.name] = self._failures.get(job.name, 0) + 1
            pause = min(LONGEST_RETRY, FIRST_RETRY * 2.0 ** min(failures - 1, 10))
            if is_unreachable(problem):
                database_away(problem)
            else:
                log.exception("%s failed (%d in a row); again in %.0f s", job.name, failures, pause)
            return pause
        finally:
            db.session.remove()
        self._failures.pop(job.name, None)
        return 0.0 if more else job.every


def run(app: Flask, settings: Settings, on_signal: Callable[[Callable[..., None]], None]) -> None:
    """The body of a worker process; `on_signal` arranges that its argument is called on SIGTERM."""
    worker = Worker(jobs(settings))
    outbound = Outbound()
    sender = Worker((Job("outbox", OUTBOUND_EVERY, outbound.run),))

    def stop(*_: object) -> None:
        worker.stop()
        sender.stop()

    on_signal(stop)
    # A thread of its own: a delivery does not wait until a month of the request log is pruned.
    thread = threading.Thread(target=_send, args=(app, sender, outbound), name="outbox")
    thread.start()
    try:
        with app.app_context():
            worker.run()
    finally:
        sender.stop()
        thread.join()


def _send(app: Flask, sender: Worker, outbound: Outbound) -> None:
    with app.app_context():
        sender.run()
        outbound.runner.stop()
