"""Reads today's API traffic and the last incident from the request log, for the overview."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from analytics import incidents, periods, queries
from analytics.drain import catch_up
from analytics.filters import Filter, Scope
from analytics.incidents import Incident
from blueprints.pages.format import zone
from blueprints.services import settings
from database import db
from domain import clock
from domain.actor import Actor, All
from models.credential import Credential, Mode
from models.merchant import Merchant

__all__ = ["Incident", "Names", "Today", "freshen", "last_incident", "names", "scope_of", "today"]
MOST_OPERATIONS = 3
CATCH_UP_WAIT = 0.5                 # seconds that a page waits for the newest calls to be stored


@dataclass(frozen=True, slots=True)
class Today:
    """Calls since midnight in the reader's zone, and their failures."""

    requests: int
    client_errors: int
    server_errors: int
    points: tuple[int, ...]


def freshen() -> None:
    """Store the newest records, unless another process is doing that."""
    catch_up(settings().spool, within=CATCH_UP_WAIT)


def scope_of(who: Actor) -> Scope:
    """The scope of requests that the actor may see; only operators see those of no merchant."""
    return Scope(None if isinstance(who.merchant_ids, All) else who.merchant_ids)


def today(who: Actor, mode: Mode) -> Today:
    """The counts of the actor's merchants."""
    freshen()
    now = clock.now()
    start = now.astimezone(zone()).replace(hour=0, minute=0, second=0, microsecond=0)
    window = periods.window(start, start + timedelta(days=1), zone(), step=60)
    question = Filter(scope=scope_of(who), start=window.start, end=window.end, mode=mode.value)
    points = queries.series(question, window)
    classes = [point.classes for point in points]
    return Today(
        requests=sum(point.requests for point in points),
        client_errors=sum(found.get(4, 0) for found in classes),
        server_errors=sum(found.get(5, 0) for found in classes),
        points=tuple(point.requests for point in points if point.start <= now),
    )


def last_incident(who: Actor, mode: Mode) -> Incident | None:
    """The newest incident of the last seven days."""
    freshen()
    return incidents.last(scope_of(who), mode.value, clock.now())


@dataclass(frozen=True, slots=True)
class Names:
    """Names for the sentence about an incident; empty where they would say nothing."""

    merchant: str
    key: str


def names(who: Actor, found: Incident) -> Names:
    """The merchant, for an actor of several, and the key with the most failures."""
    several = isinstance(who.merchant_ids, All) or len(who.merchant_ids) > 1
    wanted = found.keys[0].key_id if found.keys else None
    return Names(
        merchant=_name(Merchant, found.period.merchant_id) if several else "",
        key=_name(Credential, wanted) if wanted is not None else "",
    )


def _name(model: type[Merchant | Credential], key: int) -> str:
    name: str | None = db.session.scalar(select(model.name).where(model.id == key))
    return name or ""


def operations_of(who: Actor, key_id: int, days: int) -> list[str]:
    """The operations that a key called most in the last days."""
    now = clock.now()
    window = periods.window(now - timedelta(days=days), now, zone(), step=1440)
    question = Filter(scope=scope_of(who), start=window.start, end=window.end, key_id=key_id)
    return [f"{use.method} {use.endpoint}" for use in queries.top_endpoints(question, window, MOST_OPERATIONS)]
