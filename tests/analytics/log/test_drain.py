"""The drainer stores each record exactly once, whatever process is killed."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from analytics.log.drain import backlog, catch_up, drain, draining, oldest_us, positions
from analytics.log.spool import Spool, read
from analytics.rollups import rollup
from analytics.store import cells, keys, requests, shapes
from database import db
from tests.analytics.log_samples import NOW_US, record

pytestmark = pytest.mark.files


def stored(*columns):
    with db.engines["log"].connect() as connection:
        return [tuple(row) for row in connection.execute(select(*columns).order_by(requests.c.id))]


def test_requests_arrive_in_the_database(log, spool, folder):
    spool.append(record(request_id="a"))
    spool.append(record(request_id="b", status=404, error_code="not_found"))
    assert drain(folder).rows == 2
    assert stored(requests.c.request_id, requests.c.duration_us, requests.c.ip) == [
        ("a", 12_345, "192.0.2.7"), ("b", 12_345, "192.0.2.7")]


def test_draining_twice_stores_once(log, spool, folder):
    spool.append(record())
    drain(folder)
    assert drain(folder).rows == 0
    assert len(stored(requests.c.id)) == 1


def test_small_chunks_give_the_same(log, folder):
    spool = Spool(folder, rotate_at=3000)
    for number in range(57):
        spool.append(record(request_id=str(number)))
    assert drain(folder, chunk=5).rows == 57
    assert [row[0] for row in stored(requests.c.request_id)] == [str(number) for number in range(57)]


def test_files_of_ended_processes_are_removed_and_those_of_running_ones_stay(log, spool, folder):
    spool.append(record())
    other = Spool(folder)
    other.append(record())
    other.close()
    drain(folder)
    assert len(list(folder.glob("*.spool"))) == 1
    assert len(positions()) == 1
    spool.append(record())
    drain(folder)
    assert len(stored(requests.c.id)) == 3


def test_an_incomplete_end_of_a_closed_file_is_dropped(log, folder):
    spool = Spool(folder)
    spool.append(record(request_id="whole"))
    spool.append(record(request_id="torn"))
    spool.close()
    path = next(folder.glob("*.spool"))
    with path.open("r+b") as file:
        file.truncate(len(read(path)) - 9)
    drain(folder)
    assert stored(requests.c.request_id) == [("whole",)]
    assert not path.exists()


def test_an_invalid_record_is_counted_and_the_rest_stored(log, spool, folder):
    spool.append({"path": "x"})
    spool.append(record(status="abc"))
    spool.append(record(request_id="good"))
    assert drain(folder).damaged == 2
    assert stored(requests.c.request_id) == [("good",)]


def test_calls_of_a_batch_are_listed_under_their_parent(log, spool, folder):
    call = {"method": "RPC", "endpoint": "rpc:clients.get", "operation": "clients.get", "status": 200,
            "error_code": None, "duration_us": 100}
    spool.append(record(endpoint="rpc:batch", method="POST", children=[call, {**call, "error_code": "-32602"}]))
    drain(folder)
    (batch,), (one,), (two,) = stored(requests.c.parent_id)
    assert batch is None
    assert one == two == stored(requests.c.id)[0][0]
    with db.engines["log"].connect() as connection:
        rows = connection.execute(
            select(shapes.c.endpoint, shapes.c.kind, shapes.c.status_class).where(shapes.c.grain == 0))
        assert {tuple(row) for row in rows} == {
            ("rpc:batch", 0, 2), ("rpc:clients.get", 1, 2), ("rpc:clients.get", 1, 6)}


def test_the_last_use_of_a_key_is_kept(log, spool, folder):
    spool.append(record(NOW_US + 5, ip="192.0.2.2"))
    spool.append(record(NOW_US, ip="192.0.2.1"))
    drain(folder)
    spool.append(record(NOW_US + 2, ip="192.0.2.3"))
    drain(folder)
    with db.engines["log"].connect() as connection:
        assert connection.execute(select(keys)).all() == [(3, NOW_US + 5, "192.0.2.2")]


def test_catching_up_makes_the_newest_readable(log, spool, folder):
    assert catch_up(folder, within=1)
    spool.append(record())
    assert backlog(folder) > 0
    assert oldest_us(folder) == NOW_US
    assert catch_up(folder, within=5)
    assert backlog(folder) == 0
    assert oldest_us(folder) is None


def test_catching_up_waits_no_longer_than_said(log, spool, folder):
    spool.append(record())
    with draining(folder) as ours:
        assert ours
        began = time.monotonic()
        assert not catch_up(folder, within=0.05)
        assert time.monotonic() - began < 10           # who waits for the other waits without end
        assert drain(folder) is None


def test_a_broken_database_is_no_error_while_catching_up(log, spool, folder):
    spool.append(record())
    db.drop_all(bind_key="log")
    assert not catch_up(folder, within=1)


def test_a_failed_transaction_leaves_everything_in_the_spool(log, spool, folder, monkeypatch):
    spool.append(record(request_id="a"))

    def fail(*_):
        raise RuntimeError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(rollup.bulk, "put_keys", fail)
        with pytest.raises(RuntimeError):
            drain(folder)
    assert stored(requests.c.id) == []
    drain(folder)
    assert stored(requests.c.id, requests.c.request_id) == [(1, "a")]


WRITER = """
import sys
from analytics.log.spool import Spool
from tests.analytics.log_samples import record
from pathlib import Path
spool = Spool(Path(sys.argv[1]), rotate_at=40_000)
number = 0
while True:
    if spool.append(record(request_id=f"{sys.argv[2]}-{number}")):
        print(number, flush=True)
    number += 1
