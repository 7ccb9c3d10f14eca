"""Foreign access logs, one line or row at a time: combined, JSON (Caddy, Traefik, Envoy, nginx), CSV.

Each reader returns a Hit or raises ValueError with the reason, in words for the file of rejects.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from analytics.masking import mask_path, mask_query
from analytics.periods import micros


@dataclass(frozen=True, slots=True)
class Hit:
    """What a foreign log tells of one request."""

    at_us: int
    ip: str                     # as it stands there, which may be a list
    method: str
    path: str
    query: str
    status: int
    response_bytes: int
    user_agent: str
    duration_us: int | None


_COMBINED = re.compile(
    r'^(?P<ip>[^\s,]+(?:, ?[^\s,]+)*) \S+ .*?\[(?P<time>[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)"'
    r' (?P<status>\d{3}) (?P<bytes>\d+|-)'
    r'(?: "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)")?(?: (?P<seconds>\d+\.\d+))?')
_ID = re.compile(r"^(?:\d+|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{24,})$")
MONTHS = dict(zip(
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), range(1, 13), strict=True))


def combined(line: str) -> Hit:
    """Apache's and nginx's combined (or common) format, with or without a duration in seconds at the end."""
    found = _COMBINED.match(line)
    if not found:
        raise ValueError("not in the combined format")
    method, _, rest = found["request"].partition(" ")
    target = rest.rsplit(" HTTP/", 1)[0] if rest else ""
    seconds = found["seconds"]
    return _hit(
        at=_apache_time(found["time"]), ip=found["ip"], method=method if rest else "", target=target,
        status=found["status"], size=found["bytes"].replace("-", "0"), agent=found["agent"],
        duration_us=float(seconds) * 1e6 if seconds else None)


def _apache_time(text: str) -> datetime:
    try:
        day, month, rest = text.replace(":", " ", 1).split("/")
        year, clock, *zone = rest.split()
        stamp = f"{year}-{MONTHS[month]:02d}-{day}T{clock}{zone[0] if zone else '+0000'}"
        return datetime.fromisoformat(stamp)
    except (ValueError, KeyError, IndexError):
        raise ValueError(f"not a time: {text[:40]}") from None


def _hit(
    *, at: datetime, ip: Any, method: Any, target: Any, status: Any, size: Any, agent: Any,
    duration_us: float | None,
) -> Hit:
    code = int(status)
    if not 100 <= code <= 599:
        raise ValueError(f"not a status: {code}")
    path, _, query = str(target or "").partition("?")
    agent = "" if agent in (None, "-") else str(agent)
    return Hit(
        micros(at if at.tzinfo else at.replace(tzinfo=UTC)), str(ip or "").strip(), str(method or "")[:16],
        mask_path(path), mask_query(query), code, int(size or 0), agent,
        None if duration_us is None else max(0, int(duration_us)))


NAMES = {
    "time": ("at", "time", "timestamp", "@timestamp", "ts", "start_time", "StartUTC", "time_iso8601", "time_local"),
    "method": ("method", "request_method", "RequestMethod", "request.method"),
    "target": ("path", "uri", "url", "request_uri", "RequestPath", "request.uri", "x-envoy-origin-path"),
    "query": ("query", "query_string"),
    "status": ("status", "status_code", "response_code", "DownstreamStatus"),
    "size": ("bytes", "bytes_sent", "body_bytes_sent", "response_bytes", "DownstreamContentSize", "size"),
    "ip": ("ip", "client_ip", "remote_addr", "ClientHost", "request.client_ip", "request.remote_ip",
           "x-forwarded-for", "downstream_remote_address"),
    "agent": ("user_agent", "http_user_agent", "user-agent", "request_User-Agent", "request.headers.User-Agent"),
}
# The unit is in the name, or known from who writes that name: factors to microseconds.
DURATIONS = (
    ("duration_us", 1.0), ("duration_ms", 1e3), ("duration_s", 1e6), ("request_time", 1e6), ("Duration", 1e-3),
    ("response_time_ms", 1e3), ("latency_ms", 1e3),
)


def fields(row: Mapping[str, Any]) -> Hit:
    """An object with the names of common servers, or a row of CSV with those of its head."""
    found = {name: _first(row, spellings) for name, spellings in NAMES.items()}
    if found["time"] is None or found["status"] is None:
        raise ValueError("no time" if found["time"] is None else "no status")
    target = str(found["target"] or "")
    if found["query"]:
        target = f"{target.partition('?')[0]}?{found['query']}"
    return _hit(
        at=_time(found["time"]), ip=found["ip"], method=found["method"], target=target, status=found["status"],
        size=found["size"], agent=found["agent"], duration_us=_duration(row))


def _first(row: Mapping[str, Any], spellings: Iterable[str]) -> Any:
    for spelling in spellings:
        value: Any = row
        for part in (spelling,) if spelling in row else spelling.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, list):
            value = ", ".join(str(one) for one in value)
        if value not in (None, ""):
            return value
    return None


def _time(value: Any) -> datetime:
    text = str(value)
    try:
        number = float(text)
    except ValueError:
        pass
    else:
        for limit, factor in ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)):
            if 0 <= number < limit:
                return datetime.fromtimestamp(number / factor, UTC)
        raise ValueError(f"not a time: {text[:40]}")
    if "/" in text[:4]:
        return _apache_time(text)
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        raise ValueError(f"not a time: {text[:40]}") from None


def _duration(row: Mapping[str, Any]) -> float | None:
    for name, factor in DURATIONS:
        if row.get(name) not in (None, "", "-"):
            return float(row[name]) * factor
    if row.get("duration") in (None, "", "-"):
        return None
    # Envoy writes milliseconds, Caddy seconds; both call it duration.
    return float(row["duration"]) * (1e3 if "response_code" in row else 1e6)


def json_line(line: str) -> Hit:
    """One JSON object, whatever a container's logger has put before it."""
    begin = line.find("{")
    try:
        row = json.loads(line[begin:]) if begin >= 0 else None
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    return fields(row)


def template(path: str) -> str:
    """A path with its identifiers replaced, so that equal endpoints count together."""
    return "/".join("{id}" if _ID.match(part) else part for part in path.split("/"))[:200] or "(none)"
