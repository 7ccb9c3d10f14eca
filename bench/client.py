"""A client of the APIs for replays: several connections, and retries that create nothing twice."""

import hashlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

PREFIX = "/v1/api/public"
TRIES = 12
LONGEST_PAUSE = 30.0            # seconds, whatever Retry-After says
PER_PAGE = 100
AGAIN = (429, 500, 502, 503, 504)


class Refused(Exception):
    """The server refused the request for a reason that a retry would not change."""


@dataclass
class Tally:
    """The counts and ids of one run."""

    ids: set[str] = field(default_factory=set)          # X-Request-Id of every answer
    unanswered: int = 0                                 # sent, perhaps executed, never answered
    repeated: int = 0
    replayed: int = 0                                   # answered from an earlier run
    waited: float = 0.0                                 # seconds that the server asked for

    @property
    def answered(self) -> int:
        return len(self.ids)


class Client:
    """One key or token at one address and contract; every thread has a connection of its own."""

    def __init__(self, base: str, key: str, prefix: str = PREFIX):
        self.parts = urlsplit(base)
        if self.parts.scheme not in ("http", "https") or not self.parts.hostname:
            raise Refused(f"{base} is not an address such as http://127.0.0.1:8000")
        self.prefix = prefix
        self.headers = {"Authorization": f"Bearer {key}", "User-Agent": "countinghouse-replay"}
        self.tally = Tally()
        self.stop = threading.Event()
        self._own = threading.local()
        self._guard = threading.Lock()
        self._opened: list[http.client.HTTPConnection] = []

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        for connection in self._opened:
            connection.close()

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """POST under a key derived from what is sent: the same body creates once, however often it is sent."""
        raw = json.dumps(body, ensure_ascii=False, sort_keys=True).encode()
        data: dict[str, Any] = self.post(path, raw, "application/json")["data"]
        return data

    def post(self, path: str, raw: bytes, content_type: str) -> Any:
        """The answer to a POST under a key derived from what is sent."""
        name = hashlib.sha256(path.encode() + b"\n" + raw).hexdigest()
        return self.call("POST", path, raw, {"Idempotency-Key": f"replay-{name}", "Content-Type": content_type})

    def everything(self, path: str) -> Iterator[dict[str, Any]]:
        """All rows of a list, oldest first, so that rows created meanwhile shift no page."""
        page, more = 1, True
        while more:
            found = self.call("GET", f"{path}?limit={PER_PAGE}&page={page}&sort=createdAt&order=asc")
            yield from found["data"]
            page, more = page + 1, found["pagination"]["hasMore"]

    def call(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Any:
        """Send one request until it gets a final response; raises Refused for anything that is not a 2xx."""
        pause, why = 0.1, ""
        for turn in range(TRIES):
            if turn:
                self._pause(pause)
            try:
                status, answer, said = self._once(method, path, body, headers or {})
            except (OSError, http.client.HTTPException) as problem:
                why, pause = f"{type(problem).__name__}: {problem}", min(pause * 2, 5.0)
                continue
            if status not in AGAIN:
                return self._read(method, path, status, said)
            why, pause = f"{status} {said[:200]!r}", _wanted(answer, pause)
        raise Refused(f"{method} {path} was not answered in {TRIES} tries; the last: {why}")

    def _once(
        self, method: str, path: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = self._connection()
        kind = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(method, self.prefix + path, body, self.headers | kind | headers)
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        try:
            response = connection.getresponse()
            said = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            with self._guard:
                self.tally.unanswered += 1
            raise
        with self._guard:
            self.tally.ids.add(response.headers["X-Request-Id"])
            self.tally.replayed += response.headers.get("Idempotent-Replayed") == "true"
        return response.status, response.headers, said

    def _connection(self) -> http.client.HTTPConnection:
        if getattr(self._own, "connection", None) is None:
            kind = http.client.HTTPSConnection if self.parts.scheme == "https" else http.client.HTTPConnection
            self._own.connection = kind(self.parts.hostname or "", self.parts.port, timeout=60)
            self._opened.append(self._own.connection)
        connection: http.client.HTTPConnection = self._own.connection
        return connection

    def rest(self) -> None:
        """Close this thread's connection, which the server would close after being idle."""
        self._connection().close()

    def _pause(self, seconds: float) -> None:
        with self._guard:
            self.tally.repeated += 1
            self.tally.waited += seconds
        if self.stop.wait(seconds):
            raise Refused("stopped")

    @staticmethod
    def _read(method: str, path: str, status: int, said: bytes) -> Any:
        if not 200 <= status < 300:
            raise Refused(f"{method} {path}: {status} {said[:500].decode(errors='replace')}")
        return json.loads(said, parse_float=Decimal)


def _wanted(answer: http.client.HTTPMessage, pause: float) -> float:
    """How long to wait: what the server asks for, else twice as long as before."""
    asked = answer.get("Retry-After", "")
    if asked.isdigit():
        return min(float(asked), LONGEST_PAUSE)
    return min(pause * 2, 5.0)


def now_us() -> int:
    """Microseconds since 1970, as the request log counts."""
    return time.time_ns() // 1000
