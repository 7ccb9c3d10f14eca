"""P3, second part: checks that no acknowledged request is lost or logged twice when the server is killed.

Eight callers ask without a pause; the server, process and children, is killed with -9 and started
again, twenty times. Afterwards every request id that a caller was given stands in the log exactly
once. More may stand there: requests that were logged, and whose answer the kill cut off.
"""

import contextlib
import http.client
import random
import socket
import sys
import threading
from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from analytics.log import drain
from analytics.store import requests
from app import create_app
from bench.figures import Figure
from bench.installation import PATH, Installation, Server, installation
from database import db

KILLS = 20
CALLERS = 8
SHORTEST, LONGEST = 0.3, 1.0    # seconds of load before a kill


@dataclass(frozen=True, slots=True)
class Survived:
    """The counts of the callers and of the log."""

    kills: int
    acknowledged: int
    logged: int
    lost: int
    doubled: int


class Callers:
    """Threads that call until they are told to stop, and keep the ids of the answers they got whole."""

    def __init__(self, key: str):
        self.headers = {"Authorization": f"Bearer {key}"}
        self.port = 0
        self.ids: list[str] = []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self._call) for _ in range(CALLERS)]

    def __enter__(self) -> "Callers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _call(self) -> None:
        while not self.stop.wait(0.01):
            with contextlib.suppress(OSError, http.client.HTTPException):
                self._until_it_breaks()

    def _until_it_breaks(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        with contextlib.closing(connection):
            while not self.stop.is_set():
                connection.request("GET", PATH, headers=self.headers)
                answer = connection.getresponse()
                answer.read()
                self.ids.append(answer.headers["X-Request-Id"])


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def survive(here: Installation, kills: int, seed: int = 1) -> Survived:
    """Load the server, kill and restart it repeatedly; then compare."""
    chance, pause = random.Random(seed), threading.Event()
    command = [sys.executable, "-m", "bench.serve", "worker", str(free_port())]
    with Callers(here.key) as callers:
        for _ in range(kills):
            server = Server(command, here.environment)
            callers.port, before = server.port, len(callers.ids)
            while len(callers.ids) < before + CALLERS:
                pause.wait(0.01)
            pause.wait(chance.uniform(SHORTEST, LONGEST))
            server.kill()
    return compare(here, kills, callers.ids)


def compare(here: Installation, kills: int, acknowledged: list[str]) -> Survived:
    """The log after it was drained, against the answers."""
    app = create_app(here.settings)
    with app.app_context():
        drain.drain(here.settings.spool)
        with db.engines["log"].connect() as connection:
            rows = Counter(connection.scalars(select(requests.c.request_id)))
        for engine in db.engines.values():
            engine.dispose()
    lost = sum(one not in rows for one in acknowledged)
    doubled = sum(count - 1 for count in rows.values())
    return Survived(kills, len(acknowledged), rows.total(), lost, doubled)


def run(kills: int = KILLS) -> list[Figure]:
    with installation() as here:
        found = survive(here, kills)
    return [Figure(
        "P3", f"requests lost or doubled over {found.kills} kills, eight callers",
        f"{found.acknowledged:,} acknowledged, {found.logged:,} logged",
        f"{found.lost} lost, {found.doubled} doubled", "0 and 0", not (found.lost or found.doubled),
    )]
