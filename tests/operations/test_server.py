"""The server's processes: graceful stop, replacement of dead children, orphans, slow clients."""

import contextlib
import http.client
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.files
SCRIPT = Path(__file__).with_name("tiny_server.py")


class Running:
    """One server process and what it wrote down."""

    def __init__(self, folder: Path, workers: int, port: int = 0):
        self.journal = folder / "journal"
        self.process = subprocess.Popen(
            [sys.executable, str(SCRIPT), str(port), str(workers), str(self.journal)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline() or 0)

    def get(self, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> str:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        with contextlib.closing(connection):
            connection.request("POST" if body is not None else "GET", path, body, headers or {})
            return connection.getresponse().read().decode()

    def executed(self) -> set[str]:
        return set(self.journal.read_text().split()) if self.journal.exists() else set()

    def children(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(30)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(workers: int = 1, port: int = 0) -> Running:
        started.append(Running(tmp_path, workers, port))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
        running.process.communicate()


def eventually(holds: Callable[[], Any], seconds: float = 150.0) -> Any:
    """Poll until `holds()` is true; its value, or the failure."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if value := holds():
                return value
        pause.wait(0.02)
    raise AssertionError("it did not happen in time")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("workers", [1, 2])
def test_whatever_was_executed_is_answered_when_the_server_is_told_to_stop(start: Any, workers: int) -> None:
    running = start(workers)
    answered: set[str] = set()
    stopping = threading.Event()

    def caller(name: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
        for turn in range(100_000):
            number = f"{name}-{turn}"
            try:
                connection.request("POST", f"/?n={number}&s=0.02", b"x" * 100)
                body = connection.getresponse().read().decode()
            except (OSError, http.client.HTTPException):
                if stopping.is_set():
                    return
                raise
            assert body == f"{number}:100"
            answered.add(number)

    callers = [threading.Thread(target=caller, args=(name,)) for name in range(12)]
    for thread in callers:
        thread.start()
    eventually(lambda: len(answered) > 60)
    stopping.set()
    began = time.monotonic()
    assert running.stop() == 0
    assert time.monotonic() - began < 25
    for thread in callers:
        thread.join(20)
    assert running.executed() == answered


def test_liveness_is_answered_while_every_thread_waits(start: Any) -> None:
    """The server has four threads; eight requests wait for minutes, as they would for a database that hangs."""
    running = start()
    waiting = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(8)]
    try:
        for number, connection in enumerate(waiting):
            connection.sendall(f"GET /?n={number}&s=600 HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        eventually(lambda: len(running.executed()) == 4)
        assert [running.get("/healthz") for _ in range(3)] == ["alive"] * 3
        assert len(running.executed()) == 4
    finally:
        running.process.kill()
        for connection in waiting:
            connection.close()


def call(running: Any) -> tuple[int, str]:
    """Status and body of a request."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=20)
    with contextlib.closing(connection):
        connection.request("GET", "/?n=more")
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def asks(connection: socket.socket, number: int, seconds: int, method: str = "GET") -> None:
    """Send a request that the server is to answer after so many seconds."""
    connection.sendall(f"{method} /?n={number}&s={seconds} HTTP/1.1\r\nHost: x\r\n\r\n".encode())


def test_what_may_write_leaves_a_thread_to_what_reads(start: Any) -> None:
    running = start()
    waiting = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(8)]
    try:
        for number, connection in enumerate(waiting):
            asks(connection, number, 600, "POST")
        eventually(lambda: len(running.executed()) == 3)
        assert running.get("/?n=read") == "read:0"
        assert len(running.executed()) == 4
    finally:
        running.process.kill()
        for connection in waiting:
            connection.close()


def test_a_queue_that_does_not_move_is_refused_at_once_and_liveness_is_not(start: Any) -> None:
    """The server has four threads, and all of them wait for minutes."""
    running = start()
    waiting: list[socket.socket] = []

    def refused_now() -> bool:
        waiting.append(socket.create_connection(("127.0.0.1", running.port)))
        asks(waiting[-1], len(waiting), 600)
        return bool(select.select(waiting, [], [], 0.02)[0])

    try:
        eventually(refused_now)
        assert 5 < len(waiting) < 200                   # some wait for their turn, before there are too many
        began = time.monotonic()
        answers = [call(running) for _ in range(2)]
        assert time.monotonic() - began < 5             # not minutes; 503s do not wait for a thread
        assert [status for status, _ in answers] == [503, 503]
        assert answers[0][1] == "The server has more requests than it can answer. Try again in a moment."
        assert running.get("/healthz") == "alive"
        assert len(running.executed()) == 4
    finally:
        running.process.kill()
        for connection in waiting:
            connection.close()


def test_of_very_many_requests_at_once_all_are_answered(start: Any) -> None:
    """Four threads wait; 700 more requests arrive in one go, more than may wait, or be worded as refusals."""
    running = start()
    waiting = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(4)]
    try:
        for number, connection in enumerate(waiting):
            asks(connection, number, 600)
        eventually(lambda: len(running.executed()) == 4)
        many = [socket.create_connection(("127.0.0.1", running.port), timeout=30) for _ in range(700)]
        waiting += many
        for number, connection in enumerate(many):
            asks(connection, 1000 + number, 600)
        answered: set[socket.socket] = set()
        eventually(lambda: answered.update(select.select(many, [], [], 0)[0]) or len(answered) >= 400)
        heads = [one.recv(100) for one in answered]
        assert {head.split(b" ")[1] for head in heads} == {b"503"}
        assert running.get("/healthz") == "alive"
    finally:
        running.process.kill()
        for connection in waiting:
            connection.close()


def test_an_upload_that_has_begun_is_finished_after_the_stop(start: Any) -> None:
    running = start()
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        connection.sendall(b"POST /?n=upload HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345")
        running.get("/?n=first")
        running.process.terminate()
        eventually(lambda: refused(running.port))
        connection.sendall(b"67890")
        answer = connection.recv(4096)
    assert answer.startswith(b"HTTP/1.1 200")
    assert b"Connection: close" in answer
    assert running.process.wait(10) == 0


def test_a_killed_child_is_replaced_soon(start: Any) -> None:
    running = start(1)
    first = running.get("/pid")
    os.kill(int(first), signal.SIGKILL)
    began = time.monotonic()
    second = eventually(lambda: running.get("/pid"))
    assert second != first
    assert time.monotonic() - began < 15


def test_a_killed_background_worker_is_replaced(start: Any) -> None:
    running = start(1)
    note = Path(f"{running.journal}.worker")
    first = int(eventually(lambda: note.exists() and note.read_text()))
    os.kill(first, signal.SIGKILL)
    eventually(lambda: int(note.read_text() or first) != first)


def test_nothing_stays_on_the_port_when_the_parent_is_killed(start: Any) -> None:
    running = start(2)
    running.get("/pid")
    children = eventually(lambda: len(running.children()) == 3 and running.children())
    running.process.kill()
    eventually(lambda: not any(alive(child) for child in children))
    assert eventually(lambda: refused(running.port))


def test_a_second_server_on_the_same_port_fails_at_once_with_one_line(start: Any) -> None:
    first = start()
    second = start(1, first.port)
    _, words = second.process.communicate(timeout=10)
    assert second.process.returncode == 1
    assert words == f"Cannot listen on 127.0.0.1:{first.port}: Address already in use.\n"
    assert first.get("/?n=1") == "1:0"


def test_three_hundred_slow_clients_do_not_delay_a_normal_one(start: Any) -> None:
    running = start(1)
    slow = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(300)]
    try:
        for number, connection in enumerate(slow):
            half = b"GET /?n=0 HTTP/1.1\r\nHost: x\r\nX-Slow: " if number % 2 else (
                b"POST /?n=0 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\nabc"
            )
            connection.sendall(half)
        took = []
        for number in range(40):
            slow[number].sendall(b"a")
            began = time.monotonic()
            assert running.get(f"/?n={number}") == f"{number}:0"
            took.append(time.monotonic() - began)
        assert sorted(took)[37] < 3                  # far from a time-out: the point is that nothing stalls
    finally:
        for connection in slow:
            connection.close()


