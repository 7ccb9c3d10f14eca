"""The dashboard of API traffic."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Response, make_response, render_template, request

from analytics.charts import charts
from analytics.queries import queries
from analytics.queries.figures import Latency, Point, Totals
from analytics.queries.reading import reading
from blueprints.analytics import export, filter_chips, incident, links
from blueprints.analytics.command import curl
from blueprints.analytics.report_query import ReportQuery, key_names, read
from blueprints.pages import navigation
from blueprints.pages.htmx import is_partial
from blueprints.pages.navigation import Item
from blueprints.pages.session import need

DEFAULT_RANGE = "7d"
FEWEST = 10                         # requests of the previous period, for a comparison
LEAST_SHARE = 100                   # times as many requests are not compared
HEADING = (
    "from", "to", "requests", "2xx", "3xx", "4xx", "5xx", "rpc_errors", "throttled", "response_bytes",
    "p50_ms", "p95_ms", "p99_ms")


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure, and its change since the previous period."""

    label: str
    value: str
    unit: str
    change: str
    tone: str                       # good, bad or flat
    icon: str
    note: str                       # the reason why there is no change
    points: tuple[float, ...]
    link: str


def register(bp: Any) -> None:
    """Register the URLs of the dashboard and its exports."""
    navigation.add(Item(
        title="Analytics", icon="chart-bar", path="/admin/analytics", position=10, group="", scope="READ_ANALYTICS",
        keys="a",
    ))
    bp.add_url_rule("/incident", "incident", need("READ_ANALYTICS")(incident.show), methods=["GET"])
    bp.add_url_rule("/analytics", "report", need("READ_ANALYTICS")(show), methods=["GET"])
    bp.add_url_rule("/analytics.<any(csv, json):kind>", "report_export", need("READ_ANALYTICS")(download))


def show() -> Response:
    """The page; for htmx only the part that depends on the question, and nothing if it has not changed."""
    asked = read(DEFAULT_RANGE, rolled=True)
    with reading():
        totals = queries.totals(asked.filter)
        stamp = _stamp(asked, totals)
        if request.args.get("seen") == stamp:
            return make_response("", 204)
        content = _content(asked, totals)
    template = "analytics/_report.html" if is_partial() else "analytics/report.html"
    response = make_response(render_template(template, asked=asked, stamp=stamp, **content))
    return addressed(response, asked.link("analytics.report"))


def addressed(response: Response, address: str) -> Response:
    """Set the browser's URL after a change of filters, but not when polling."""
    if is_partial() and "seen" not in request.args:
        response.headers["HX-Push-Url"] = address
    return response


def _stamp(asked: ReportQuery, totals: Totals) -> str:
    """A digest of everything that the page shows."""
    seen = repr((sorted(asked.args.items()), asked.window.edges[0], totals))
    return hashlib.blake2b(seen.encode(), digest_size=8).hexdigest()


def _content(asked: ReportQuery, totals: Totals) -> dict[str, Any]:
    question, window = asked.filter, asked.window
    points, slow = queries.series(question, window), queries.latency(question, window)
    earlier = window.previous(imported=question.imported) if asked.args.get("compare", "1") == "1" else None
    before = question.within(earlier.start, earlier.end) if earlier else None
    past = queries.series(before, earlier) if before and earlier else None
    former = queries.totals(before) if before else None
    used = queries.by_key(question)
    endpoints = queries.top_endpoints(question, window)
    return {
        "totals": totals, "tiles": tiles(asked, totals, former, points, slow),
        "charts": _charts(asked, points, past, slow), "endpoints": endpoints,
        "unknown": (0, 0) if question.endpoint else queries.unknown_paths(question),
        "busiest": max((use.requests for use in endpoints), default=1),
        "types": queries.errors_by_type(question), "used": used,
        "names": key_names([use.key_id for use in used if use.key_id is not None]),
        "merchant": lambda number: links.link("merchant", number).name or f"merchant {number}",
        **filter_chips.bar(asked, "analytics.report", single=False),
        "first_call": curl("GET", "/v1/api/public/customers", "public"),
        **_incident(asked), **_elsewhere(asked, totals)}


def _incident(asked: ReportQuery) -> dict[str, Any]:
    """The newest incident in the period; with its newest requests if the period is about it."""
    found = incident.within(asked)
    close = found is not None and incident.is_close(found.incident, asked)
    return {"notice": found, "about": close, "rows": incident.requests_of(found.incident) if found and close else []}


def _elsewhere(asked: ReportQuery, totals: Totals) -> dict[str, Any]:
    """The days that have requests, for a page without any."""
    if totals.requests:
        return {"empty_log": False, "found_on": None}
    question = asked.filter
    extent = queries.extent(question.scope, question.source)
    if extent is None:
        return {"empty_log": queries.extent(question.scope) is None, "found_on": None}
    first, last = extent[0].date(), (extent[1] - timedelta(days=1)).date()
    link = asked.link("analytics.report", range="custom", **{"from": first.isoformat(), "to": last.isoformat()})
    return {"empty_log": False, "found_on": (first, last, link)}


