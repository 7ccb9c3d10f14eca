"""Runs background jobs: everything that happens without a request. Wires their dependencies.

Jobs are short and may run in several workers at once: each does a bounded amount, in a transaction
or under a lock, and leaves the rest for the next round. kill -9 is safe at any moment.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import Flask

from analytics import retention
from analytics.log import drain
from config import Settings
from database import db, is_unreachable, transaction
from database.faults import database_away
from database.planner_statistics import PlannerStatistics
from domain import clock, form_tokens, replies
from domain.access import customer_sessions, password_links, sessions, sign_in_history
from domain.hosting import unpaid_services
from domain.integrations import key_secrets
from domain.invoicing.paying import paid_orders, sending
from domain.invoicing.sources import automatic
from domain.outbox import retention as outbox_retention
from domain.payments import customer_mails
from domain.people import logos
from domain.people.keys import key_notices
from domain.people.logins import customer_sign_ins
from domain.sales.budgets import budgets
from domain.support import ticket_files
from operations.check import HEARTBEAT
from outbound.gateways.test_bank import test_bank
from outbound.mailbox import Mailbox
from outbound.payments import advancing, charging, collecting, expiring, gateway_checkouts, metering, refunding
from outbound.runner import Runner

HOUR = 3600.0
MINUTE = 60.0
LOG_EVERY = 0.5                                      # seconds between two checks of the spools
OUTBOUND_EVERY = 0.5                                 # seconds between two checks of an idle outbox
COLLECT_EVERY = 1.0                                  # seconds between two checks of what is due
SETUPS_EVERY = 300.0                                 # seconds between two checks of unfinished card set-ups
PAID_EVERY = 5.0                                     # seconds between two checks of services that go on
MAILS_EVERY = 30.0                                   # seconds between two looks into the mailbox
LOOK_UP_EVERY = 5.0                                  # seconds between two checks of unknown outcomes
OUTBOUND_TURN = 1.0                                  # seconds of delivering before a check for a stop
LOG_TURN = 5.0                                       # seconds of draining before other jobs run
HEARTBEAT_EVERY = 10.0
FIRST_RETRY, LONGEST_RETRY = 1.0, 60.0               # seconds, doubled with each failure in a row
ROUNDS = 200                                         # batches of one job before other jobs run

log = logging.getLogger("countinghouse.worker")


@dataclass(frozen=True, slots=True)
class Job:
    """A job that runs at intervals. `run` returns whether to run again at once."""

    name: str
    every: float                                     # seconds
    run: Callable[[], bool]


def jobs(settings: Settings) -> tuple[Job, ...]:
    """All jobs but the outbox, in order of urgency."""
    return (
        Job("sign of life", HEARTBEAT_EVERY, lambda: _beat(settings.instance / HEARTBEAT)),
        Job("request log", LOG_EVERY, lambda: _drain(settings.spool)),
        Job("retention", HOUR, lambda: _prune(settings.log_retention_days)),
        Job("budget expiry", HOUR, in_batches(budgets.expire_due, 500)),
        Job("reminders of payments", HOUR, in_batches(customer_mails.remind_due, 500)),
        Job("invoices of payments", MINUTE, in_batches(lambda _: automatic.make_next(), 1)),
        Job("orders whose invoice was paid", PAID_EVERY, in_batches(lambda _: paid_orders.count_next(), 1)),
        Job("services not paid for", MINUTE, in_batches(lambda _: unpaid_services.suspend_next(), 1)),
        Job("services paid for", PAID_EVERY, in_batches(lambda _: unpaid_services.restore_next(), 1)),
        Job("reminders of invoices", HOUR, in_batches(sending.remind_due, 200)),
        Job("old replies", HOUR, in_batches(replies.forget_old, 5000)),
        Job("old form tokens", HOUR, in_batches(form_tokens.forget_old, 5000)),
        Job("keys that expire", HOUR, in_batches(key_notices.tell_of_expiries, 500)),
        Job("old secrets of keys", HOUR, in_batches(key_secrets.forget_old, 5000)),
        Job("old sessions", HOUR, in_batches(sessions.forget_old, 5000)),
        Job("old sign-ins", HOUR, in_batches(sign_in_history.forget_old, 5000)),
        Job("old links for passwords", HOUR, in_batches(password_links.forget_old, 5000)),
        Job("old sessions of customers", HOUR, in_batches(customer_sessions.forget_old, 5000)),
        Job("old sign-ins of customers", HOUR, in_batches(customer_sign_ins.forget_old, 5000)),
        Job("old logos", HOUR, in_batches(logos.forget_old, 500)),
        Job("files of no ticket", HOUR, ticket_files.remove_unnamed),
        Job("statistics of tables", HOUR, _refresh(PlannerStatistics())),
        Job("old deliveries", HOUR, in_batches(outbox_retention.forget_old, 1000)),
    )


def collecting_jobs() -> tuple[Job, ...]:
    """The jobs that ask gateways, which may take long to answer: they have a thread of their own."""
    return (
        Job("ended metered periods", LOOK_UP_EVERY, metering.count_due),
        Job("payments due", COLLECT_EVERY, collecting.Collector().round),
        Job("invoices charged on their day", MINUTE, charging.charge_due),
        Job("cards that were entered", SETUPS_EVERY, gateway_checkouts.finish_setups),
        Job("cards that expire", HOUR, expiring.ask_due),
        Job("unknown payments", LOOK_UP_EVERY, collecting.look_up_due),
        Job("unknown refunds", LOOK_UP_EVERY, refunding.look_up_due),
        Job("test clocks", COLLECT_EVERY, advancing.advance_due),
        Job("test bank", COLLECT_EVERY, lambda: test_bank.send_due(clock.now()) > 0),
    )


def in_batches(step: Callable[[int], int], size: int) -> Callable[[], bool]:
    """A job of many short transactions, between which others can write."""

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


def _refresh(statistics: PlannerStatistics) -> Callable[[], bool]:
    def run() -> bool:
        statistics.refresh()
        return False

    return run


def _beat(path: Path) -> bool:
    path.touch()
    return False


@dataclass
class Outbound:
    """Runs tasks of the outbox; runs again at once while there are more."""

    runner: Runner = field(default_factory=Runner)

    def run(self) -> bool:
        deadline = time.monotonic() + OUTBOUND_TURN
        while self.runner.turn():
            if time.monotonic() > deadline:
                return True
        return False


@dataclass
class Worker:
    """Runs each job when it is due, until told to stop; a failed job is retried with growing delays."""

    todo: Sequence[Job]
    stopping: threading.Event = field(default_factory=threading.Event)
    _due: dict[str, float] = field(default_factory=dict, init=False)
    _failures: dict[str, int] = field(default_factory=dict, init=False)

    def stop(self, *_: object) -> None:
        self.stopping.set()

    def run(self) -> None:
        """Run until told to stop, within the application context."""
        while not self.stopping.is_set():
            pause = self.turn(time.monotonic())
            self.stopping.wait(pause)

    def turn(self, now: float) -> float:
        """Run the jobs due at `now` (monotonic seconds); returns the seconds until the next one."""
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
            # Whatever the error, an unreachable database or a bug: the other jobs go on.
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
    """The body of a worker process; `on_signal` has its argument called on SIGTERM."""
    worker = Worker(jobs(settings))
    outbound = Outbound()
    sender = Worker((Job("outbox", OUTBOUND_EVERY, outbound.run),))
    collector = Worker(collecting_jobs())
    reader = Worker((Job("mails", MAILS_EVERY, Mailbox(settings.imap_url).poll),)) if settings.imap_url else None

    def stop(*_: object) -> None:
        for one in filter(None, (worker, sender, collector, reader)):
            one.stop()

    on_signal(stop)
    # In threads of their own, so that none waits for the pruning of the request log, a gateway or a mailbox.
    threads = [
        threading.Thread(target=_send, args=(app, sender, outbound), name="outbox"),
        threading.Thread(target=_collect, args=(app, collector), name="collecting"),
    ]
    if reader is not None:
        threads.append(threading.Thread(target=_collect, args=(app, reader), name="mails"))
    for thread in threads:
        thread.start()
    try:
        with app.app_context():
            worker.run()
    finally:
        stop()
        for thread in threads:
            thread.join()


def _collect(app: Flask, collector: Worker) -> None:
    with app.app_context():
        collector.run()


def _send(app: Flask, sender: Worker, outbound: Outbound) -> None:
    with app.app_context():
        sender.run()
        outbound.runner.stop()
