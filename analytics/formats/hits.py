"""Validates the request in one line of an imported log."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from analytics.log.masking import mask_path, mask_query
from analytics.rollups.periods import micros

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)             # before the web
AHEAD = timedelta(days=1)                               # the largest error of clocks and zones
LARGEST_SIZE = 1 << 50                                  # bytes: one answer of more than a petabyte is a mistake
LONGEST_US = 30 * 86_400 * 1_000_000                    # and so is one request of more than thirty days
ABORTED = 499                                           # for servers that write 0, 000, -1 or - as the status
_WHOLE = re.compile(r"[+-]?\d{1,19}(?:\.0+)?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Hit:
    """One request of an imported log."""

    at_us: int
    ip: str                     # as written, perhaps a list
    method: str
    path: str
    query: str
    status: int
    response_bytes: int
    user_agent: str
    duration_us: int | None
    endpoint: str = ""          # where the log names it, as our own exports do
    request_bytes: int = 0
    error_code: str = ""


def hit(
    *, at: datetime, ip: Any, method: Any, target: Any, status: Any, size: Any, agent: Any, duration_us: float | None,
    endpoint: str = "", sent: Any = 0, error_code: str = "",
) -> Hit:
    """A validated hit; raises ValueError with the reason for the file of rejects."""
    path, query = _target(str(target or ""))
    return Hit(
        at_us=micros(_plausible(at)), ip=_addresses(ip), method=str(method or "")[:16], path=mask_path(path),
        query=mask_query(query), status=_status(status), response_bytes=_size(size),
        user_agent="" if agent in (None, "-") else str(agent), duration_us=_duration(duration_us), endpoint=endpoint,
        request_bytes=_size(sent), error_code=error_code,
    )


def _addresses(ip: Any) -> str:
    words = str(ip or "").strip().strip('"')
    return "" if words == "-" else words


def _target(target: str) -> tuple[str, str]:
    """Path and query, without scheme and host, which proxies and load balancers write."""
    if target.lower().startswith(("http://", "https://")):
        try:
            split = urlsplit(target)
        except ValueError:
            return target.partition("?")[0], target.partition("?")[2]
        return split.path or "/", split.query
    path, _, query = target.partition("?")
    return path, query


def _plausible(at: datetime) -> datetime:
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    if moment < EARLIEST:
        raise ValueError("the time is before 1990")
    if moment > datetime.now(UTC) + AHEAD:
        raise ValueError("the time is more than a day ahead")
    return moment


def _status(value: Any) -> int:
    text = str(value).strip()
    if text == "-":
        return ABORTED
    if not _WHOLE.match(text):
        raise ValueError(f"not a status: {text[:20]}")
    code = int(text.partition(".")[0])
    if code in (0, -1):
        return ABORTED
    if not 100 <= code <= 599:
        raise ValueError(f"not a status: {code}")
    return code


def _size(value: Any) -> int:
    if value in (None, "", "-"):
        return 0
    text = str(value).strip()
    if not _WHOLE.match(text):
        raise ValueError(f"not a size in bytes: {text[:20]}")
    size = int(text.partition(".")[0])
    if size < 0:
        raise ValueError("the size is negative")
    if size > LARGEST_SIZE:
        raise ValueError(f"the size is above {LARGEST_SIZE} bytes")
    return size


def _duration(value: float | None) -> int | None:
    if value is None:
        return None
    if not value >= 0:
        raise ValueError("the duration is negative")
    if value > LONGEST_US:
        raise ValueError("the duration is above thirty days")
    return round(value)
