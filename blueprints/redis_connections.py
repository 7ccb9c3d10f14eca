"""Connections to Redis that end at a thread's deadline. Loaded only where Redis is configured: it takes 6 MB."""

import time
from typing import Any

from redis import Connection, SSLConnection, UnixDomainSocketConnection
from redis.backoff import NoBackoff
from redis.retry import Retry

from blueprints.shared_counters import waiting


class TimedSocket:
    """A socket whose operations end at the thread's deadline, not at a time-out of their own."""

    def __init__(self, real: Any):
        self._real = real
        self._timeout: float | None = real.gettimeout()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout
        self._real.settimeout(timeout)

    def recv(self, *given: Any) -> bytes:
        self._set_timeout()
        found: bytes = self._real.recv(*given)
        return found

    def recv_into(self, *given: Any) -> int:
        self._set_timeout()
        count: int = self._real.recv_into(*given)
        return count

    def sendall(self, *given: Any) -> None:
        self._set_timeout()
        self._real.sendall(*given)

    def _set_timeout(self) -> None:
        until = getattr(waiting, "until", None)
        if until is None or self._timeout == 0:             # 0: does not wait
            return
        left = until - time.monotonic()
        if left <= 0:
            raise TimeoutError("Redis took too long")
        self._real.settimeout(left)


def _timed(kind: Any) -> Any:
    """The connection class with a timed socket."""

    class Timed(kind):  # type: ignore[misc]
        def _connect(self) -> Any:
            return TimedSocket(super()._connect())

    return Timed


TCP, TLS, UNIX = _timed(Connection), _timed(SSLConnection), _timed(UnixDomainSocketConnection)
REDIS_OPTIONS: dict[str, Any] = {
    "socket_timeout": 0.2, "socket_connect_timeout": 0.15, "wrap_exceptions": True, "retry": Retry(NoBackoff(), 0),
    "connection_class": TCP,
}


def options(url: str) -> dict[str, Any]:
    """The options to connect to the Redis at this URL."""
    kind = {"rediss": TLS, "unix": UNIX}.get(url.partition(":")[0], TCP)
    return REDIS_OPTIONS | {"connection_class": kind}
