"""The background worker: its jobs, and failures that it survives."""

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

import worker
from analytics.log.spool import Spool
from analytics.store import requests
from database import db, transaction
from domain import clock
from models.reply import IdempotentReply
from operations.check import HEARTBEAT

pytestmark = pytest.mark.files


def test_one_turn_does_everything_that_is_due(installation: Any, record: Any) -> None:
    installation.run("merchant", "create", "--name", "A")
    Spool(installation.settings.spool).append(record)
    with installation.app.app_context():
        with transaction() as session:
            old = clock.now() - timedelta(hours=25)
            session.add(IdempotentReply(
                owner="merchant:1", test=False, contract="public", key="k", part=0, fingerprint="f", status=201,
                body=b"", headers={}, created_at=old,
            ))
        pause = worker.Worker(worker.jobs(installation.settings)).turn(time.monotonic())
        assert 0 <= pause <= worker.LOG_EVERY
        assert db.session.scalars(select(IdempotentReply)).all() == []
        with db.engines["log"].connect() as connection:
            assert len(connection.execute(select(requests.c.id)).all()) == 1
    assert (installation.folder / HEARTBEAT).exists()


def test_several_workers_at_once_store_each_request_once(installation: Any, record: Any) -> None:
    spool = Spool(installation.settings.spool)
    for number in range(300):
        spool.append(record | {"request_id": f"req_{number}"})
    workers = [worker.Worker(worker.jobs(installation.settings)) for _ in range(4)]

    def work(one: worker.Worker) -> None:
        with installation.app.app_context():
            one.turn(time.monotonic())

    threads = [threading.Thread(target=work, args=(one,)) for one in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with installation.app.app_context():
        workers[0].turn(time.monotonic() + 1)
        with db.engines["log"].connect() as connection:
            stored = connection.scalars(select(requests.c.request_id)).all()
    assert sorted(stored) == sorted(f"req_{number}" for number in range(300))


def test_a_failing_job_is_tried_later_and_later_and_stops_no_other(installation: Any, caplog: Any) -> None:
    done: list[str] = []

    def fails() -> bool:
        raise OSError("the disk is full")

    def works() -> bool:
        done.append("work")
        return False

    one = worker.Worker([worker.Job("failing", 3600, fails), worker.Job("working", 5, works)])
    with installation.app.app_context():
        pauses = [one.turn(time.monotonic() + ahead) for ahead in (0, 2, 5, 10)]
    assert [round(pause) for pause in pauses] == [1, 2, 4, 5]
    assert done == ["work", "work", "work"]
    assert "failing failed (4 in a row)" in caplog.text


def test_a_job_with_more_to_do_is_due_again_at_once(installation: Any) -> None:
    one = worker.Worker([worker.Job("long", 3600, lambda: True)])
    with installation.app.app_context():
        assert one.turn(time.monotonic()) == 0.0


def test_batches_go_on_until_nothing_is_left(installation: Any) -> None:
    left = [250]

    def step(size: int) -> int:
        done = min(size, left[0])
        left[0] -= done
        return done

    with installation.app.app_context():
        assert worker.in_batches(step, 100)() is False
    assert left == [0]


def test_a_stopped_worker_ends_at_once(installation: Any) -> None:
    one = worker.Worker(worker.jobs(installation.settings))
    one.stop()
    with installation.app.app_context():
        one.run()
    assert not (installation.folder / HEARTBEAT).exists()
