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
ABORTED = 499                                           # for servers that write 0, 000 or -1 as the status
MONTHS = dict(zip(
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), range(1, 13), strict=True))
_UNITS = {"ns": 1e-3, "us": 1.0, "µs": 1.0, "μs": 1.0, "ms": 1e3, "s": 1e6, "m": 6e7, "h": 3.6e9}
_PART = r"\d+(?:\.\d+)?(?:ns|us|µs|μs|ms|s|m|h)"
WITH_UNIT = re.compile(rf"(?:{_PART})+\Z", re.ASCII)
_EACH = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_APACHE = re.compile(
    r"(\d{1,2})/([A-Z][a-z]{2})/(\d{4})[: ](\d\d:\d\d:\d\d(?:\.\d{1,6})?)(?: ?([+-]\d\d:?\d\d|Z))?\Z", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?\Z", re.ASCII)
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


def duration(text: Any, factor: float) -> float | None:
    """Microseconds of a duration with a unit (12ms, 1m2.5s), or of a bare number times the factor."""
    if text is None or isinstance(text, bool):
        return None
    words = str(text).strip().strip('"').replace(" ", "")
    if words in ("", "-", "-1"):
        return None
    if WITH_UNIT.match(words):
        return sum(float(number) * _UNITS[unit] for number, unit in _EACH.findall(words))
    if words.startswith("-"):
        raise ValueError("the duration is negative")
    if not _NUMBER.match(words):
        raise ValueError(f"not a duration: {words[:20]}")
    return float(words) * factor


def moment(value: Any) -> datetime:
    """Parse a time: seconds (or finer) since 1970, ISO 8601, or Apache's form."""
    text = str(value).strip()
    if re.fullmatch(r"\d{1,19}(?:\.\d{1,12})?(?:[eE]\+?\d{1,2})?", text, re.ASCII):
        number = float(text)
        for limit, factor in ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)):
            if number < limit:
                return datetime.fromtimestamp(number / factor, UTC)
    if re.match(r"\d{1,2}/[A-Z][a-z]{2}/\d{4}", text, re.ASCII):
        return _apache(text)
    try:
        return datetime.fromisoformat(re.sub(r"([.,]\d{6})\d+", r"\1", text.replace("/", "-")))
    except ValueError:
        raise ValueError(f"not a time: {text[:40]}") from None


def _apache(text: str) -> datetime:
    """17/May/2015:08:05:32 +0000; a log without an offset is read as UTC."""
    found = _APACHE.match(text)
    try:
        if found is None:
            raise ValueError
        day, month, year, clock, zone = found.groups()
        return datetime.fromisoformat(f"{year}-{MONTHS[month]:02d}-{int(day):02d}T{clock}{zone or ''}")
    except (ValueError, KeyError):
        raise ValueError(f"not a time: {text[:40]}") from None
