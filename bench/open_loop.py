"""Sends requests at a given rate whether or not earlier ones were answered, and times each from when it was due.

A caller that waits for an answer before it asks again slows down with the server and hides its queue; this one does
not. Connections are kept alive and used again; there are as many as there are requests without an answer.
"""

import asyncio
import re
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
PATIENCE = 90.0                     # seconds after the last request until what is unanswered counts as lost
MOST = 900                          # connections
CLOSES = b"\r\nconnection: close"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, under a name by which the answers are sorted."""

    kind: str
    raw: bytes


@dataclass
class Answers:
    """The outcome of a run: seconds from due to answered, by kind and status; 0 is the status of what was lost."""

    seconds: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    sent: int = 0
    lasted: float = 0.0
    retry_after: int = 0            # of the 503
    samples: dict[tuple[str, int], bytes] = field(default_factory=dict)     # the first refusal of each kind

    def add(self, kind: str, status: int, seconds: float, answer: bytes) -> None:
        self.seconds.setdefault((kind, status), []).append(seconds)
        self.retry_after += status == 503 and b"\r\nretry-after:" in answer.lower()
        if status >= 400:
            self.samples.setdefault((kind, status), answer[:1000])

    def with_status(self, accepts: Callable[[int], bool]) -> list[float]:
        """All times of answers with such a status, shortest first."""
        return sorted(one for (_, status), times in self.seconds.items() if accepts(status) for one in times)

    @property
    def statuses(self) -> Counter[int]:
        found: Counter[int] = Counter()
        for (_, status), times in self.seconds.items():
            found[status] += len(times)
        return found


def part(times: list[float], share: float) -> float:
    """The percentile of sorted times; 0 of none."""
    return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0


class Connection(asyncio.Protocol):
    """One connection with at most one request on its way."""

    def __init__(self, run: "Run"):
        self.run = run
        self.got = b""
        self.whole = 0              # bytes of the answer, once its head is there
        self.sent: tuple[Request, float] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport                  # type: ignore[assignment]

    def send(self, request: Request, due: float) -> None:
        self.got, self.whole, self.sent = b"", 0, (request, due)
        self.transport.write(request.raw)

    def data_received(self, data: bytes) -> None:
        self.got += data
        if not self.whole:
            end = self.got.find(b"\r\n\r\n")
            if end < 0:
                return
            stated = LENGTH.search(self.got, 0, end)
            self.whole = end + 4 + (int(stated[1]) if stated else 0)
        if len(self.got) >= self.whole and self.sent is not None:
            (request, due), self.sent = self.sent, None
            self.run.answered(request.kind, int(self.got[9:12]), due, self.got)
            if CLOSES in self.got[: self.whole].lower():
                self.transport.close()
            else:
                self.run.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.lost(self)


class Run:
    """One run at one rate."""

    def __init__(self, port: int):
        self.port = port
        self.answers = Answers()
        self.idle: list[Connection] = []
        self.open = 0
        self.waiting: deque[tuple[Request, float]] = deque()
        self.under_way = 0

    async def go(self, make: Callable[[int], Request], rate: float, seconds: float) -> Answers:
        began = time.perf_counter()
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (pause := due - time.perf_counter()) > 0.001:
                await asyncio.sleep(pause)
            self.answers.sent += 1
            self.under_way += 1
            self.send(make(number), due)
            if number % 8 == 0:
                await asyncio.sleep(0)
        deadline = time.perf_counter() + PATIENCE
        while self.under_way and time.perf_counter() < deadline:
            await asyncio.sleep(0.005)
        self.answers.lasted = time.perf_counter() - began
        for _ in range(self.under_way):
            self.answers.add("lost", 0, PATIENCE, b"")
        return self.answers

    def send(self, request: Request, due: float) -> None:
        while self.idle:
            found = self.idle.pop()
            if not found.transport.is_closing():
                found.send(request, due)
                return
        if self.open < MOST:
            self.open += 1
            asyncio.ensure_future(self._connect(request, due))  # noqa: RUF006  (counted by under_way)
        else:
            self.waiting.append((request, due))

    async def _connect(self, request: Request, due: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, made = await loop.create_connection(lambda: Connection(self), "127.0.0.1", self.port)
        except OSError:
            self.open -= 1
            self.answered(request.kind, 0, due, b"")
            return
        made.send(request, due)

    def free(self, connection: Connection) -> None:
        if self.waiting:
            connection.send(*self.waiting.popleft())
        else:
            self.idle.append(connection)

    def answered(self, kind: str, status: int, due: float, answer: bytes) -> None:
        self.under_way -= 1
        self.answers.add(kind, status, time.perf_counter() - due, answer)

    def lost(self, connection: Connection) -> None:
        self.open -= 1
        if connection in self.idle:
            self.idle.remove(connection)
        if connection.sent is not None:
            (request, due), connection.sent = connection.sent, None
            self.answered(request.kind, 0, due, b"")
        if self.waiting:
            self.send(*self.waiting.popleft())


def send(port: int, make: Callable[[int], Request], rate: float, seconds: float) -> Answers:
    """Send what `make` gives for each number, `rate` a second."""
    return asyncio.run(Run(port).go(make, rate, seconds))
