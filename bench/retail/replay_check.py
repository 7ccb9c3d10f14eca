"""Compares what a replay sent with what is held; the request log and the dashboard have every request of it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from analytics.log import drain
from analytics.queries import queries
from analytics.queries.filters import EVERYTHING, Filter
from analytics.store import requests, shapes
from app import create_app
from bench.client import Refused
from config import from_environment
from database import db
from domain.access import key_access

DRAIN_WITHIN = 60.0             # seconds


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison."""

    what: str
    sent: Any
    held: Any
    equal: bool


def same(what: str, sent: Any, held: Any) -> Check:
    """A comparison of two values that must be equal."""
    return Check(what, sent, held, sent == held)


@dataclass(frozen=True, slots=True)
class Logged:
    """The request log's rows of a key."""

    ids: list[str]              # request ids of this run, doubles and all
    rows: int                   # of the key, of all time
    dashboard: int              # the same by the roll-ups that the dashboard reads


def logged(instance: Path, key: str, since_us: int) -> Logged:
    """Read the log of the installation in this folder, after its spools are drained."""
    settings = from_environment({"COUNTINGHOUSE_INSTANCE": str(instance)})
    app = create_app(settings)
    with app.app_context():
        if not drain.catch_up(settings.spool, DRAIN_WITHIN):
            raise Refused("the spools were not drained in time")
        found = key_access.find(key)
        if found is None:
            raise Refused(f"the key is not one of the installation in {instance}")
        of_key = select(requests.c.request_id).join(shapes, shapes.c.id == requests.c.shape_id).where(
            shapes.c.key_id == found.id
        )
        with db.engines["log"].connect() as connection:
            ids = list(connection.scalars(of_key.where(requests.c.at_us >= since_us)))
            rows, first = connection.execute(of_key.with_only_columns(func.count(), func.min(requests.c.at_us))).one()
        return Logged(ids, rows, _by_dashboard(found.id, first))


def _by_dashboard(key_id: int, first_us: int | None) -> int:
    start = datetime.fromtimestamp((first_us or 0) / 1e6, UTC) - timedelta(hours=1)
    end = datetime.now(UTC) + timedelta(minutes=1)
    return queries.totals(Filter(scope=EVERYTHING, start=start, end=end, key_id=key_id)).requests
