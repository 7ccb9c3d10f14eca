"""`serve` and `worker` as an operator starts them, with the whole application."""

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from analytics.store import requests
from database import db
from domain.people.logins import user_passwords

pytestmark = pytest.mark.files
ROOT = Path(__file__).resolve().parents[2]


class Server:
    """`flask serve` as a process, on a free port."""

    def __init__(self, *options: str):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "app", "serve", "--port", "0", *options], cwd=ROOT,
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=dict(os.environ),
        )
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        assert line.startswith("Listening on "), line + self.process.stderr.read()
        self.said = line
        self.base = next(word for word in line.split() if word.startswith("http"))
        self.printed = ""
        self.rest = threading.Thread(target=self._read, daemon=True)
        self.rest.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        self.printed = self.process.stderr.read()

    def call(self, path: str, key: str, body: Any = None) -> tuple[int, Any]:
        request = urllib.request.Request(
            self.base + path, None if body is None else json.dumps(body).encode(),
            {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as problem:
            return problem.code, json.load(problem)


@pytest.fixture
def serve(installation: Any) -> Iterator[Callable[..., Server]]:
    started: list[Server] = []

    def begin(*options: str) -> Server:
        started.append(Server(*options))
        return started[-1]

    yield begin
    for server in started:
        if server.process.poll() is None:
            server.process.kill()
        server.process.wait()
        server.rest.join()
        server.process.stderr.close()  # type: ignore[union-attr]


@pytest.fixture
def key(installation: Any) -> str:
    installation.run("merchant", "create", "--name", "Ada")
    made = installation.run("key", "create", "--merchant", "1", "--name", "K", "--rate-limit", "1000000")
    return str(made["key"])


def logged(installation: Any) -> int:
    with installation.app.app_context(), db.engines["log"].connect() as connection:
        return int(connection.scalar(select(func.count()).select_from(requests)) or 0)


def test_what_the_server_answers_is_stored_by_its_worker(installation: Any, serve: Any, key: str) -> None:
    server = serve()
    assert server.call("/docs/openapi/public.json", key)[1]["servers"][0]["url"].startswith(server.base + "/")
    status, made = server.call("/v1/api/public/customers", key, {"name": "Bea", "email": "bea@example.com"})
    assert status == 201
    assert server.call(f"/v1/api/public/customers/{made['data']['id']}", key)[0] == 200
    deadline = time.monotonic() + 60
    pause = threading.Event()
    while logged(installation) < 3 and time.monotonic() < deadline:
        pause.wait(0.05)
    assert logged(installation) == 3
    server.process.terminate()
    assert server.process.wait(30) == 0


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_acknowledged_is_lost_or_doubled_when_the_server_ends(
    installation: Any, serve: Any, key: str, how: int
) -> None:
    server = serve()
    acknowledged: list[str] = []

    def write(name: int) -> None:
        for turn in range(10_000):
            email = f"{name}.{turn}@example.com"
            try:
                status, _ = server.call("/v1/api/public/customers", key, {"name": "Bea", "email": email})
            except (OSError, http.client.HTTPException, ValueError):      # not begun, cut off, cut in two
                return
            if status == 201:
                acknowledged.append(email)

    writers = [threading.Thread(target=write, args=(name,)) for name in range(4)]
    for thread in writers:
        thread.start()
    pause = threading.Event()
    while len(acknowledged) < 40:
        pause.wait(0.01)
    server.process.send_signal(how)
    server.process.wait(30)
    for thread in writers:
        thread.join()
    again = serve()
    found: list[str] = []
    page = 1
    while True:
        _, answer = again.call(f"/v1/api/public/customers?limit=100&page={page}", key)
        found += [one["email"] for one in answer["data"]]
        if not answer["pagination"]["hasMore"]:
            break
        page += 1
    assert set(acknowledged) <= set(found)
    assert len(found) == len(set(found))
    if how == signal.SIGTERM:
        assert set(acknowledged) == set(found)
    assert installation.run("check")["ok"]


def processes_of(server: Server) -> set[int]:
    """The server process and its worker, once both run."""
    pid, deadline, pause = server.process.pid, time.monotonic() + 60, threading.Event()
    while time.monotonic() < deadline:
        found = {int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
        if len(found) == 2:
            return found
        pause.wait(0.05)
    raise AssertionError("they do not run")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_processes_that_replace_dead_ones_answer_and_work_as_the_first(serve: Any, key: str) -> None:
    server = serve()
    first = processes_of(server)
    for pid in first:
        os.kill(pid, signal.SIGKILL)
    assert server.call("/docs/openapi/public.json", key)[1]["servers"][0]["url"].startswith(server.base + "/")
    assert not first & processes_of(server)
    server.process.terminate()
    assert server.process.wait(30) == 0
    server.rest.join()
    assert [line.rpartition(" (")[0] for line in sorted(server.printed.splitlines()) if "replacing" in line] == [
        "server 1", "worker",
    ]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_limit_is_exact_over_all_processes_whichever_of_them_is_killed(installation: Any, serve: Any) -> None:
    """Two server processes without Redis; each is killed once while a key is used three times too often."""
    installation.run("merchant", "create", "--name", "Ada")
    key = str(installation.run("key", "create", "--merchant", "1", "--name", "K", "--rate-limit", "150")["key"])
    server = serve("--workers", "2", "--no-worker")
    statuses: list[int] = []

    def call(_: int) -> None:
        try:
            statuses.append(server.call("/v1/api/public/products", key)[0])
        except (OSError, http.client.HTTPException, ValueError):          # cut off: it may have been counted
            statuses.append(0)

    with ThreadPoolExecutor(8) as threads:
        for victim in sorted(processes_of(server)):
            list(threads.map(call, range(30)))
            killing = threads.submit(os.kill, victim, signal.SIGKILL)
            list(threads.map(call, range(20)))
            killing.result()
        processes_of(server)
        list(threads.map(call, range(350)))
    answered, cut = statuses.count(200), statuses.count(0)
    assert set(statuses) <= {200, 429, 0}
    assert 150 - cut <= answered <= 150
    assert server.call("/v1/api/public/products", key)[0] == 429


@pytest.mark.once("is about memory")
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_the_parent_that_waits_has_no_application_in_its_memory(serve: Any) -> None:
    server = serve("--no-worker")
    assert server.call("/healthz", "none")[0] == 200
    mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "python" in mapped
    assert "pydantic" not in mapped
    assert "orjson" not in mapped


def refused_start(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "serve", "--port", "0"], cwd=ROOT,
        env=dict(os.environ) | environment, capture_output=True, text=True, check=False, timeout=60,
    )


@pytest.mark.once("is about the lock of a folder")
def test_a_second_server_on_one_folder_is_refused_until_the_first_has_ended(installation: Any, serve: Any) -> None:
    first = serve()
    refused = refused_start()
    assert refused.returncode == 1
    assert refused.stderr.startswith(
        f"A server is already running on {installation.folder} (process {first.process.pid}): "
    )
    assert len(refused.stderr.splitlines()) == 1
    first.process.kill()
    first.process.wait(30)
    assert serve().call("/healthz", "none")[0] == 200


def test_a_server_without_users_prints_the_first_steps_and_they_work(installation: Any, serve: Any) -> None:
    server = serve("--upgrade", "--no-worker")
    assert server.call("/healthz", "none")[0] == 200     # by now it has said all it has to say
    server.process.terminate()
    server.process.wait(30)
    server.rest.join()
    merchant, user = [line for line in server.printed.splitlines() if " create --" in line]
    user += " --password 'seven quiet ledgers at dusk'"
    for line in (merchant, user):
        subprocess.run(line, shell=True, cwd=ROOT, check=True, capture_output=True)
    with installation.app.app_context():
        assert user_passwords.verified("you@example.com", "seven quiet ledgers at dusk")
    assert f"{server.base}/login" in server.printed
    again = serve("--no-worker")
    assert again.call("/healthz", "none")[0] == 200
    again.process.terminate()
    again.rest.join()
    assert again.printed == ""


@pytest.mark.once("is about what the server prints")
def test_a_server_that_is_open_to_the_network_says_so(serve: Any) -> None:
    server = serve("--host", "0.0.0.0", "--no-worker")
    port = server.base.rpartition(":")[2]
    assert server.said == f"Listening on all addresses, port {port}: http://127.0.0.1:{port} here (stop with Ctrl-C)\n"


@pytest.mark.once("stops before it looks for a database")
def test_a_malformed_setting_stops_the_start_with_one_line(installation: Any) -> None:
    environment = dict(os.environ) | {"COUNTINGHOUSE_TRUSTED_PROXIES": "many"}
    result = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "app", "serve"], cwd=ROOT, env=environment, capture_output=True,
        text=True, check=False,
    )
    assert result.returncode == 1
    assert result.stderr == (
        "COUNTINGHOUSE_TRUSTED_PROXIES is malformed: expected a whole number from 0 to 10.\n"
    )
