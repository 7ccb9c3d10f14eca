"""Serves /healthz, /readyz and /metrics for monitoring.

The figures come from what all processes share (databases, spool, disk), so that every server process
gives the same ones, and a restart resets nothing.
"""

import hmac
import ipaddress
import shutil
import time
from collections.abc import Iterator
from functools import partial

from flask import Blueprint, Response, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from analytics.log import drain
from analytics.rollups.grains import ALL, Kind
from analytics.rollups.rollup import DAY
from analytics.store import cells, shapes
from config import Settings
from database import db
from domain.outbox import tasks as outbox
from operations import check, readiness

PROXY_HEADERS = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via")
CLASSES = {1: "1xx", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx", 6: "rpc_error"}
REMEMBERED = 1.0                                     # seconds for which a result of /readyz is cached


def blueprint(settings: Settings) -> Blueprint:
    """The three URLs, with the settings they need."""
    built = Blueprint("health", __name__)
    ready = Readiness(settings)
    registry = CollectorRegistry()
    registry.register(Figures(settings))
    ProcessCollector(registry=registry)
    built.add_url_rule("/healthz", "healthz", healthz)
    built.add_url_rule("/readyz", "readyz", ready.answer)
    built.add_url_rule("/metrics", "metrics", partial(metrics, settings, registry))
    return built


def healthz() -> Response:
    """200 as long as this process answers."""
    return _unstored(jsonify(status="ok"))


class Readiness:
    """Checks whether requests can be served, at most once a second."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.known: dict[str, str] = {}
        self.waiting: dict[str, int] = {}
        self.asked = 0.0

    def answer(self) -> Response:
        """200 when everything that serving needs is available, else 503 with the problems."""
        if time.monotonic() - self.asked > REMEMBERED:
            self.known, self.asked = readiness.complaints(self.settings), time.monotonic()
            self.waiting = outbox.state().as_dict() if self.known["migrations"] == "ok" else {}
        ready = set(self.known.values()) == {"ok"}
        words = "ok" if ready else "unavailable"
        response = _unstored(jsonify(status=words, checks=self.known, outbox=self.waiting))
        response.status_code = 200 if ready else 503
        if not ready:
            response.headers["Retry-After"] = "5"
        return response


def metrics(settings: Settings, registry: CollectorRegistry) -> Response:
    """The metrics in the text format of Prometheus."""
    if not may_read(settings):
        refused = Response("The metrics need COUNTINGHOUSE_METRICS_TOKEN as a bearer token.\n", 403)
        refused.mimetype = "text/plain"
        return _unstored(refused)
    return _unstored(Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST))


def may_read(settings: Settings) -> bool:
    """Whether metrics may be read: with the token, or from this machine without a proxy."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.metrics_token
    if expected and scheme.lower() == "bearer" and hmac.compare_digest(token.encode(), expected.encode()):
        return True
    if any(name in request.headers for name in PROXY_HEADERS):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


class Figures(Collector):
    """Collects the metrics when they are requested."""

    def __init__(self, settings: Settings):
        self.settings = settings

    def collect(self) -> Iterator[Metric]:
        yield _gauge("disk_free_bytes", "Free at the instance folder.", shutil.disk_usage(self.settings.instance).free)
        seen = check.last_seen(self.settings)
        if seen is not None:
            yield _gauge("worker_seen_seconds", "Since the background worker's last heartbeat.", seen)
        yield from self._readiness()
        try:
            waiting = drain.backlog(self.settings.spool)
            yield _gauge("log_backlog_bytes", "Of the request log, not in the database yet.", waiting)
            yield from _requests()
            yield from _outbox()
        except SQLAlchemyError:
            return                                   # `ready` reports it

    def _readiness(self) -> Iterator[Metric]:
        family = GaugeMetricFamily("countinghouse_ready", "1 if requests can be served.", labels=["check"])
        for name, state in readiness.complaints(self.settings).items():
            family.add_metric([name], float(state == "ok"))
        yield family


def _requests() -> Iterator[Metric]:
    """All requests ever logged, by contract and outcome."""
    counted = CounterMetricFamily("countinghouse_requests", "Requests logged.", labels=["contract", "outcome"])
    spent = CounterMetricFamily("countinghouse_request_seconds", "Time spent on them.", labels=["contract", "outcome"])
    query = (
        select(shapes.c.contract, shapes.c.status_class, func.sum(cells.c.count), func.sum(cells.c.sum_us))
        .join(cells, cells.c.shape_id == shapes.c.id)
        .where(shapes.c.grain == ALL.number, shapes.c.kind != Kind.CALL, cells.c.level == DAY)
        .group_by(shapes.c.contract, shapes.c.status_class)
    )
    with db.engines["log"].connect() as connection:
        for contract, status_class, count, microseconds in connection.execute(query):
            labels = [contract or "none", CLASSES.get(status_class, "none")]
            counted.add_metric(labels, float(count))
            spent.add_metric(labels, float(microseconds) / 1e6)
    yield counted
    yield spent


def _outbox() -> Iterator[Metric]:
    """The tasks of the outbox."""
    state = outbox.state()
    tasks = GaugeMetricFamily("countinghouse_outbox_tasks", "Tasks of the outbox.", labels=["state"])
    for name, count in (("pending", state.pending), ("held", state.held), ("failed_last_day", state.failed)):
        tasks.add_metric([name], float(count))
    yield tasks
    yield _gauge("outbox_oldest_due_seconds", "For how long the oldest due task has waited.", state.late_seconds)


def _gauge(name: str, meaning: str, value: float) -> Metric:
    family = GaugeMetricFamily(f"countinghouse_{name}", meaning)
    family.add_metric([], value)
    return family


def _unstored(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response

