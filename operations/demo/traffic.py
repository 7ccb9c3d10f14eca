"""Generates ninety days of requests until now: daily rhythm, growth, usual errors, and an incident.

The incident: a version of the ERP connector polls without a pause, exceeds its limit, slows down all
writes for an hour and a half, and is replaced.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from operations.demo import DAYS, Demo, Key

Record = dict[str, Any]

INCIDENT_AGE, INCIDENT_LENGTH = timedelta(days=2), timedelta(minutes=95)
INCIDENT_CALLS = 1500
LIMIT = 1000                      # calls an hour
SEED = 85123
OFFICE = (0, 0, 0, 0, 0, 0, 1, 3, 8, 12, 13, 12, 8, 11, 13, 12, 10, 7, 3, 2, 1, 1, 0, 0)
SHOPPING = (1, 1, 0, 0, 0, 0, 1, 2, 4, 6, 7, 8, 9, 8, 7, 7, 8, 9, 10, 12, 13, 11, 6, 3)
NIGHT = (0, 0, 40, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
ANY_HOUR = (1,) * 24


@dataclass(frozen=True, slots=True)
class Operation:
    """One kind of call: its usual duration and its failures."""

    method: str
    noun: str
    verb: str
    median_ms: float
    bytes: int
    failures: tuple[tuple[float, int, str], ...] = ()          # probability, status, error code

    @property
    def endpoint(self) -> str:
        one = "" if self.verb in ("list", "create") else "/{id}"
        return f"/v1/api/public/{self.noun}{one}"


SENTENCES = {                                                  # by error code: the message, and an invalid field
    "invalid_parameter": ("Some query parameters cannot be used.", "limit"),
    "validation_error": ("Some fields need attention.", "currency"),
    "rate_limit_exceeded": (f"This key may make {LIMIT:,} calls an hour.",),
    "unavailable": ("The database is busy. Try again in a moment.",),
    "idempotency_conflict": ("This Idempotency-Key was already used for a different request.",),
}
LIST_FAILS = ((0.006, 400, "invalid_parameter"),)
GET_FAILS = ((0.018, 404, "not_found"),)
WRITE_FAILS = ((0.035, 422, "validation_error"), (0.004, 409, "idempotency_conflict"))
OPERATIONS = {
    name: Operation(method, name.partition(".")[0], name.partition(".")[2], median_ms, size, failures)
    for name, method, median_ms, size, failures in (
        ("budgets.list", "GET", 14.0, 9800, LIST_FAILS),
        ("budgets.get", "GET", 6.5, 1450, GET_FAILS),
        ("budgets.create", "POST", 27.0, 1600, WRITE_FAILS),
        ("budgets.update", "PUT", 23.0, 1600, (*WRITE_FAILS, (0.02, 409, "conflict"))),
        ("customers.list", "GET", 11.0, 6200, LIST_FAILS),
        ("customers.get", "GET", 5.5, 640, GET_FAILS),
        ("customers.create", "POST", 19.0, 660, ((0.03, 422, "validation_error"), (0.02, 409, "conflict"))),
        ("products.list", "GET", 12.0, 7400, LIST_FAILS),
        ("products.get", "GET", 5.0, 620, GET_FAILS),
    )
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended, and after how many milliseconds."""

    status: int
    code: str | None
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program with a key: its calls, and when it makes them."""

    key_id: int
    merchant_id: int
    mode: str
    agent: str
    ips: tuple[str, ...]
    daily: float                                     # calls per weekday in the middle of the period
    calls: tuple[tuple[str, int], ...]               # with their weights
    hours: tuple[int, ...] = ANY_HOUR
    weekend: float = 1.0                             # share of a weekday
    refused: tuple[int, str] | None = None           # every call ends like this


def requests(made: Demo, now: datetime) -> Iterator[Record]:
    """All records, oldest first."""
    rng = random.Random(SEED)  # noqa: S311  (history, not secrets)
    found = [record for client in clients(made) for record in _history(client, now, rng)]
    found += _unauthenticated(now, rng)
    found += _incident(clients(made)[1], now, rng)
    found.sort(key=lambda record: record["at_us"])
    return iter(found)


def clients(made: Demo) -> list[Client]:
    """The clients, in the order of the demonstration's keys."""
    shop, erp, reporting, tests, sandbox, old, fair = made.keys
    web = (("products.list", 30), ("products.get", 34), ("customers.get", 12), ("customers.create", 4),
           ("budgets.create", 14), ("budgets.get", 10))
    office = (("customers.list", 18), ("customers.get", 14), ("budgets.list", 22), ("budgets.get", 24),
              ("budgets.create", 10), ("budgets.update", 12))
    reports = (("budgets.list", 8), ("customers.list", 4), ("products.list", 1))
    return [
        _client(shop, "hartwell-shop/4.12", ips=("198.51.100.24", "198.51.100.25"), daily=80, hours=SHOPPING,
                weekend=0.8, calls=web),
        _client(erp, "meridian-erp/3.1.4", ips=("203.0.113.40",), daily=52, hours=OFFICE, weekend=0.05, calls=office),
        _client(reporting, "python-requests/2.32.3", ips=("198.51.100.90",), daily=16, hours=NIGHT, calls=reports),
        _client(tests, "hartwell-shop-ci/4.12", ips=("192.0.2.77",), daily=7, hours=OFFICE, weekend=0.1, calls=web),
        _client(sandbox, "PostmanRuntime/7.43.0", ips=("203.0.113.61",), daily=5, hours=OFFICE, weekend=0.0,
                calls=office),
        _client(old, "hartwell-shop/2.9", ips=("198.51.100.7",), daily=4, calls=web, refused=(401, "invalid_api_key")),
        _client(fair, "okhttp/4.12.0", ips=("203.0.113.8",), daily=6, hours=OFFICE, weekend=0.3, calls=web,
                refused=(401, "api_key_expired")),
    ]


