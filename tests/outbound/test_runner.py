"""Threads of the outbox's runner: how they are shared between receivers, and how they end."""

import os
import signal
import subprocess
import sys

import pytest
from sqlalchemy import func, select, update

from bench.installation import eventually
from bench.webhooks import ROOT, Plan, clean, left, populate, stage
from database import db, transaction
from domain import clock
from domain.outbox import leases, tasks
from models.outbox import Task, TaskStatus
from models.webhook import Attempt
from outbound import client
from outbound.runner import Runner
from tests import cast
from tests.outbound.conftest import make_endpoint, receiving


@pytest.fixture
def impatient(monkeypatch):
    """What gets no answer ends after a second; the function gives it another deadline. What is answered has time."""
    real = client.post

    def end_after(seconds):
        def post(url, *given, **more):
            return real(url, *given, **more, deadline=client.DEADLINE if "/200" in url else seconds)

        monkeypatch.setattr(client, "post", post)

    end_after(1.0)
    return end_after


def failures():
    return db.session.scalar(select(func.count()).where(Attempt.error.is_not(None)))


def statuses():
    db.session.expire_all()
    return [task.status for task in db.session.scalars(select(Task).order_by(Task.id))]


def test_a_stop_lets_what_is_under_way_come_to_its_end_and_keeps_the_result(alder, receiver, impatient):
    make_endpoint(alder, receiver.url("/200"))
    make_endpoint(alder, receiver.url("/hang"))
    cast.make_customer(alder)
    runner = Runner()
    runner.turn()
    runner.stop()
    assert statuses() == [TaskStatus.DONE, TaskStatus.PENDING]
    assert db.session.scalars(select(Task.lease_until)).all() == [None, None]
    assert db.session.scalars(select(Task.attempts).order_by(Task.id)).all() == [1, 1]


def test_slow_receivers_occupy_at_most_half_of_the_threads(alder, receiver, impatient):
    for number in range(4):
        make_endpoint(alder, receiver.url(f"/hold/{number}"))
    for number in range(3):
        cast.make_customer(alder, f"Customer {number}")
    runner = Runner(threads=4)
    with receiver.holding():
        impatient(0.05)
        while runner.turn():
            pass                                          # each fails once: now they are known as slow
        before = failures()
        assert before >= 4
        impatient(client.DEADLINE)
        with transaction():
            db.session.execute(update(Task).values(due_at=clock.now()))
        runner.turn()                                     # they have the hands that they get
        make_endpoint(alder, receiver.url("/200"))
        cast.make_customer(alder, "The quick one")
        while not any(one["path"] == "/200" for one in receiver.seen):
            runner.turn()
        assert failures() == before                       # no hand of the slow ones was free again
    runner.stop()


def test_the_lease_of_a_task_that_takes_long_is_renewed(alder, receiver, monkeypatch):
    make_endpoint(alder, receiver.url("/hold"))
    cast.make_customer(alder)
    monkeypatch.setattr("outbound.runner.RENEW", 0.05)
    runner = Runner()
    with receiver.holding():
        runner.turn()
        first = db.session.scalar(select(Task.lease_until))
        db.session.rollback()
        runner.turn()
        assert db.session.scalar(select(Task.lease_until)) > first
    runner.stop()


def test_a_task_of_unknown_kind_fails_alone(alder, work):
    with transaction():
        tasks.put("dance", lane="a", pool="a", payload={})
        tasks.put("mail", lane="b", pool="b", payload={"notice": "unheard of"}, merchant_id=alder)
    work()
    assert statuses() == [TaskStatus.FAILED, TaskStatus.DONE]


def test_an_idle_worker_takes_no_lock(context, work, monkeypatch):
    monkeypatch.setattr(leases, "claim", None)            # to call it would be an error
    work()


@pytest.mark.files
@pytest.mark.once("the process is the same on both databases; test_kill.py runs it on PostgreSQL")
def test_a_worker_that_is_stopped_finishes_its_current_tasks(tmp_path, own_database):
    extra = {
        "COUNTINGHOUSE_INSTANCE": str(tmp_path / "instance"), "COUNTINGHOUSE_WEBHOOK_ALLOWED_HOSTS": "127.0.0.1",
        "COUNTINGHOUSE_BCRYPT_COST": "4",
    }
    plan = Plan(endpoints=4, events=50, kills=0)
    with receiving(tmp_path) as receiver, stage(extra) as app:
        populate(app, plan, receiver.port)
        worker = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "worker"], cwd=ROOT, env=clean() | extra,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        try:
            eventually(lambda: len(receiver.seen) >= 10, 150, "the tenth delivery")
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(20) == 0
        finally:
            if worker.poll() is None:
                os.kill(worker.pid, signal.SIGKILL)
                worker.wait()
        # Every request that the receiver saw is stored as delivered: none is made again.
        assert plan.deliveries - left(app) == len(receiver.seen)
