"""Parses lines of JSON (Caddy, Traefik, Envoy, nginx, our own exports) and rows of CSV."""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from analytics.formats.hits import Hit, hit
from analytics.formats.times import duration, moment

NAMES = {
    "time": ("at", "StartUTC", "StartLocal", "time", "timestamp", "@timestamp", "ts", "start_time", "time_iso8601",
             "time_local", "time_msec", "msec"),
    "method": ("method", "request_method", "RequestMethod", "request.method", ":method", "common_log.method",
               "httpRequest.requestMethod", "http.request.method"),
    "target": ("path", "uri", "url", "request_uri", "RequestPath", "request.uri", "x-envoy-origin-path", ":path",
               "original_path", "httpRequest.requestUrl", "url.path"),
    "line": ("request",),
    "query": ("query", "query_string", "args", "url.query"),
    "status": ("status", "status_code", "response_code", "DownstreamStatus", "OriginStatus", "httpRequest.status",
               "http.response.status_code"),
    "size": ("bytes", "bytes_sent", "body_bytes_sent", "response_bytes", "DownstreamContentSize", "OriginContentSize",
             "size", "httpRequest.responseSize", "http.response.body.bytes"),
    "sent": ("request_bytes", "bytes_received", "bytes_read", "RequestContentSize", "request_length",
             "httpRequest.requestSize", "http.request.body.bytes"),
    "ip": ("ip", "client_ip", "remote_addr", "ClientHost", "request.client_ip", "request.remote_ip",
           "request.remote_addr", "x-forwarded-for", "x_forwarded_for", "downstream_remote_address", "ClientAddr",
           "httpRequest.remoteIp", "source.ip", "client.ip"),
    "agent": ("user_agent", "http_user_agent", "user-agent", "request_User-Agent", "request.headers.User-Agent",
              "httpRequest.userAgent", "user_agent.original"),
    "endpoint": ("endpoint",),
    "error_code": ("error_code",),
}
# The unit follows from the name, or from the server that uses it: factors to microseconds.
DURATIONS = (
    ("duration_us", 1.0), ("duration_ms", 1e3), ("duration_s", 1e6), ("request_time", 1e6), ("Duration", 1e-3),
    ("response_time_ms", 1e3), ("latency_ms", 1e3), ("elapsed_ms", 1e3), ("latency", 1e6),
    ("httpRequest.latency", 1e6), ("event.duration", 1e-3),
)
# Where a collector keeps the line that a server wrote: Docker and Fluent Bit, Beats, journald, Caddy's single_field.
WRAPPERS = ("log", "message", "MESSAGE", "msg", "event.original")
_BAD_ESCAPE = re.compile(r"\\x([0-9a-fA-F]{2})")         # nginx writes it into JSON, unless told `escape=json`
# Of our own exports: the first and the last line of JSON, the last one of CSV; and the brackets of any array.
_FRAME = re.compile(r'\s*(?:\{"rows":\[|\],"complete":.*\}|\[|\],?)?\s*\Z')
COMPLETE = "# complete: "
# Caddy's lines for people begin with the time, in a form that is set.
_FRONT_TIME = re.compile(
    r"(?:\d{4}[/-]\d\d[/-]\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?"
    r"|\d{9,19}(?:\.\d+)?)(?=\s)", re.ASCII)


def is_frame(line: str) -> bool:
    """Whether this is a line that our exports put around their rows."""
    return bool(_FRAME.match(line))


def object_of(text: str) -> dict[str, Any] | None:
    """The object that a text is, perhaps with the comma or the bracket of the array that it is in."""
    words = text.rstrip().rstrip(",")
    for attempt in (words, _BAD_ESCAPE.sub(r"\\u00\1", words), words.removesuffix("]")):
        try:
            row = json.loads(attempt)
        except (ValueError, RecursionError):
            continue
        return row if isinstance(row, dict) else None
    return None


def wrapped(row: Mapping[str, Any]) -> str | None:
    """The line of a server that a collector has put into an object; None for an object about a request itself."""
    if _first(row, NAMES["status"]) is not None:
        return None
    found = next((line for line in (_first(row, (name,)) for name in WRAPPERS) if isinstance(line, str)), None)
    return found if found is not None and len(found.split()) > 1 else None


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
    first = _FRONT_TIME.match(front)
    if not first:
        raise ValueError("no time")
    return moment(first[0])


def _first(row: Mapping[str, Any], spellings: Iterable[str]) -> Any:
    for spelling in spellings:
        value = _at(row, spelling)
        if isinstance(value, list):
            value = ", ".join(str(one) for one in value)
        if value not in (None, "", "-") and not isinstance(value, Mapping):
            return value
    return None


def _at(row: Mapping[str, Any], spelling: str) -> Any:
    """The value of a name; dots lead into objects, unless the name itself has them."""
    value: Any = row
    for part in (spelling,) if spelling in row else spelling.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def _duration(row: Mapping[str, Any]) -> float | None:
    for name, factor in DURATIONS:
        took = _at(row, name)
        if took not in (None, "", "-"):
            return duration(took, factor)
    # Envoy writes milliseconds, Caddy seconds; both call it duration. A unit after the number takes precedence.
    return duration(row.get("duration"), 1e3 if "response_code" in row else 1e6)