"""
DRAINER = """
import sys
from analytics.log.drain import drain
from pathlib import Path
from tests.analytics.log_samples import log_app
with log_app(sys.argv[2]).app_context():
    print("ready", flush=True)
    while True:
        drain(Path(sys.argv[1]), chunk=200)
"""


def start(source: str, *arguments: str) -> subprocess.Popen:
    root = str(Path(__file__).resolve().parents[3])
    return subprocess.Popen(
        [sys.executable, "-c", source, *arguments], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": root})


def test_kill_9_loses_and_doubles_nothing(log, folder, log_url):
    """Two writers and a drainer are killed again and again; what was acknowledged is there once."""
    acknowledged: set[str] = set()
    dice = random.Random(7)
    for round_ in range(3):
        writers = {f"{round_}{name}": start(WRITER, str(folder), f"{round_}{name}") for name in "ab"}
        for _ in range(2):
            drainer = start(DRAINER, str(folder), log_url)
            drainer.stdout.readline()
            # A few acknowledgements further, at a moment that nobody has chosen:
            for name, writer in writers.items():
                for _ in range(dice.randrange(100, 900)):
                    acknowledged.add(f"{name}-{int(writer.stdout.readline())}")
            drainer.send_signal(signal.SIGKILL)
            drainer.wait()
            drainer.stdout.close()
        for name, writer in writers.items():
            writer.send_signal(signal.SIGKILL)
            rest = writer.communicate()[0].splitlines(keepends=True)
            acknowledged |= {f"{name}-{int(line)}" for line in rest if line.endswith("\n")}
    drain(folder)
    found = [row[0] for row in stored(requests.c.request_id)]
    assert len(found) == len(set(found))
    assert acknowledged <= set(found)
    assert len(acknowledged) > 1000
    with db.engines["log"].connect() as connection:
        day = (cells.c.level == 1440) & (shapes.c.grain == 8)
        joined = cells.join(shapes, shapes.c.id == cells.c.shape_id)
        total = connection.scalar(select(func.sum(cells.c.count)).select_from(joined).where(day))
    assert total == len(found)
