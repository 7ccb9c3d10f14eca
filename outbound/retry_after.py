"""How long a receiver asks not to be called: the Retry-After of a 429 or 503."""

from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime

from domain import clock
from outbound.client import Answer

SHORTEST, LONGEST = timedelta(seconds=1), timedelta(hours=12)
UNSAID = timedelta(minutes=1)            # of a 429 that names no time


def asked(answer: Answer) -> timedelta | None:
    """For how long; None when the answer asks for no time. Whatever it says, at most twelve hours."""
    if answer.status not in (429, 503):
        return None
    value = next((text for name, text in answer.headers.items() if name.lower() == "retry-after"), "").strip()
    said = _seconds(value) if value.isascii() and value.isdigit() else _until(value)
    if said is None:
        return UNSAID if answer.status == 429 else None
    return min(max(said, SHORTEST), LONGEST)


def _seconds(digits: str) -> timedelta:
    """More digits than a day has seconds are not converted: there may be thousands of them."""
    return LONGEST if len(digits.lstrip("0")) > 6 else timedelta(seconds=int(digits))


def _until(date: str) -> timedelta | None:
    """An HTTP date; None when it is none."""
    try:
        moment = parsedate_to_datetime(date)
    except (TypeError, ValueError, OverflowError):
        return None
    return moment.replace(tzinfo=moment.tzinfo or UTC) - clock.now()
