"""Defines the results of queries.py: frozen values. Times are microseconds (`_us`), sizes bytes."""

from dataclasses import dataclass
from datetime import datetime

from analytics.rollups.grains import FIRST_ERROR


@dataclass(frozen=True, slots=True)
class Totals:
    """The key figures of a period."""

    requests: int
    errors: int
    redirects: int
    client_errors: int
    server_errors: int
    rpc_errors: int
    throttled: int
    request_bytes: int
    response_bytes: int
    average_us: float | None
    max_us: int | None
    p50_us: float | None
    p95_us: float | None
    p99_us: float | None

    @property
    def error_rate(self) -> float:
        """From 0 to 1."""
        return self.errors / self.requests if self.requests else 0.0

    @property
    def succeeded(self) -> int:
        return self.requests - self.errors - self.redirects


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of a chart."""

    start: datetime
    end: datetime
    classes: dict[int, int]         # status class to requests
    throttled: int
    response_bytes: int

    @property
    def requests(self) -> int:
        return sum(self.classes.values())

    @property
    def errors(self) -> int:
        return sum(count for status_class, count in self.classes.items() if status_class >= FIRST_ERROR)


@dataclass(frozen=True, slots=True)
class Latency:
    """Percentiles of one bucket, None without timed requests."""

    start: datetime
    end: datetime
    p50_us: float | None
    p95_us: float | None
    p99_us: float | None


@dataclass(frozen=True, slots=True)
class EndpointUse:
    """One endpoint in a list of the most used."""

    contract: str
    method: str
    endpoint: str
    requests: int
    errors: int
    p95_us: float | None
    trend: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ErrorType:
    """Failures of one kind."""

    status: int
    error_code: str | None
    requests: int


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One key in a list of the most used; a None key stands for requests without one."""

    key_id: int | None
    merchant_id: int | None
    requests: int
    errors: int
    last_at: datetime | None
