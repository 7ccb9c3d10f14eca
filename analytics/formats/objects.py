"""Parses lines of JSON (Caddy, Traefik, Envoy, nginx, our own exports) and rows of CSV."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from analytics.formats.hits import Hit, duration, hit, moment

NAMES = {
    "time": ("at", "time", "timestamp", "@timestamp", "ts", "start_time", "StartUTC", "StartLocal", "time_iso8601",
             "time_local", "time_msec", "msec"),
    "method": ("method", "request_method", "RequestMethod", "request.method", ":method", "common_log.method"),
    "target": ("path", "uri", "url", "request_uri", "RequestPath", "request.uri", "x-envoy-origin-path", ":path",
               "original_path"),
    "line": ("request",),
    "query": ("query", "query_string", "args"),
    "status": ("status", "status_code", "response_code", "DownstreamStatus"),
    "size": ("bytes", "bytes_sent", "body_bytes_sent", "response_bytes", "DownstreamContentSize", "size"),
    "sent": ("request_bytes", "bytes_received", "bytes_read", "RequestContentSize", "request_length"),
    "ip": ("ip", "client_ip", "remote_addr", "ClientHost", "request.client_ip", "request.remote_ip",
           "request.remote_addr", "x-forwarded-for", "x_forwarded_for", "downstream_remote_address", "ClientAddr"),
    "agent": ("user_agent", "http_user_agent", "user-agent", "request_User-Agent", "request.headers.User-Agent"),
    "endpoint": ("endpoint",),
    "error_code": ("error_code",),
}
# The unit follows from the name, or from the server that uses it: factors to microseconds.
DURATIONS = (
    ("duration_us", 1.0), ("duration_ms", 1e3), ("duration_s", 1e6), ("request_time", 1e6), ("Duration", 1e-3),
    ("response_time_ms", 1e3), ("latency_ms", 1e3), ("elapsed_ms", 1e3), ("latency", 1e6),
)
# Of our own exports: the first and the last line of JSON, the last one of CSV.
_FRAME = re.compile(r'\s*(?:\{"rows":\[|\],"complete":.*\})?\s*\Z')
COMPLETE = "# complete: "


def is_frame(line: str) -> bool:
    """Whether this is a line that our exports put around their rows."""
    return bool(_FRAME.match(line))


def json_line(line: str) -> Hit:
    """The JSON object of a line, without a logger's prefix."""
    begin = line.find("{")
    try:
        row = json.loads(line[begin:].rstrip().rstrip(",")) if begin >= 0 else None
    except (ValueError, RecursionError):
        row = None
    if not isinstance(row, dict):
        raise ValueError("not a JSON object")
    return fields(row, front=line[:begin])


def fields(row: Mapping[str, Any], front: str = "") -> Hit:
    """The request of an object with common servers' names, or of a CSV row with those of its header.

    `front` is the line's text before it: the time, in some loggers.
    """
    found = {name: _first(row, spellings) for name, spellings in NAMES.items()}
    if found["status"] is None:
        raise ValueError("no status")
    at = _time(found["time"], front)
    target, method = str(found["target"] or ""), found["method"]
    if not target and isinstance(found["line"], str):                   # nginx: "GET / HTTP/1.1"
        method, _, rest = found["line"].partition(" ")
        target = rest.rsplit(" HTTP/", 1)[0]
    if found["query"]:
        target = f"{target.partition('?')[0]}?{found['query']}"
    return hit(
        at=at, ip=found["ip"], method=method, target=target, status=found["status"], size=found["size"],
        agent=found["agent"], duration_us=_duration(row), endpoint=str(found["endpoint"] or "")[:200],
        sent=found["sent"], error_code=str(found["error_code"] or "")[:80])


def _time(value: Any, front: str) -> datetime:
    if value is not None:
        return moment(value)
    words = re.match(r"(\d{4}[/-]\d\d[/-]\d\d)[T \t]+(\d\d:\d\d:\d\d(?:\.\d+)?)", front)     # Caddy's console
    if not words:
        raise ValueError("no time")
    return moment(f"{words[1]}T{words[2]}")


def _first(row: Mapping[str, Any], spellings: Iterable[str]) -> Any:
    for spelling in spellings:
        value: Any = row
        for part in (spelling,) if spelling in row else spelling.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, list):
            value = ", ".join(str(one) for one in value)
        if value not in (None, "", "-") and not isinstance(value, Mapping):
            return value
    return None


def _duration(row: Mapping[str, Any]) -> float | None:
    for name, factor in DURATIONS:
        if row.get(name) not in (None, "", "-"):
            return duration(row[name], factor)
    # Envoy writes milliseconds, Caddy seconds; both call it duration. A unit after the number takes precedence.
    return duration(row.get("duration"), 1e3 if "response_code" in row else 1e6)
