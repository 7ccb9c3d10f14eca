"""Tells on a customer's time line what its programs called: one entry for each key and day, so that they hide nothing.

Single calls are in the tab Calls, and in the request log, to which each entry leads.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import url_for
from sqlalchemy import select

from blueprints.admin import key_use
from blueprints.admin.key_use import Day
from blueprints.admin.order_events import Asked, Event
from blueprints.pages.format import zone
from database import db
from domain import clock
from models.credential import Credential

MOMENT = timedelta(microseconds=1)
PLACE = 12                              # among the sources of the time line
MOST_KEYS = 5                           # of a customer, the latest ones


def days(asked: Asked) -> list[Event]:
    """The days of the last ninety on which a token or a key of the customer was used, the newest first."""
    now, whose, keys = clock.now(), asked.record.merchant_id, keys_of(asked.record.id)
    found = [
        _day(key, keys[key], point, last)
        for key, (last, _) in key_use.last_calls(list(keys)).items()
        for point in key_use.days_of(whose, key, now, zone()) if point.requests
    ]
    older = [one for one in found if asked.before is None or one.position < asked.before]
    return sorted(older, key=lambda one: one.position, reverse=True)[:asked.limit]


def keys_of(customer_id: int) -> dict[int, str]:
    """The latest tokens and keys of the customer, with their names."""
    statement = select(Credential.id, Credential.name).where(Credential.customer_id == customer_id)
    rows = db.session.execute(statement.order_by(Credential.id.desc()).limit(MOST_KEYS))
    return {row.id: row.name for row in rows}


def _day(key: int, name: str, point: Day, last: datetime) -> Event:
    """One day of a key: how many calls, and how many of them failed. It ends with the day, or with the last call."""
    count, failed = point.requests, point.errors
    wanted: dict[str, Any] = {"key": key, "range": "custom", "mode": "all"} | {
        edge: f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        for edge, moment in (("from", point.start), ("to", point.end))}
    return Event(
        position=(min(point.end - MOMENT, last), PLACE, key), icon="api", tone="bad" if failed == count else "",
        title=f"{name} made {count:,} {'call' if count == 1 else 'calls'} on this day",
        url=url_for("analytics.requests", **wanted),
        details=[(f"{failed:,} failed", None)] if failed else [],
    )
