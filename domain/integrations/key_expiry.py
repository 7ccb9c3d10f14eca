"""When API keys expire: reads an expiry, moves it, and says when its owner is told that it is near."""

from datetime import date, datetime, timedelta
from typing import Annotated

from domain import clock, zones
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, Maybe, Until, Whole
from domain.integrations.key_secrets import LIFE
from models.credential import Credential

LONGEST_LIFE_YEARS = 10
LONGEST_EXTENSION = 3650                # days
NOTICE_DAYS = (14, 3)                   # days before its expiry on which the owner of a key is told


class ExtensionInput(Input):
    """By how many days a key is extended: from its expiry, or from today if it has none or is over."""

    days: Annotated[int, Whole(1, LONGEST_EXTENSION)]


class ExpiryInput(Input):
    """To when the expiry of a key is moved; none: it does not expire."""

    expires_at: Maybe[Until] = None


def read(actor: Actor, given: datetime | date | None, merchant_id: int | None = None) -> datetime | None:
    """The key's expiry: a bare day in its merchant's zone. The operator's command accepts a time in the past."""
    if given is None or isinstance(given, datetime):
        moment = given
    else:
        moment = zones.until("expires_at", given, merchant_id or actor.merchant_id)
    if moment is not None and actor.source != "cli":
        _must_be_future(moment, clock.now())
    return moment


def later(row: Credential, days: int) -> datetime:
    """The end of the day that is so many days after the key's expiry, or after today."""
    start = max(row.expires_at or clock.now(), clock.now())
    assert row.merchant_id is not None           # an integration key has one
    return zones.end_in_days(start, days, row.merchant_id)


def extend(actor: Actor, row: Credential, wanted: ExtensionInput) -> Credential:
    """Move a locked key's expiry by some days."""
    until = later(row, wanted.days)
    _must_be_future(until, clock.now(), "days")
    return move(actor, row, until)


def move(actor: Actor, row: Credential, given: datetime | date | None) -> Credential:
    """Move a locked key's expiry, to a time, the end of a day of its merchant, or never."""
    _must_not_be_revoked(row)
    until = read(actor, given, row.merchant_id)
    with LIFE.changing(actor, row):
        put(row, until)
    return row


def put_back(actor: Actor, row: Credential, was: datetime | None) -> Credential:
    """Undo a move: the expiry may be one that has passed."""
    _must_not_be_revoked(row)
    if was is not None and was > clock.now():
        _must_be_future(was, clock.now())
    with LIFE.changing(actor, row):
        put(row, was)
    return row


def put(row: Credential, until: datetime | None) -> None:
    """Set the expiry. Its owner is told on the days that are still to come."""
    row.expires_at = until
    row.told_days = step_of(until) if until is not None else None


def step_of(until: datetime) -> int | None:
    """The notice that is due for an expiry, or was due last: 14 or 3 days before; None before the first."""
    left = until - clock.now()
    return min((days for days in NOTICE_DAYS if left <= timedelta(days=days)), default=None)


def _must_not_be_revoked(row: Credential) -> None:
    if row.revoked_at is not None:
        raise Conflict(
            "This key is revoked and cannot be extended. Create another one.", details={"status": "REVOKED"})


def _must_be_future(moment: datetime, now: datetime, field: str = "expires_at") -> None:
    if moment <= now:
        raise Invalid.field(field, "must be in the future", "past")
    if moment > now.replace(year=now.year + LONGEST_LIFE_YEARS, day=min(now.day, 28)):
        raise Invalid.field(field, f"must be within {LONGEST_LIFE_YEARS} years", "future")
