"""Offers a mix of calls open-loop to `serve` with its worker: rate held, times, refusals, CPU of a call.

Of 103 calls 70 are lists, 15 read one row, 10 create a customer while an endpoint listens, 5 are JSON-RPC, 2 read
orders and 1 is a payment page. Run: python -m bench.performance.mix [--rate 300] [--seconds 60] [--processes N]
[--before FOLDER of another version, loaded in turn] [--database URL] [--redis URL] [--alone without the worker]
"""

import argparse
import contextlib
import json
import os
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from app import create_app
from bench.databases import fresh
from bench.figures import Figure
from bench.installation import ROOT, Installation, Server, cpu_seconds, prepare, resident
from bench.open_loop import Answers, Request, part, send
from bench.webhooks import Listener
from database import db, transaction
from domain import inputs
from domain.access import tokens
from domain.actor import Actor
from domain.integrations import webhooks
from domain.payments.orders import ordering
from domain.people import customers, users
from domain.permissions import EVERYTHING
from domain.sales.budgets import budgets
from domain.sales.orders import payment_links
from domain.sales.orders.orders import OrderInput
from models.user import Role

PRODUCTS, CUSTOMERS, BUDGETS, ORDERS = 2_000, 500, 200, 60
MIX = (("list", 70), ("get", 15), ("create", 10), ("rpc", 5), ("orders", 2), ("page", 1))
RATE, SECONDS, P95 = 300.0, 60.0, 0.1
PUBLIC, MERCHANT = "/v1/api/public", "/api/v1"
PASSWORD = "bench bench bench 2026"


@dataclass(frozen=True, slots=True)
class Stage:
    """An installation with rows to ask for."""

    here: Installation
    token: str
    pages: list[str]

    def requests(self, mark: str) -> "Requests":
        return Requests(self, mark)


class Requests:
    """Makes the requests of one run, the same for each number; `mark` keeps the e-mails of two runs apart."""

    def __init__(self, stage: Stage, mark: str):
        self.stage, self.mark = stage, mark
        self.random = random.Random(20261130)
        self.kinds = [kind for kind, count in MIX for _ in range(count)]

    def __call__(self, number: int) -> Request:
        place = number % len(self.kinds)
        if place == 0:
            self.random.shuffle(self.kinds)
        kind = self.kinds[place]
        return Request(kind, getattr(self, f"_{kind}")(number))

    def _list(self, _: int) -> bytes:
        page = self.random.randrange(1, 6)
        noun = self.random.choice(("products", "products", "customers", "customers", "budgets"))
        return self._public(f"{noun}?limit=20&page={page}")

    def _get(self, _: int) -> bytes:
        if self.random.random() < 0.5:
            return self._public(f"products/product_{self.random.randrange(1, PRODUCTS)}")
        return self._public(f"customers/customer_{self.random.randrange(1, CUSTOMERS)}")

    def _create(self, number: int) -> bytes:
        body = {"name": f"Ada Lovelace {number}", "email": f"ada.{self.mark}.{number}@example.org",
                "address": {"line1": "Calle Mayor 1", "city": "Madrid", "postalCode": "28013", "country": "ES"}}
        return self._public("customers", json.dumps(body).encode())

    def _rpc(self, number: int) -> bytes:
        body = {"jsonrpc": "2.0", "method": "clients.search", "params": {"limit": 20}, "id": number}
        return raw("/", f"X-Api-Key: {self.stage.token}", json.dumps(body).encode())

    def _orders(self, number: int) -> bytes:
        path = "orders?per_page=20" if number % 2 else f"orders/{self.random.randrange(1, ORDERS)}"
        return raw(f"{MERCHANT}/{path}", f"Authorization: Bearer {self.stage.token}")

    def _page(self, _: int) -> bytes:
        return raw(self.random.choice(self.stage.pages), "Accept: text/html")

    def _public(self, path: str, body: bytes | None = None) -> bytes:
        return raw(f"{PUBLIC}/{path}", f"Authorization: Bearer {self.stage.here.key}", body)


