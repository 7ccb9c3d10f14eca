"""P6: measures the weight and the server time of pages, with 100,000 customers.

Every page of the back office, opened by an administrator; those with an id in their address for the
first row of their kind; the list of customers also narrowed, sorted and far from its start.
A page's weight is its own text, as it is sent to a browser that takes brotli, and each file that it
names. Time is the CPU time of one process from request to answer; the median of some rounds. Before
each round a customer changes, so that no cached answer (database/answer_cache.py) saves work.
"""

import random
import re
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from statistics import median
from typing import Any

import brotli
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select, update

from analytics.log import drain
from analytics.log.spool import Spool
from app import create_app
from bench.figures import Figure
from bench.installation import Installation, installation
from bench.performance.p3_log_cost import RECORD
from database import db, transaction
from domain import clock, codes, inputs
from domain.actor import Actor
from domain.people import users
from models.customer import Customer, CustomerStatus

CUSTOMERS = 100_000
BATCH = 5_000
NOTES = 20_000                  # requests of the last days, for the charts
SPAN_US = 8 * 86_400_000_000  # a little more than the dashboard shows first
YEAR = 365 * 86_400             # seconds in which the customers came
ROUNDS = 7
KB, KIB = 1000, 1024
DASHBOARD, ORDINARY, CHARTS = 480 * KB, 140 * KB, 10 * KIB
SLOWEST = 30.0                  # milliseconds
REPORT = "/admin/analytics"
LOGIN = {"email": "bench@example.org", "password": "a password for the bench"}
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
FILES = re.compile(r'<(?:link|script|use)\b[^>]*?(?:href|src)="(/static/[^"#]+)')
FIGURES = re.compile(r'<script type="application/json"[^>]*>(.*?)</script>', re.DOTALL)
MORE = (
    "/admin/customers/new?merchant_id=1", "/admin/customers?status=active", "/admin/customers?sort=name",
    "/admin/customers?sort=-email", "/admin/customers?page=2000", "/admin/customers?created_after=2026-01-01",
)
BROTLI = {"Accept-Encoding": "br"}


@dataclass(frozen=True, slots=True)
class Opened:
    """A page: bytes with its files, bytes of its charts' data, milliseconds of the server."""

    path: str
    weight: int
    charts: int
    ms: float


def populate(merchant_id: int, count: int) -> None:
    """Customers, in batches; names as they come in a real list."""
    now, chance = clock.now(), random.Random(7)
    for start in range(0, count, BATCH):
        rows: list[dict[str, Any]] = [
            {
                "merchant_id": merchant_id, "code": codes.fresh(), "name": f"Customer {chance.randrange(10**9)}",
                "email": f"c{number}@example.org", "email_key": f"c{number}@example.org",
                "status": CustomerStatus.ACTIVE, "details": {}, "version": 1, "updated_at": now,
                "created_at": now - timedelta(seconds=chance.randrange(YEAR)),
            }
            for number in range(start, min(start + BATCH, count))
        ]
        with transaction() as session:
            session.execute(insert(Customer), rows)


def traffic(here: Installation, count: int = NOTES) -> None:
    """Store some days of requests for the charts."""
    spool, chance, now = Spool(here.settings.spool), random.Random(7), time.time_ns() // 1000
    for number in range(count):
        status = chance.choice((200, 200, 200, 200, 201, 404, 422, 500))
        spool.append(RECORD | {
            "at_us": now - chance.randrange(SPAN_US), "duration_us": int(chance.lognormvariate(6, 1)),
            "status": status, "request_id": f"req_{number:016x}", "merchant_id": here.merchant_id,
        })
    spool.close()
    drain.drain(here.settings.spool)


def visitor(app: Flask) -> FlaskClient:
    """An administrator with all merchants, signed in."""
    wanted = LOGIN | {"role": "admin_user", "all_merchants": True}
    new = users.hashed(Actor.operator(), inputs.parse(users.UserInput, wanted))
    with app.app_context(), transaction():
        users.create(Actor.operator(), new)
    client = app.test_client()
    found = TOKEN.search(client.get("/login").text)
    assert found
    reply = client.post("/login", data=LOGIN | {"csrf_token": found[1]})
    assert reply.status_code == 303, reply.status
    return client


def pages(app: Flask) -> list[str]:
    """The addresses of all pages; those that are no page are left out later."""
    rules = (rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))
    found = {re.sub(r"<(?:int:)?\w+>", "1", rule) for rule in rules if rule.startswith("/admin") and "." not in rule}
    return [*sorted(path for path in found if "<" not in path), *MORE]


def change(app: Flask) -> None:
    """Change a row, which empties the cache of answers."""
    with app.app_context(), transaction() as session:
        session.execute(update(Customer).where(Customer.id == 1).values(version=Customer.version + 1))


def opened(client: FlaskClient, path: str, sizes: dict[str, int], rounds: int) -> Opened | None:
    """One page, weighed and timed; None when it is not a page of its own."""
    reply = client.get(path, headers=BROTLI)
    plain = client.get(path)
    if plain.status_code != 200 or plain.mimetype != "text/html" or "<html" not in plain.text:
        return None
    files = set(FILES.findall(plain.text))
    for name in files - sizes.keys():
        sizes[name] = len(client.get(name.replace("&amp;", "&"), headers=BROTLI).data)
    charts = len(brotli.compress("".join(FIGURES.findall(plain.text)).encode()))
    times = []
    for _ in range(rounds):
        change(client.application)
        before = time.process_time()
        client.get(path)
        times.append(time.process_time() - before)
    return Opened(path, len(reply.data) + sum(sizes[name] for name in files), charts, median(times) * 1000)


def visit(here: Installation, customers: int, rounds: int) -> list[Opened]:
    """Open every page, in an installation with many rows."""
    app = create_app(replace(here.settings), sink=lambda record: None)
    with app.app_context():
        populate(here.merchant_id, customers)
        traffic(here)
        with db.engine.connect() as connection:
            assert connection.scalar(select(func.count()).select_from(Customer)) == customers
        db.session.remove()
    client, sizes = visitor(app), dict[str, int]()
    found = [one for path in pages(app) if (one := opened(client, path, sizes, rounds)) is not None]
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
    return found


def run(customers: int = CUSTOMERS, rounds: int = ROUNDS) -> list[Figure]:
    with installation() as here:
        found = visit(here, customers, rounds)
    report = next(one for one in found if one.path == REPORT)
    heavy = max((one for one in found if one.path != REPORT), key=lambda one: one.weight)
    slow = sorted(found, key=lambda one: one.ms)[::-1]
    return [
        _weight("dashboard with its files, brotli", report.weight, DASHBOARD, report.path),
        _weight("data of its charts, brotli", report.charts, CHARTS, report.path),
        _weight(f"heaviest of {len(found) - 1} ordinary pages, brotli", heavy.weight, ORDINARY, heavy.path),
        Figure(
            "P6", f"slowest page with {customers:,} customers, CPU",
            ", ".join(f"{one.path} {one.ms:.0f} ms" for one in slow[:4]), f"{slow[0].ms / SLOWEST:.2f}",
            f"<= {SLOWEST:.0f} ms", slow[0].ms <= SLOWEST,
        ),
    ]


def _weight(what: str, size: int, budget: int, path: str) -> Figure:
    return Figure(
        "P6", what, f"{size / KB:,.1f} kB ({path})", f"{size / budget:.2f}", f"<= {budget / KB:,.1f} kB", size <= budget
    )
