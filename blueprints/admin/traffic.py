"""Reads API traffic from the request log: today's for the overview, and the operations of a key."""

from dataclasses import dataclass
from datetime import timedelta

from analytics.log.drain import catch_up
from analytics.queries import queries
from analytics.queries.filters import Filter, Scope
from analytics.rollups import periods
from blueprints.pages.format import zone
from blueprints.services import settings
from domain import clock
from domain.actor import Actor, All
from models.credential import Mode

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


def operations_of(who: Actor, key_id: int, days: int) -> list[str]:
    """The operations that a key called most in the last days."""
    now = clock.now()
    window = periods.window(now - timedelta(days=days), now, zone(), step=1440)
    question = Filter(scope=scope_of(who), start=window.start, end=window.end, key_id=key_id)
    return [f"{use.method} {use.endpoint}" for use in queries.top_endpoints(question, window, MOST_OPERATIONS)]