def memory_of(pid: int) -> int:
    """The bytes of memory that a process has now, without what it shares with its parent."""
    said = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in said.splitlines() if line.startswith("Private_")) * 1024


def test_bodies_that_have_not_arrived_take_little_memory(start: Any) -> None:
    running = start(1)
    pid = int(running.get("/pid"))
    before = memory_of(pid)
    head = b"POST /?n=0 HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n"
    slow = [socket.create_connection(("127.0.0.1", running.port)) for _ in range(200)]
    try:
        for connection in slow:
            connection.sendall(head + b"a" * 400_000)
        last = slow[-1]                              # what was sent before it has been read by then
        last.sendall(b"a" * 100_000)
        assert last.recv(15) == b"HTTP/1.1 200 OK"
        assert running.get("/?n=1") == "1:0"
        assert memory_of(pid) - before < 30_000_000
    finally:
        for connection in slow:
            connection.close()


def test_callers_who_do_not_read_their_answers_hold_no_thread_and_little_memory(start: Any) -> None:
    running = start(1)
    pid = int(running.get("/pid"))
    before = memory_of(pid)
    deaf = [socket.socket() for _ in range(6)]       # more than there are threads
    try:
        for connection in deaf:
            connection.settimeout(60)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", running.port))
            connection.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n" * 40)
        for number in range(20):
            assert running.get(f"/?n={number}") == f"{number}:0"
        assert memory_of(pid) - before < 30_000_000
        deaf[0].shutdown(socket.SHUT_WR)             # whoever reads after all gets every answer
        got = b"".join(iter(lambda: deaf[0].recv(1_000_000), b""))
        assert got.count(b"HTTP/1.1 200 OK") == 40
        assert got.count(b"x" * 1_000_000) == 40
    finally:
        for connection in deaf:
            connection.close()


def test_a_body_that_is_cut_off_never_runs(start: Any) -> None:
    running = start(1)
    with socket.create_connection(("127.0.0.1", running.port)) as connection:
        connection.sendall(b"POST /?n=cut HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" + b"a" * 40)
    running.get("/?n=whole")
    assert running.stop() == 0
    assert running.executed() == {"whole"}


def test_forwarded_headers_reach_the_application_but_look_alikes_do_not(start: Any) -> None:
    running = start(1)
    assert running.get("/headers", headers={"X-Forwarded-For": "203.0.113.5"}) == "203.0.113.5"
    assert running.get("/headers", headers={"X_Forwarded_For": "203.0.113.5"}) == "-"
