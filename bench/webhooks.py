"""Benchmarks webhooks: deliveries a second against a bare loop of the same HTTP client, and losses of a killed worker.

Customers are created and renamed; each change is an event for every endpoint. A worker process
delivers, is killed with -9 at random moments and started again. At the end every event of every
endpoint must have arrived, twice only with the same webhook-id, and each customer's names in order.
"""

import argparse
import contextlib
import os
import random
import subprocess
import sys
import time
import urllib.request
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, select, update

from app import create_app
from bench.figures import Figure
from bench.installation import ROOT, Server, environment
from config import from_environment
from database import db, transaction
from domain import clock, inputs
from domain.actor import Actor
from domain.integrations import signatures, webhooks
from domain.people import customers, merchants
from domain.permissions import EVERYTHING
from models.outbox import Task, TaskStatus
from outbound import client
from outbound.runner import THREADS

CHANGES = 5                      # events of each customer
LONGEST = 1800.0                 # seconds until everything must have arrived
OPEN = (TaskStatus.PENDING, TaskStatus.HELD)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is delivered, and how often the worker is killed."""

    endpoints: int
    events: int
    kills: int
    patient: bool = True         # wait for leases as they are; False: they are aged after a kill
    workers: int = 1

    @property
    def deliveries(self) -> int:
        return self.endpoints * self.events


@dataclass(frozen=True, slots=True)
class Arrived:
    """What the receiver saw, compared with what happened."""

    lost: int
    doubled: int                 # with the same webhook-id
    strangers: int               # the same event under two ids: never
    disordered: int
    seconds: float


class Listener(Server):
    """The receiver's process."""

    def __init__(self, file: Path):
        super().__init__([sys.executable, "-m", "bench.receiver", str(file)], {})
        self.file = file

    def lines(self) -> list[list[str]]:
        """Path, webhook-id and name of everything that came."""
        with urllib.request.urlopen(self.base, timeout=10):
            return [line.split("\t") for line in self.file.read_text().splitlines()]


