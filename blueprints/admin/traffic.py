"""Reads API traffic from the request log: today's for the overview, and the operations of a key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from analytics.log.drain import catch_up
from analytics.queries import listing, queries
from analytics.queries.filters import Filter, Scope
from analytics.rollups import periods
from blueprints.pages.format import zone
from blueprints.services import settings
from database import db
from domain import clock
from domain.actor import Actor, All
from domain.integrations.key_listing import of_merchants
from models.credential import Credential, Mode

MOST_OPERATIONS = 3
DAYS_OF_CALLS = 90                  # as on the tab of calls
LARGEST = (1 << 62) - 1             # no call has such an id
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


Cursor = tuple[datetime, int] | None        # the time and id of the last call that was seen


def calls_of(who: Actor, noun: str, key: int, before: Cursor, limit: int) -> list[listing.Row]:
    """The newest calls of the last 90 days that named a row."""
    now = clock.now()
    question = Filter(
        scope=scope_of(who), start=now - timedelta(days=DAYS_OF_CALLS), end=now + timedelta(minutes=1),
        touched=(noun, key),
    )
    cursor = f"{(before[0] - EPOCH) // timedelta(microseconds=1)}-{max(before[1], 0)}" if before else None
    return listing.requests(question, cursor, limit).rows


def names_of(who: Actor, keys: Iterable[int | None]) -> dict[int | None, str]:
    """The names of keys of the actor's merchants and of tokens of their customers and users, of deleted ones too."""
    wanted = {one for one in keys if one is not None}
    if not wanted:
        return {}
    statement = select(Credential.id, Credential.name, Credential.prefix).where(Credential.id.in_(wanted))
    if not isinstance(who.merchant_ids, All):
        statement = statement.where(of_merchants(who.merchant_ids))
    return {key: name or prefix for key, name, prefix in db.session.execute(statement)}


def calls_with_ids(who: Actor, request_ids: Iterable[str]) -> dict[str, listing.Row]:
    """The call that each of a few request ids belongs to, where it is still kept."""
    found = {}
    for one in request_ids:
        question = Filter(scope=scope_of(who), start=EPOCH, end=clock.now() + timedelta(hours=1), request_id=one)
        rows = listing.requests(question, None, 1).rows
        if rows:
            found[one] = rows[0]
    return found
