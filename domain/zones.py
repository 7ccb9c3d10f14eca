"""Finds the time zone of days: a person's own one, else the merchant's, else the system's.

A row's bare day is in the zone of the row's merchant, and ends with its last second.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from database.reader import Reader
from database.statements import Prepared
from domain import settings
from domain.actor import Actor, All
from domain.errors import Invalid
from models.merchant import Merchant

LAST = time(23, 59, 59, fold=1)         # it occurs twice when clocks go back at midnight

_ZONE = Prepared(select(Merchant.timezone).where(Merchant.id == bindparam("merchant_id")))


def system() -> ZoneInfo:
    """The system's zone."""
    return ZoneInfo(settings.get("system_timezone"))


def of_merchant(merchant_id: int | None) -> ZoneInfo:
    """The merchant's zone, else the system's."""
    row = None if merchant_id is None else Reader().cached_first(_ZONE, {"merchant_id": merchant_id})
    return ZoneInfo(row.timezone) if row is not None and row.timezone else system()


def of_merchants(merchant_ids: Iterable[int] | All) -> ZoneInfo:
    """The zone of the merchant, if there is only one."""
    known = [] if isinstance(merchant_ids, All) else list(merchant_ids)
    return of_merchant(known[0]) if len(known) == 1 else system()


def of_actor(actor: Actor) -> ZoneInfo:
    """The zone of this caller's days, where a merchant is chosen."""
    return of_merchants(actor.merchant_ids)


def of_person(own: str | None, merchant_ids: Iterable[int] | All) -> ZoneInfo:
    """The zone of a person's pages: their own, else the chosen merchant's, else the system's."""
    return ZoneInfo(own) if own else of_merchants(merchant_ids)


def last_instant(day: date, zone: ZoneInfo) -> datetime:
    """The end of a day."""
    return datetime.combine(day, LAST, zone).astimezone(UTC)


def until(field: str, given: datetime | date, merchant_id: int) -> datetime:
    """The end of something: a moment, or the end of a merchant's day; Invalid for an impossible day."""
    if isinstance(given, datetime):
        return given
    try:
        return last_instant(given, of_merchant(merchant_id))
    except (ValueError, OverflowError):
        raise Invalid.field(field, "is not a time that exists", "invalid") from None


def end_in_days(now: datetime, days: int, merchant_id: int) -> datetime:
    """The end of the day that many days from today, in the merchant's zone."""
    zone = of_merchant(merchant_id)
    return last_instant(now.astimezone(zone).date() + timedelta(days=days), zone)
