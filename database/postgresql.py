"""Detects within a second that PostgreSQL stops answering, and then fails at once instead of waiting.

Time-outs of the server do not help when the server, or the network, is down. So a thread that waits longer than
CHECK_AFTER checks, on a separate connection, whether the server answers. If so, the statement goes on without limit. If
not, the connection is closed, and for a while no other is tried.
"""

import logging
import socket
import struct
import threading
import time
from collections.abc import Generator
from typing import Any

import psycopg
from sqlalchemy import Engine, event

CHECK_AFTER = 0.8              # seconds of a statement before a check whether the server answers
CHECK_TIMEOUT = 0.8          # seconds for the answer to the check
PING_TIMEOUT = 1.0          # seconds for the statement that tests a connection of the pool
CACHED = 1.0                  # seconds for which a result is cached
CONNECTING = {
    "connect_timeout": 2, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3,
    "tcp_user_timeout": 3000,
}
SSL_REQUEST = struct.pack("!ii", 8, 80877103)           # a server answers it before authentication

log = logging.getLogger("countinghouse.database")
_thread = threading.local()


class ServerCheck:
    """Checks whether the server answers; assumes so until the first connection gives its address."""

    def __init__(self, host: str, port: int):
        self.host, self.port = host, port
        self._checking = threading.Lock()
        self._answers = True
        self._checked_at = float("-inf")

    def answers(self) -> bool:
        """A result at most CACHED seconds old; while one thread checks, the others use the last one."""
        if not self.host or time.monotonic() - self._checked_at < CACHED:
            return self._answers
        waits = self._answers                   # do not wait for a server that did not answer the last time
        if not self._checking.acquire(blocking=waits):
            return False
        try:
            if time.monotonic() - self._checked_at >= CACHED:
                self._note(self._check())
            return self._answers
        finally:
            self._checking.release()

    def _note(self, problem: str) -> None:
        before, self._answers, self._checked_at = self._answers, not problem, time.monotonic()
        if before and problem:
            log.error("PostgreSQL does not answer: %s", problem)
        elif not before and not problem:
            log.warning("PostgreSQL answers again")

    def _check(self) -> str:
        """Check the server; returns the problem, or an empty text."""
        until = time.monotonic() + CHECK_TIMEOUT
        try:
            with self._connected() as connection:
                connection.sendall(SSL_REQUEST)
                connection.settimeout(max(0.01, until - time.monotonic()))
                return "" if connection.recv(1) else "it closes the connection"
        except OSError as problem:
            return str(problem)

    def _connected(self) -> socket.socket:
        if not self.host.startswith("/"):
            return socket.create_connection((self.host, self.port), timeout=CHECK_TIMEOUT)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(CHECK_TIMEOUT)
        connection.connect(f"{self.host}/.s.PGSQL.{self.port}")
        return connection


class WatchedConnection(psycopg.Connection[Any]):
    """A connection that does not wait for a server that is down."""

    server: ServerCheck | None = None

    def wait(self, gen: Any, *given: Any, **more: Any) -> Any:
        return super().wait(gen if self.server is None else self._watched(gen), *given, **more)

    def _watched(self, gen: Any) -> Generator[Any, Any, Any]:
        """Run the steps; when nothing has arrived for a while, check whether the server answers."""
        began = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() - began > CHECK_AFTER:
                    self._fail_if_down(time.monotonic() - began)
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _fail_if_down(self, waited: float) -> None:
        assert self.server is not None
        pinged = getattr(_thread, "pings", False)
        if (pinged and waited > PING_TIMEOUT) or not (pinged or self.server.answers()):
            self.pgconn.finish()
            raise psycopg.OperationalError("the server does not answer")


def watch(engine: Engine) -> None:
    """Keep threads from waiting for a server that is down."""
    server = ServerCheck(engine.url.host or "", engine.url.port or 5432)
    ping = engine.dialect.do_ping

    def connect(_: Any, __: Any, given: Any, named: dict[str, Any]) -> Any:
        if not server.answers():
            raise psycopg.OperationalError("the server does not answer")
        made = WatchedConnection.connect(*given, **(CONNECTING | named))
        made.server, server.host, server.port = server, made.info.host, made.info.port
        return made

    def short_ping(connection: Any) -> bool:
        _thread.pings = True
        try:
            return ping(connection)
        finally:
            _thread.pings = False

    event.listen(engine, "do_connect", connect)
    engine.dialect.do_ping = short_ping  # type: ignore[method-assign, assignment]