def _client(key: Key, agent: str, **rhythm: Any) -> Client:
    return Client(key_id=key.number, merchant_id=key.merchant_id, mode=key.mode, agent=agent, **rhythm)


# When a key stopped working, or began to be used, in days before now.
SINCE = {"hartwell-shop/2.9": 33, "okhttp/4.12.0": 20, "PostmanRuntime/7.43.0": 39, "hartwell-shop-ci/4.12": 39,
         "python-requests/2.32.3": 39}


def _history(client: Client, now: datetime, rng: random.Random) -> Iterator[Record]:
    """One client's calls, day by day, with growth and noise."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for age in range(SINCE.get(client.agent, DAYS), -1, -1):
        day = midnight - timedelta(days=age)
        growth = 1.25 - 0.5 * age / DAYS
        share = client.weekend if day.weekday() >= 5 else 1.0
        for _ in range(round(client.daily * growth * share * rng.uniform(0.75, 1.25))):
            moment = day + timedelta(hours=rng.choices(range(24), client.hours)[0], seconds=rng.uniform(0, 3600))
            if now - timedelta(days=DAYS) < moment < now:
                yield _call(client, moment, rng)


def _call(client: Client, moment: datetime, rng: random.Random) -> Record:
    names, weights = zip(*client.calls, strict=True)
    operation = OPERATIONS[rng.choices(names, weights)[0]]
    return _record(client, operation, moment, _refused(client, rng) or _outcome(operation, rng), rng)


def _refused(client: Client, rng: random.Random) -> Outcome | None:
    return Outcome(*client.refused, rng.lognormvariate(0.6, 0.3)) if client.refused else None


def _outcome(operation: Operation, rng: random.Random) -> Outcome:
    """A random outcome: mostly a success, with a long tail of durations."""
    ms = operation.median_ms * rng.lognormvariate(0, 0.32) * (9.0 if rng.random() < 0.004 else 1.0)
    chance = rng.random()
    for probability, status, code in (*operation.failures, (0.0006, 500, "internal_error")):
        if chance < probability:
            return Outcome(status, code, ms * 0.4)
        chance -= probability
    return Outcome(201 if operation.verb == "create" else 200, None, ms)


def _incident(erp: Client, now: datetime, rng: random.Random) -> Iterator[Record]:
    """The requests of the incident: the connector exceeds its limit, other writes wait or fail."""
    start = (now - INCIDENT_AGE).replace(hour=13, minute=40, second=0, microsecond=0)
    bad = replace(erp, agent="meridian-erp/3.2.0")
    for place in range(INCIDENT_CALLS):
        moment = start + INCIDENT_LENGTH * place / INCIDENT_CALLS + timedelta(seconds=rng.uniform(0, 2))
        operation = OPERATIONS["customers.list" if place % 12 else "budgets.create"]
        yield _record(bad, operation, moment, _incident_outcome(place, rng), rng)


def _incident_outcome(place: int, rng: random.Random) -> Outcome:
    if place % 12 == 0:
        if rng.random() < 0.35:
            return Outcome(503, "unavailable", 5000 * rng.uniform(1, 1.02))
        return Outcome(201, None, 900 * rng.lognormvariate(0, 0.5))
    if place > LIMIT:
        return Outcome(429, "rate_limit_exceeded", rng.uniform(0.4, 1.2))
    return Outcome(200, None, 60 * rng.lognormvariate(0, 0.4))


SCANNED = ("/wp-login.php", "/.env", "/api/public/budgets", "/xmlrpc.php", "/v1/api/public/invoices")


def _unauthenticated(now: datetime, rng: random.Random) -> Iterator[Record]:
    """Requests of scanners that try well-known paths."""
    for _ in range(DAYS * 2):
        path = rng.choice(SCANNED)
        known = path == "/api/public/budgets"
        yield {
            "at_us": _us(now - timedelta(days=rng.uniform(0, DAYS))), "duration_us": int(rng.uniform(300, 1500)),
            "contract": "public" if "api" in path else "other", "operation": "budgets.list" if known else "unmatched",
            "method": "GET", "endpoint": path if known else "(unmatched)", "path": path, "query": "",
            "status": 401 if known else 404, "error_code": "unauthorized" if known else "not_found",
            "request_bytes": 0, "response_bytes": 190, "ip": f"192.0.2.{rng.randrange(1, 250)}",
            "user_agent": rng.choice(("Mozilla/5.0 zgrab/0.x", "curl/8.5.0", "Go-http-client/1.1")),
            "request_id": _request_id(rng), "key_id": None, "merchant_id": None, "user_id": None,
            "customer_id": None, "idempotent": False, "source": "api", "mode": "live",
        }


def _record(client: Client, operation: Operation, moment: datetime, outcome: Outcome, rng: random.Random) -> Record:
    noun, number = operation.noun.removesuffix("s"), rng.randrange(1, 90)
    return {
        "at_us": _us(moment), "duration_us": int(outcome.ms * 1000), "contract": "public",
        "operation": f"{operation.noun}.{operation.verb}", "method": operation.method, "endpoint": operation.endpoint,
        "path": operation.endpoint.replace("{id}", f"{noun}_{number}"),
        "query": "limit=100" if operation.verb == "list" and rng.random() < 0.5 else "", "status": outcome.status,
        "error_code": outcome.code, "request_bytes": rng.randrange(180, 900) if operation.method != "GET" else 0,
        "response_bytes": 240 if outcome.code else int(operation.bytes * rng.uniform(0.7, 1.2)),
        "ip": rng.choice(client.ips), "user_agent": client.agent, "request_id": _request_id(rng),
        "key_id": client.key_id, "merchant_id": client.merchant_id, "user_id": None, "customer_id": None,
        "idempotent": operation.verb == "create", "source": "api", "mode": client.mode,
        **({"objects": [(noun, number)]} if "{id}" in operation.endpoint else {}),
        **_error_of(outcome.code, noun, number),
    }


def _error_of(code: str | None, noun: str, number: int) -> Record:
    """The message of a refusal, and the invalid field."""
    texts = (f"There is no {noun} {number}.",) if code == "not_found" else SENTENCES.get(code or "")
    return {"message": texts[0], "fields": list(texts[1:])} if texts else {}


def _us(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


def _request_id(rng: random.Random) -> str:
    return f"req_{rng.getrandbits(64):016x}"
