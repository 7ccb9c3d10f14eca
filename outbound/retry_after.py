"""Parses how long a receiver asks to wait: the Retry-After of a 429 or 503."""

from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from domain import clock
from outbound.client import Answer

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=12)
UNSAID = timedelta(minutes=1)            # for a 429 without a time


def asked(answer: Answer) -> timedelta | None:
    """The time to wait, at most twelve hours; None when the response has none."""
    if answer.status not in (429, 503):
        return None
    value = next((text for name, text in answer.headers.items() if name.lower() == "retry-after"), "").strip()
    said = _seconds(value) if value.isascii() and value.isdigit() else _until(value)
    if said is None:
        return UNSAID if answer.status == 429 else None
    return min(max(said, SHORTEST), LONGEST)


def _seconds(digits: str) -> timedelta:
    """Parse seconds; numbers with more digits than a day's seconds are not converted."""
    return LONGEST if len(digits.lstrip("0")) > 6 else timedelta(seconds=int(digits))


def _until(date: str) -> timedelta | None:
    """Parse an HTTP date; None for anything else."""
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) - clock.now()