def _charts(
    asked: ReportQuery, points: tuple[Point, ...], past: tuple[Point, ...] | None, slow: tuple[Latency, ...],
) -> dict[str, charts.Chart]:
    words = asked.period
    return {
        "requests": charts.requests(points, past, asked.zone, words),
        "errors": charts.error_rate(points, past, asked.zone, words),
        "latency": charts.latency(slow, asked.zone, words),
        "volume": charts.volume(points, asked.zone, words)}


def tiles(
    asked: ReportQuery, now: Totals, before: Totals | None, points: tuple[Point, ...], slow: tuple[Latency, ...],
) -> list[Tile]:
    """The key figures at the top."""
    log = "analytics.requests"
    count, unit = short(now.requests)
    sent, size = short(now.response_bytes)
    rate = (f"{now.error_rate * 100:.2f}", "%") if now.requests >= charts.FEWEST else (
        f"{now.errors} of {now.requests}" if now.requests else "–", "")
    requests = tuple(float(point.requests) for point in points)

    def change(name: str, **how: bool) -> tuple[str, str, str, str]:
        gap = _gap(now, before)
        if before is None or gap:
            return "", "flat", "minus", gap
        return _change(getattr(now, name), getattr(before, name), **how)

    return [
        Tile("Requests", count, unit, *change("requests", flat=True), requests, asked.link(log)),
        Tile("Error rate", *rate, *change("error_rate", points=True),
             tuple(point.errors / point.requests if point.requests >= charts.FEWEST else 0.0 for point in points),
             asked.link(log, status="failed")),
        Tile("p95 latency", *milliseconds(now.p95_us), *change("p95_us"),
             tuple(point.p95_us or 0.0 for point in slow), "#c-latency"),
        Tile("Throttled (429)", f"{now.throttled:,}", "", *change("throttled"),
             tuple(float(point.throttled) for point in points), asked.link(log, status="429")),
        Tile("Data sent", sent, size + "B", *change("response_bytes", flat=True),
             tuple(float(point.response_bytes) for point in points), "#c-volume")]


def _gap(now: Totals, before: Totals | None) -> str:
    """The reason why the previous period is not compared; empty when it is, or was not requested."""
    if before is None:
        return ""
    if not before.requests:
        return "no earlier data"
    return "too little earlier data" if before.requests < max(FEWEST, now.requests / LEAST_SHARE) else ""


def _change(
    now: float | None, before: float | None, *, flat: bool = False, points: bool = False,
) -> tuple[str, str, str, str]:
    """The change as text, its tone (more is bad, or neither), its icon, and a note without a change."""
    if now is None or before is None or (not before and not points):
        return "", "flat", "minus", "none before" if now and not before else ""
    difference = (now - before) * 100 if points else (now - before) / before * 100
    size = abs(difference)
    words = f"{size:.2f} pp" if points else f"{size:.1f}%" if size < 1000 else f"{size:,.0f}%"
    if size < 0.005:
        return words, "flat", "minus", ""
    tone = "flat" if flat else "bad" if difference > 0 else "good"
    return words, tone, "arrow-up" if difference > 0 else "arrow-down", ""


def short(value: float) -> tuple[str, str]:
    """A large number with three digits and a unit: 1.31 M."""
    for limit, scale, unit in ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if value >= limit:
            return f"{value / scale:.3g}" if value < scale * 999 else f"{value / scale:.0f}", unit
    return f"{value:,.0f}", ""


def milliseconds(value_us: float | None) -> tuple[str, str]:
    """A duration in milliseconds, or in seconds from ten seconds on."""
    if value_us is None:
        return "–", ""
    if value_us >= 1e7:
        return f"{value_us / 1e6:.1f}", "s"
    return f"{value_us / 1000:.3g}" if value_us < 1e6 else f"{value_us / 1000:,.0f}", "ms"


def download(kind: str) -> Response:
    """Download the series of the charts."""
    asked = read(DEFAULT_RANGE, rolled=True)
    points, slow = queries.series(asked.filter, asked.window), queries.latency(asked.filter, asked.window)
    rows = ([
        point.start, point.end, point.requests, *(point.classes.get(each, 0) for each in charts.CLASSES),
        point.throttled, point.response_bytes, *(_in_ms(value) for value in (late.p50_us, late.p95_us, late.p99_us)),
    ] for point, late in zip(points, slow, strict=True))
    return export.send(kind, "analytics", HEADING, rows)


def _in_ms(value_us: float | None) -> float | None:
    return None if value_us is None else round(value_us / 1000, 3)