def populate(app: Flask, plan: Plan, port: int) -> None:
    """Endpoints, then events: each customer is created and renamed in its own transactions."""
    with app.app_context():
        with transaction():
            new = inputs.parse(merchants.MerchantInput, {"name": "Bench"})
            merchant_id = merchants.create(Actor.operator(), new).id
        own = Actor(label="bench", merchant_ids=frozenset({merchant_id}), scopes=EVERYTHING)
        with transaction():
            for number in range(plan.endpoints):
                webhooks.create(own, webhooks.EndpointInput(url=f"http://127.0.0.1:{port}/{number}"))
        for number in range(plan.events // CHANGES):
            with transaction():
                made = customers.create(own, inputs.parse(customers.CustomerInput, {"name": f"{number}:0"}))
                key = made.id
            for change in range(1, CHANGES):
                with transaction():
                    row = customers.LISTING.get(own, key, lock=True)
                    customers.update(own, row, {"name": f"{number}:{change}"})
        db.session.remove()


def left(app: Flask) -> int:
    """How many deliveries are still to be made."""
    with app.app_context():
        count = db.session.scalar(select(func.count()).select_from(Task).where(Task.status.in_(OPEN)))
        db.session.remove()
    return int(count or 0)


def age(app: Flask) -> None:
    """As if the time of all leases had passed."""
    with app.app_context():
        with transaction():
            db.session.execute(update(Task).values(lease_until=clock.now() - timedelta(seconds=1)).where(
                Task.lease_until.is_not(None)
            ))
        db.session.remove()


class Worker:
    """The worker's process, as an operator starts it."""

    def __init__(self, extra: dict[str, str]):
        self.command = [sys.executable, "-m", "flask", "--app", "app", "worker"]
        self.extra = extra
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, cwd=ROOT, env=clean() | self.extra, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


def clean() -> dict[str, str]:
    """The environment without settings of ours."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COUNTINGHOUSE_")}


def deliver(app: Flask, plan: Plan, extra: dict[str, str]) -> float:
    """Run the worker until nothing is left, killing it on the way; seconds from the first delivery on."""
    workers = [Worker(extra) for _ in range(plan.workers)]
    marks = sorted(random.sample(range(plan.deliveries // 20, plan.deliveries * 19 // 20), plan.kills), reverse=True)
    for one in workers:
        one.start()
    began, deadline = None, time.monotonic() + LONGEST
    try:
        while (open_ := left(app)) and time.monotonic() < deadline:
            done = plan.deliveries - open_
            began = began or (time.monotonic() if done else None)
            while marks and done >= marks[-1]:
                marks.pop()
                time.sleep(random.random() * 0.05)
                worker = random.choice(workers)
                worker.kill()
                if not plan.patient:
                    age(app)
                worker.start()
            time.sleep(0.02 if marks else 0.1)
        return time.monotonic() - (began or time.monotonic())
    finally:
        for one in workers:
            one.kill()


def judge(plan: Plan, lines: Sequence[Sequence[str]], seconds: float) -> Arrived:
    """Compare what came with what happened."""
    ids: dict[tuple[str, str], set[str]] = defaultdict(set)
    times: dict[tuple[str, str], int] = defaultdict(int)
    first: dict[tuple[str, str], list[int]] = defaultdict(list)
    for path, message, name in lines:
        ids[path, name].add(message)
        times[path, name] += 1
        customer, _, change = name.partition(":")
        if times[path, name] == 1:
            first[path, customer].append(int(change))
    return Arrived(
        lost=plan.endpoints * (plan.events // CHANGES) * CHANGES - len(ids),
        doubled=sum(count - 1 for count in times.values()),
        strangers=sum(len(one) > 1 for one in ids.values()),
        disordered=sum(one != sorted(one) for one in first.values()),
        seconds=seconds,
    )


@contextlib.contextmanager
def stage(extra: dict[str, str]) -> Iterator[Flask]:
    """The application with its tables, which lets go of its connections at the end."""
    app = create_app(from_environment(extra), sink=lambda record: None)
    with app.app_context():
        upgrade()
        db.session.remove()
    try:
        yield app
    finally:
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


def trial(plan: Plan, more: dict[str, str] | None = None) -> Arrived:
    """One run on an installation of its own."""
    with TemporaryDirectory(prefix="countinghouse-bench-") as name:
        folder = Path(name)
        extra = environment(folder) | {"COUNTINGHOUSE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1"} | (more or {})
        listener = Listener(folder / "seen")
        try:
            with stage(extra) as app:
                populate(app, plan, listener.port)
                seconds = deliver(app, plan, extra)
                return judge(plan, listener.lines(), seconds)
        finally:
            listener.stop()


def bare(count: int) -> float:
    """Posts a second of the same client in as many threads, with nothing around it."""
    secret, body = signatures.new_secret(), b'{"name":"' + b"x" * 900 + b'"}'
    sent = signatures.headers(
        secret=secret, previous=None, message_id="msg_1", event="customer.created", delivery_id=1, body=body,
        at=clock.now(),
    )
    with TemporaryDirectory(prefix="countinghouse-bench-") as name:
        listener = Listener(Path(name) / "seen")
        try:
            with ThreadPoolExecutor(THREADS) as pool:
                urls = [f"{listener.base}/{number % 50}" for number in range(count)]
                began = time.monotonic()
                statuses = set(pool.map(lambda url: client.post(url, body, sent, allowed=("127.0.0.1",)).status, urls))
                rate = count / (time.monotonic() - began)
            assert statuses == {200}
            return rate
        finally:
            listener.stop()


def run(endpoints: int = 50, events: int = 2000, kills: int = 20) -> list[Figure]:
    """Both figures: what the outbox costs, and what kills lose."""
    floor = bare(4000)
    steady = Plan(endpoints, events // 5, 0)
    whole = trial(steady)
    rate = steady.deliveries / whole.seconds
    plan = Plan(endpoints, events, kills)
    killed = trial(plan)
    ok = not (killed.lost or killed.strangers or killed.disordered or whole.lost)
    return [
        Figure(
            "webhooks", "deliveries/s of a bare loop of the same client", f"{rate:,.0f} of {floor:,.0f}/s",
            f"{rate / floor:.2f}", ">= 0.30", rate / floor >= 0.30,
        ),
        Figure(
            "webhooks", f"{plan.deliveries:,} deliveries, worker killed {kills} times",
            f"{killed.lost} lost, {killed.disordered} out of order, {killed.doubled} twice (same id), "
            f"{killed.seconds:,.0f} s",
            "", "0 lost, 0 out of order", ok,
        ),
    ]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--endpoints", type=int, default=50)
    parser.add_argument("--events", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=20)
    given = parser.parse_args()
    for one in run(given.endpoints, given.events, given.kills):
        print(one)