def raw(path: str, header: str, body: bytes | None = None) -> bytes:
    """A request as it goes over the wire."""
    lines = ["GET" if body is None else "POST", f" {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n"]
    if body is not None:
        lines.append(f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n")
    return ("".join(lines) + "\r\n").encode() + (body or b"")


def populate(here: Installation, port: int) -> Stage:
    """Customers, budgets, orders, a user with a token, and an endpoint that the receiver on `port` listens at."""
    app = create_app(here.settings, sink=lambda record: None)
    with app.app_context():
        operator = Actor.operator()
        own = Actor(label="bench", merchant_ids=frozenset({here.merchant_id}), scopes=EVERYTHING)
        new = users.hashed(operator, inputs.parse(users.UserInput, {
            "email": "bench@example.org", "password": PASSWORD, "role": Role.NORMAL.value,
            "merchant_ids": [here.merchant_id], "api_access": True,
        }))
        with transaction():
            token = tokens.reveal(operator, users.create(operator, new))
            for number in range(CUSTOMERS):
                customers.create(own, inputs.parse(customers.CustomerInput, {
                    "name": f"Customer {number}", "email": f"customer.{number}@example.org"}))
            for number in range(BUDGETS):
                budgets.create(own, inputs.parse(budgets.BudgetInput, {
                    "customer_id": number + 1, "items": [{"product_id": number + 1, "quantity": 2}]}))
            pages = []
            for number in range(ORDERS):
                order = ordering.create(own, inputs.parse(OrderInput, {
                    "customer_id": number + 1, "items": [{"product_id": number + 1}]}))
                pages.append(payment_links.path_of(order.link_token) or "")
            webhooks.create(own, webhooks.EndpointInput(url=f"http://127.0.0.1:{port}/"))
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    return Stage(here, token, pages)


@dataclass(frozen=True, slots=True)
class Side:
    """One version of the program, with servers of its own."""

    name: str
    stage: Stage
    server: Server
    processes: int

    def children(self) -> tuple[list[int], list[int]]:
        """The server's processes, and its worker's."""
        found = sorted(self.server.pids()[1:])
        return found[: self.processes], found[self.processes:]

    def measure(self, rate: float, seconds: float, mark: str) -> "Measured":
        servers, workers = self.children()
        before = [sum(map(cpu_seconds, pids)) for pids in (servers, workers)]
        answers = send(self.server.port, self.stage.requests(mark), rate, seconds)
        after = [sum(map(cpu_seconds, pids)) for pids in (servers, workers)]
        return Measured(answers, after[0] - before[0], after[1] - before[1], sum(map(resident, (*servers, *workers))))


@dataclass(frozen=True, slots=True)
class Measured:
    """One run of one side."""

    answers: Answers
    cpu: float                      # seconds of the server's processes
    worker_cpu: float
    memory: int

    def lines(self, name: str, rate: float, seconds: float) -> list[str]:
        """What is printed of it."""
        answers, statuses = self.answers, self.answers.statuses
        done = answers.with_status(lambda status: 200 <= status < 400)
        refused = answers.with_status(lambda status: status == 503)
        lost = sum(count for status, count in statuses.items() if not 200 <= status < 400 and status != 503)
        times = ", ".join(f"p{share * 100:.0f} {part(done, share) * 1000:,.0f}" for share in (0.5, 0.95, 0.99))
        costs = self.cpu / max(1, answers.sent) * 1e3
        found = [
            f"{name}: offered {rate:.0f}/s for {seconds:.0f} s, held {len(done) / answers.lasted:.0f}/s; {times} ms; "
            f"503: {len(refused)} ({answers.retry_after} with Retry-After, p50 {part(refused, 0.5) * 1000:,.0f}, "
            f"p95 {part(refused, 0.95) * 1000:,.0f}, p99 {part(refused, 0.99) * 1000:,.0f} ms); failures {lost}; "
            f"CPU of the server {costs:.2f} ms a call, of the worker {self.worker_cpu:.1f} s; "
            f"{self.memory / 1e6:.0f} MB",
        ]
        for kind, _ in MIX:
            times_of = sorted(one for (of, status), some in answers.seconds.items()
                              if of == kind and 200 <= status < 400 for one in some)
            found.append(f"    {kind:7} {len(times_of):6} p50 {part(times_of, 0.5) * 1000:6,.0f} "
                         f"p95 {part(times_of, 0.95) * 1000:6,.0f} p99 {part(times_of, 0.99) * 1000:6,.0f} ms")
        found += [f"    {kind} {status}: {text!r}" for (kind, status), text in answers.samples.items() if status != 503]
        return found


@contextlib.contextmanager
def side(
    name: str, folder: Path, source: Path, port: int, processes: int, more: dict[str, str], kind: str = "worker"
) -> Iterator[Side]:
    """A server of the version in `source`, with its rows."""
    stage = populate(prepare(folder, PRODUCTS, more), port)
    command = [sys.executable, "-m", "bench.serve", kind, "0", *([str(processes)] if processes > 1 else [])]
    server = Server(command, stage.here.environment, source=source)
    try:
        time.sleep(1.0)                 # the worker's first turn
        yield Side(name, stage, server, processes)
    finally:
        server.stop()


def run(rate: float = RATE, seconds: float = SECONDS, processes: int = 1) -> list[Figure]:
    """The lines of the table for this version."""
    with TemporaryDirectory(prefix="countinghouse-mix-") as name, listening(Path(name)) as port:
        more = {"COUNTINGHOUSE_WEBHOOK_ALLOWED_HOSTS": f"127.0.0.1:{port}"}
        with side("now", Path(name) / "now", ROOT, port, processes, more) as now:
            now.measure(20.0, 3.0, "warm")
            found = now.measure(rate, seconds, "one")
    done = found.answers.with_status(lambda status: 200 <= status < 400)
    held, p95 = len(done) / found.answers.lasted, part(done, 0.95)
    return [
        Figure("load", f"the mix at {rate:.0f}/s, {processes} processes: rate held", f"{held:.0f}/s, "
               f"{found.cpu / max(1, found.answers.sent) * 1e3:.2f} ms of CPU a call", f"{held / rate:.2f}", ">= 0.99",
               held / rate >= 0.99),
        Figure("load", "p95", f"{p95 * 1000:.0f} ms", "-", f"<= {P95 * 1000:.0f} ms", p95 <= P95),
    ]


@contextlib.contextmanager
def listening(folder: Path) -> Iterator[int]:
    """The receiver of the webhooks; its port."""
    receiver = Listener(folder / "received")
    try:
        yield receiver.port
    finally:
        receiver.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--turns", type=int, default=1, help="each side is loaded in turn, this often")
    parser.add_argument("--before", type=Path, help="the folder of another version")
    parser.add_argument("--database", help="a PostgreSQL server, where databases are made and dropped")
    parser.add_argument("--redis")
    parser.add_argument("--alone", action="store_true", help="without the worker")
    given = parser.parse_args()
    versions: Sequence[tuple[str, Path, int]] = [
        *([("before", given.before, 1)] if given.before else []), ("now", ROOT, given.processes)]
    with TemporaryDirectory(prefix="countinghouse-mix-") as name, contextlib.ExitStack() as stack:
        port = stack.enter_context(listening(Path(name)))
        sides = []
        for version, source, processes in versions:
            more = {"COUNTINGHOUSE_WEBHOOK_ALLOWED_HOSTS": f"127.0.0.1:{port}"}
            if given.database:
                more["COUNTINGHOUSE_DATABASE_URL"] = stack.enter_context(fresh(given.database)) or ""
            if given.redis:
                more["COUNTINGHOUSE_REDIS_URL"] = given.redis
            kind = "ours" if given.alone else "worker"
            sides.append(stack.enter_context(
                side(version, Path(name) / version, source, port, processes, more, kind)))
        for one in sides:
            print(one.name, "processes of the server", one.children()[0], flush=True)
            one.measure(20.0, 3.0, "warm")
        for turn in range(given.turns):
            for one in sides:
                found = one.measure(given.rate, given.seconds, f"turn{turn}")
                print(*found.lines(one.name, given.rate, given.seconds), sep="\n", flush=True)
        print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
