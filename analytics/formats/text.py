"""Parses lines of text: removes the prefixes of containers and syslog, then reads the server's format."""

import re

from analytics.formats import balancers
from analytics.formats.hits import Hit, hit
from analytics.formats.times import duration, moment

MOST_FRONTS = 3
# The prefixes of kubelet, docker compose, syslog in its old, its new and its file form, and `docker logs -t`.
_FRONT = (
    re.compile(r"(?P<at>\d{4}-\d\d-\d\dT\S+) std(?:out|err) (?P<part>[FP]) ", re.ASCII),
    re.compile(r"[\w.-]{1,80} +\| ?", re.ASCII),
    re.compile(r"<\d{1,3}>1 (?P<at>\S+) \S+ \S+ \S+ \S+ (?:-|\[.*?\]) ?", re.ASCII),
    re.compile(r"(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d (?:\S+ )?[\w./-]+(?:\[\d+\])?: ", re.ASCII),
    re.compile(r"(?:<\d{1,3}>)?[A-Za-z][\w./-]*\[\d+\]: ", re.ASCII),
    re.compile(r"\d{4}-\d\d-\d\dT\S+ \S+ [\w./-]+(?:\[\d+\])?: ", re.ASCII),
    re.compile(r"\d{4}-\d\d-\d\dT\S+(?:Z|[+-]\d\d:\d\d) (?=\{|(?:\S+ ){3,5}\[)", re.ASCII),
)
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
_IP = r"\[?(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-fA-F]{0,4}:[0-9a-fA-F.]{0,15}:)"
# A virtual host may precede the address; addresses may be a list, with ports.
_COMBINED = re.compile(
    r'^(?:[A-Za-z0-9][A-Za-z0-9.*-]*(?::\d{1,5})? (?=\S+ \S+ \S+ \[)'
    r'|[^\s,"]+ (?="?' + _IP + r'[^\s,]*(?:, ?[^\s,]+)* \S+ ))?'
    r'(?P<ip>[^\s,]+(?:, ?[^\s,]+)*) \S+ .*?\[(?P<time>[^\]\[]{1,64})\] "(?P<request>(?:[^"\\]|\\.)*)"'
    r' (?P<status>-?\d{1,3}|-) (?P<bytes>-?\d+|-)'
    r'(?: "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)")?(?P<rest>.*)$')
# nginx's request_time, Sinatra's: after the agent, one more address, or ingress-nginx's size of the request.
_SECONDS = re.compile(r'(?: "[^"]*"(?= \d+[.,]\d{3}\b)| \d+(?= \d+[.,]\d+ \[))? (\d+[.,]\d+)(?: |$)', re.ASCII)
_NAMED = re.compile(r'(?:^| )(?:rt|request_time)[=:]"?(\d+[.,]\d+)"?', re.ASCII)
_UNIT = re.compile(r' "?(\d+(?:[.,]\d+)? ?(?:ns|us|µs|μs|ms|s))"?(?: |$)')            # Traefik's


def unwrapped(line: str) -> str:
    """The line as the server wrote it.

    A log that was cut while it was written begins with NULs, and joined files have byte order marks inside.
    """
    text = line.rstrip("\r\n").lstrip("\0\ufeff ")
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    for _ in range(MOST_FRONTS):
        found = next((found for front in _FRONT if (found := front.match(text))), None)
        if found is None:
            break
        if found.groupdict().get("part") == "P":
            raise ValueError("a part of a longer line")
        text = text[found.end():]
    return text


def plain(line: str) -> Hit:
    """A line of Apache, nginx, Traefik or Caddy (combined or common), HAProxy, Envoy or an AWS load balancer."""
    for read in (balancers.haproxy, balancers.envoy, balancers.aws):
        found = read(line)
        if found is not None:
            return found
    return combined(line)


def combined(line: str) -> Hit:
    """The combined or common format, with or without a host before it and a duration after it."""
    found = _COMBINED.match(line)
    if not found:
        raise ValueError("in no known format")
    method, _, rest = found["request"].partition(" ")
    target = rest.rsplit(" HTTP/", 1)[0] if rest else ""
    return hit(
        at=moment(found["time"]), ip=found["ip"], method=method if rest else "", target=target,
        status=found["status"], size=found["bytes"], agent=found["agent"], duration_us=_took(found["rest"]))


def _took(rest: str) -> float | None:
    """The duration after the user agent, where its unit is known: seconds with decimals, or a unit."""
    named = _NAMED.search(rest)
    if named:
        return duration(named[1], 1e6)
    united = _UNIT.search(rest)
    if united:
        return duration(united[1], 1.0)
    bare = _SECONDS.match(rest)
    return duration(bare[1], 1e6) if bare else None
