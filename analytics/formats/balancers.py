"""Parses logs of load balancers: HAProxy, Envoy's default text, AWS (application and classic).

Each reader returns None for a line in another format, and raises ValueError for an invalid line.
"""

import re

from analytics.formats.hits import Hit, hit
from analytics.formats.times import duration, moment

_HAPROXY = re.compile(
    r'(?P<ip>\S+):(?P<port>\d{1,5}) \[(?P<time>\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d\.\d{1,6})\] \S+ \S+'
    r' (?P<times>[-+\d]+(?:/[-+\d]+){3,4}) (?P<status>-?\d{1,3}) \+?(?P<bytes>-?\d+) (?P<rest>.*)$', re.ASCII)
_BRACES = re.compile(r"\{([^{}]*)\}")
_QUOTED = re.compile(r'(?:^| )"((?:[^"\\]|\\.)*)')            # lines are cut, and fields may follow
_AGENT = re.compile(r"[A-Za-z][\w.+-]{0,60}/[\d.]")

_ENVOY = re.compile(
    r'\[(?P<time>\d{4}-\d\d-\d\dT[^\]]+)\] "(?P<request>(?:[^"\\]|\\.)*)" (?P<status>-?\d{1,3}) (?P<flags>\S+)'
    r'(?: [a-z_{}\s:]\S* \S+ "(?:[^"\\]|\\.)*")?'                       # Istio's additions
    r' (?P<received>-?\d+) (?P<sent>-?\d+) (?P<took>-?\d+|-) (?P<upstream>-?\d+|-)'
    r' "(?P<ip>[^"]*)" "(?P<agent>(?:[^"\\]|\\.)*)"', re.ASCII)

_AWS = re.compile(
    r'(?:(?:https?|h2|grpcs?|wss?) )?(?P<time>\d{4}-\d\d-\d\dT\S+Z) \S+ (?P<ip>\S+) \S+'
    r' (?P<times>-?[\d.]+ -?[\d.]+ -?[\d.]+) (?P<status>-|\d{1,3}) (?:-|\d{1,3}) (?P<received>-?\d+) (?P<sent>-?\d+)'
    r' "(?P<request>(?:[^"\\]|\\.)*)"(?: "(?P<agent>(?:[^"\\]|\\.)*)")?', re.ASCII)


def haproxy(line: str) -> Hit | None:
    """HAProxy's HTTP format; times are those of its host, read as UTC, the duration is the whole session's."""
    found = _HAPROXY.match(line)
    if not found:
        return None
    asked = _QUOTED.search(_BRACES.sub("", found["rest"]))
    method, target = _request(asked[1] if asked else "")
    captured = [one.strip() for group in _BRACES.findall(found["rest"]) for one in group.split("|")]
    agent = next((one for one in captured if _AGENT.search(one)), "")
    took = found["times"].rpartition("/")[2].lstrip("+")
    return hit(
        at=moment(found["time"]), ip=found["ip"], method=method, target=target, status=found["status"],
        size=found["bytes"], agent=agent, duration_us=duration(took, 1e3))


def envoy(line: str) -> Hit | None:
    """Envoy's default text, Istio's included; milliseconds."""
    found = _ENVOY.match(line)
    if not found:
        return None
    method, target = _request(found["request"])
    return hit(
        at=moment(found["time"]), ip="" if found["ip"] == "-" else found["ip"], method=method, target=target,
        status=found["status"], size=found["sent"], agent=found["agent"], duration_us=duration(found["took"], 1e3),
        sent=found["received"])


def aws(line: str) -> Hit | None:
    """AWS load balancers: three durations in seconds, -1 where one does not apply."""
    found = _AWS.match(line)
    if not found:
        return None
    method, target = _request(found["request"])
    times = found["times"].split()
    known = [duration(one, 1e6) or 0.0 for one in times if not one.startswith("-")]
    took = sum(known) if len(known) == len(times) else None
    return hit(
        at=moment(found["time"]), ip=found["ip"], method=method, target=target, status=found["status"],
        size=found["sent"], agent=found["agent"], duration_us=took, sent=found["received"])


def _request(text: str) -> tuple[str, str]:
    """Method and target of a request line; both empty where it is not one, such as <BADREQ>."""
    method, _, rest = text.partition(" ")
    if not rest or method in ("-", "<BADREQ>"):
        return "", ""
    return method, rest.rsplit(" HTTP/", 1)[0]
