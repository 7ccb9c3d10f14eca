"""Parses times and days from callers: ISO 8601, with a default zone."""

import re
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationInfo

from domain import clock
from domain.inputs.validators import wrong

DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
MOMENT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?(?: ?(Z|[+-]\d\d:?\d\d))?\Z", re.ASCII
)


def until(value: Any, info: ValidationInfo) -> datetime | date:
    """The end of something: a moment, or a bare day, which the noun reads in the zone of its merchant."""
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    found = moment_of(value, info)                   # raises for a mistake in either
    return day(value) if isinstance(value, str) and DAY.match(value) else found


def moment_of(value: Any, info: ValidationInfo) -> datetime:
    """A moment; without an offset it is in the zone of the call."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if not isinstance(value, str):
        raise wrong("type", "must be an ISO 8601 time such as 2026-01-31T12:00:00Z")
    zone = ZoneInfo(info.context["zone"]) if info.context and info.context.get("zone") else UTC
    return moment(value, zone)


def moment(value: str, zone: Any = UTC, *, end_of_day: bool = False) -> datetime:
    """An ISO 8601 time as aware UTC; without an offset it is in `zone`, a bare day its first or last instant.

    Only the extended calendar form is taken (no weeks, no basic form). Raises a field error.
    """
    found = MOMENT.match(value)
    if not found:
        raise wrong("invalid", "must be an ISO 8601 time such as 2026-01-31T12:00:00Z")
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    if hour is None and offset is not None:
        raise wrong("invalid", "must be an ISO 8601 time such as 2026-01-31T12:00:00Z")
    microsecond = int((fraction or "0").ljust(6, "0")[:6])
    clock = (int(hour or 0), int(minute or 0), int(second or 0), microsecond)
    if hour is None and end_of_day:
        clock = (23, 59, 59, 999_999)
    try:
        # When clocks go back an hour occurs twice: a day ends with the second one.
        local = datetime(int(year), int(month), int(day), *clock, tzinfo=zone, fold=int(end_of_day))
        if offset not in (None, "Z"):
            local = datetime.fromisoformat(local.replace(tzinfo=None).isoformat() + offset)
        elif offset == "Z":
            local = local.replace(tzinfo=UTC)
        return local.astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong("invalid", "is not a time that exists") from None


def day(value: Any) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    if isinstance(value, str):
        for pattern, order in ((r"(\d{4})-(\d\d)-(\d\d)", (0, 1, 2)), (r"(\d\d)/(\d\d)/(\d{4})", (2, 1, 0))):
            found = re.fullmatch(pattern, value, re.ASCII)
            if found:
                parts = found.groups()
                try:
                    return date(*(int(parts[place]) for place in order))
                except ValueError:
                    break
    raise wrong("invalid", "must be a day such as 2026-01-31")


def past(value: date) -> date:
    """A day before today, in UTC."""
    if value >= clock.now().date():
        raise wrong("range", "must be in the past")
    return value
