"""P6: measures the weight and the server time of pages, with 100,000 rows of everything that grows (large.py).

Every page of the back office, opened by an administrator of all merchants; those with an id in their address for the
first row of their kind; each list also far from its start and in every order that its columns offer, and once more by
an administrator of one merchant. A page's weight is its own text, as it is sent to a browser that takes brotli, and
each file that it names. Time is the CPU time of one process from request to answer; the median of some rounds. Before
each round a customer changes, so that no cached answer (database/answer_cache.py) saves work.
"""

import random
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

import brotli
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from analytics.log import drain
from analytics.log.spool import Spool
from app import create_app
from bench.figures import Figure
from bench.installation import Installation
from bench.performance.large import ROWS, large_installation
from bench.performance.p3_log_cost import RECORD
from database import db, transaction
from domain import inputs
from domain.actor import Actor
from domain.people import users
from models.customer import Customer

NOTES = 20_000                  # requests of the last days, for the charts
SPAN_US = 8 * 86_400_000_000  # a little more than the dashboard shows first
ROUNDS, ROUNDS_OF_LISTS = 7, 3
SHOWN = 12                      # of the slowest
KB, KIB = 1000, 1024
DASHBOARD, ORDINARY, CHARTS = 480 * KB, 140 * KB, 10 * KIB
SLOWEST, CHARTED = 30.0, 50.0   # milliseconds, of a page and of the dashboard
REPORT = "/admin/analytics"
FAR = 3000                      # a page
LOGIN = {"email": "bench@example.org", "password": "a password for the bench"}
TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
FILES = re.compile(r'<(?:link|script|use)\b[^>]*?(?:href|src)="(/static/[^"#]+)')
FIGURES = re.compile(r'<script type="application/json"[^>]*>(.*?)</script>', re.DOTALL)
LIST = re.compile(r"/admin/[a-z-]+")
SORTS = re.compile(r"[?&;]sort=(-?[a-z_]+)")
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


def visitor(app: Flask, merchant_id: int | None = None) -> FlaskClient:
    """An administrator with all merchants, or with one, signed in."""
    reach: dict[str, Any] = {"all_merchants": True} if merchant_id is None else {"merchant_ids": [merchant_id]}
    login = LOGIN if merchant_id is None else LOGIN | {"email": f"bench{merchant_id}@example.org"}
    wanted = login | reach | {"role": "admin_user"}
    new = users.hashed(Actor.operator(), inputs.parse(users.UserInput, wanted))
    with app.app_context(), transaction():
        users.create(Actor.operator(), new)
    client = app.test_client()
    found = TOKEN.search(client.get("/login").text)
    assert found
    reply = client.post("/login", data=login | {"csrf_token": found[1]})
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
    return Opened(path, len(reply.data) + sum(sizes[name] for name in files), charts, timed(client, path, rounds))


def timed(client: FlaskClient, path: str, rounds: int) -> float:
    """Milliseconds of a page, with no answer remembered."""
    times = []
    for _ in range(rounds):
        change(client.application)
        before = time.process_time()
        client.get(path)
        times.append(time.process_time() - before)
    return median(times) * 1000


def turned(client: FlaskClient, paths: Iterable[str]) -> list[str]:
    """The addresses of lists far from their start, and in every order of their columns, near and far."""
    found = []
    for path in paths:
        if LIST.fullmatch(path):
            names = sorted({name.lstrip("-") for name in SORTS.findall(client.get(path).text)})
            orders = [f"sort={sign}{name}" for name in names for sign in ("", "-")]
            found += [f"{path}?page={FAR}", *(f"{path}?{one}{far}" for one in orders for far in ("", f"&page={FAR}"))]
    return found


def visit(here: Installation, rounds: int) -> tuple[list[Opened], dict[str, float]]:
    """Open every page; the milliseconds of lists, turned and sorted, of all merchants and of one."""
    app = create_app(here.settings, sink=lambda record: None)
    with app.app_context():
        traffic(here)
    client, sizes = visitor(app), dict[str, int]()
    found = [one for path in pages(app) if (one := opened(client, path, sizes, rounds)) is not None]
    lists: dict[str, float] = {}
    for whose, visit_by in (("", client), (" of one merchant", visitor(app, here.merchant_id))):
        for path in turned(visit_by, [one.path for one in found]):
            lists[path + whose] = timed(visit_by, path, ROUNDS_OF_LISTS)
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
    return found, lists


def run(count: int = ROWS, rounds: int = ROUNDS) -> list[Figure]:
    with large_installation(count) as here:
        found, lists = visit(here, rounds)
    report = next(one for one in found if one.path == REPORT)
    heavy = max((one for one in found if one.path != REPORT), key=lambda one: one.weight)
    return [
        _weight("dashboard with its files, brotli", report.weight, DASHBOARD, report.path),
        _weight("data of its charts, brotli", report.charts, CHARTS, report.path),
        _weight(f"heaviest of {len(found) - 1} ordinary pages, brotli", heavy.weight, ORDINARY, heavy.path),
        _slowest("dashboard", {REPORT: report.ms}, CHARTED, count),
        _slowest("page", {one.path: one.ms for one in found if one.path != REPORT}, SLOWEST, count),
        _slowest("list, sorted or turned,", lists, SLOWEST, count),
    ]


def _slowest(what: str, times: dict[str, float], limit: float, count: int) -> Figure:
    slow = sorted(times.items(), key=lambda one: -one[1])
    above = sum(ms > limit for ms in times.values())
    return Figure(
        "P6", f"slowest {what} of {len(times)} with {count:,} rows, CPU ({above} above)",
        ", ".join(f"{path} {ms:.0f} ms" for path, ms in slow[:SHOWN]), f"{slow[0][1] / limit:.2f}",
        f"<= {limit:.0f} ms", not above,
    )


def _weight(what: str, size: int, budget: int, path: str) -> Figure:
    return Figure(
        "P6", what, f"{size / KB:,.1f} kB ({path})", f"{size / budget:.2f}", f"<= {budget / KB:,.1f} kB", size <= budget
    )
