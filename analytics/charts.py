"""Builds charts for plotly.js as plain dicts.

plotly.graph_objects validates and builds each chart's layout once per process; a request only
fills in its numbers, at a hundredth of the cost. Colours are tokens, which the browser's theme replaces.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from analytics.figures import Latency, Point
from analytics.grains import RPC_ERROR

Figure = dict[str, Any]
CLASSES = {2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx", RPC_ERROR: "rpc"}
CLASS_NAMES = {2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx", RPC_ERROR: "RPC errors"}
PATTERNS = {4: "/", 5: "x", RPC_ERROR: "."}         # so that classes differ by more than colour
PERCENTILES = (("p50", "dot", "circle"), ("p95", "solid", "square"), ("p99", "dash", "diamond"))


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, and its description for screen readers."""

    figure: Figure
    alt: str

    @property
    def json(self) -> str:
        """The figure as JSON that is safe within a script element."""
        text = orjson.dumps(self.figure).decode()
        return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


@cache
def skeleton(kind: str) -> Figure:
    """The traces and axes of one kind of chart, without data."""
    # Loading plotly takes a third of a second, and only pages with charts need it.
    import plotly.graph_objects as go

    traces, layout = SKELETONS[kind](go)
    # "none": without it each figure carries 6 KB of default colours.
    figure = go.Figure(data=traces, layout=go.Layout(template="none", **{"hovermode": "x unified", **layout}))
    plain: Figure = orjson.loads(figure.to_json())
    plain["layout"].pop("template", None)
    return plain


def _requests(go: Any) -> tuple[list[Any], dict[str, Any]]:
    bars = [
        go.Bar(
            name=CLASS_NAMES[each], meta={"token": "5xx" if name == "rpc" else name, "status": name},
            hovertemplate="%{x}<br>%{y:,} × %{fullData.name}<extra></extra>",
            marker={"pattern": {"shape": PATTERNS.get(each, ""), "solidity": 0.2}})
        for each, name in CLASSES.items()]
    previous = go.Scatter(
        name="Previous period", mode="lines", line={"dash": "dot", "width": 1.5}, meta={"token": "prev"},
        hoverinfo="skip")
    return [*bars, previous], {
        # "closest": a click must mean one class of one bucket, not all that share an x.
        "hovermode": "closest", "barmode": "stack", "bargap": 0.15, "xaxis": {"type": "date"},
        "yaxis": {"rangemode": "tozero", "tickformat": "~s"}}


def _error_rate(go: Any) -> tuple[list[Any], dict[str, Any]]:
    line = go.Scatter(
        name="Error rate", mode="lines", line={"width": 2}, fill="tozeroy",
        meta={"token": "5xx", "fill": 0.14, "status": "failed"}, hovertemplate="%{y:.2%}")
    previous = go.Scatter(
        name="Previous period", mode="lines", line={"dash": "dot", "width": 1.5}, meta={"token": "prev"},
        hovertemplate="%{y:.2%}")
    return [line, previous], {
        "xaxis": {"type": "date"}, "yaxis": {"rangemode": "tozero", "tickformat": ".1~%"}}


def _latency(go: Any) -> tuple[list[Any], dict[str, Any]]:
    lines = [
        go.Scatter(
            name=name, mode="lines+markers", line={"width": 2, "dash": dash}, marker={"symbol": symbol, "size": 4},
            meta={"token": name}, hovertemplate="%{y:,.3~r} ms", connectgaps=False)
        for name, dash, symbol in PERCENTILES]
    ticks = {
        0.1: "0.1 ms", 0.3: "0.3 ms", 1: "1 ms", 3: "3 ms", 10: "10 ms", 30: "30 ms", 100: "100 ms", 300: "300 ms",
        1000: "1 s", 3000: "3 s", 10_000: "10 s", 30_000: "30 s"}
    return lines, {
        "xaxis": {"type": "date"}, "yaxis": {"type": "log", "tickvals": list(ticks), "ticktext": list(ticks.values())}}


def _volume(go: Any) -> tuple[list[Any], dict[str, Any]]:
    bars = go.Bar(name="Bytes sent", meta={"token": "p50"}, hovertemplate="%{y:,} bytes")
    return [bars], {
        "bargap": 0.15, "xaxis": {"type": "date"},
        "yaxis": {"rangemode": "tozero", "tickformat": "~s", "ticksuffix": "B"}}


SKELETONS = {"requests": _requests, "error_rate": _error_rate, "latency": _latency, "volume": _volume}


def _filled(kind: str, points: Sequence[Point | Latency], zone: ZoneInfo, lines: Sequence[list[Any] | None]) -> Figure:
    """A copy of the skeleton with data; traces without any are left out."""
    figure = deepcopy(skeleton(kind))
    times = [point.start.astimezone(zone).strftime("%Y-%m-%dT%H:%M") for point in points]
    traces = []
    for trace, line in zip(figure["data"], lines, strict=True):
        if line is not None:
            trace["x"], trace["y"] = times, line
            traces.append(trace)
    figure["data"] = traces
    # Where each bucket begins and ends, for the link from a bar to its requests.
    figure["layout"]["meta"] = {"edges": [
        *(int(point.start.timestamp()) for point in points), *(int(point.end.timestamp()) for point in points[-1:])]}
    return figure


def requests(points: Sequence[Point], previous: Sequence[Point] | None, zone: ZoneInfo, period: str) -> Chart:
    """Requests over time, stacked by status class."""
    present = {each for point in points for each, count in point.classes.items() if count}
    lines: list[list[Any] | None] = [
        [point.classes.get(each, 0) for point in points] if each in present | {2, 4, 5} else None for each in CLASSES]
    lines.append([point.requests for point in previous[:len(points)]] if previous else None)
    total, failed = sum(point.requests for point in points), sum(point.errors for point in points)
    alt = f"Requests {period}: {total:,} in all, {failed:,} of them failed."
    busiest = max(points, key=lambda point: point.requests, default=None)
    if busiest and busiest.requests:
        moment = busiest.start.astimezone(zone).strftime("%-d %b %H:%M")
        alt += f" Most at {moment}: {busiest.requests:,}."
    return Chart(_filled("requests", points, zone, lines), alt)


def _rate(point: Point) -> float | None:
    return round(point.errors / point.requests, 5) if point.requests else None


def error_rate(points: Sequence[Point], previous: Sequence[Point] | None, zone: ZoneInfo, period: str) -> Chart:
    """The share of requests that failed, over time."""
    rates = [_rate(point) for point in points]
    before = [_rate(point) for point in previous[:len(points)]] if previous else None
    worst = max((rate for rate in rates if rate is not None), default=None)
    alt = f"Error rate {period}: " + (f"at most {worst:.2%}." if worst is not None else "no requests.")
    return Chart(_filled("error_rate", points, zone, [rates, before]), alt)


def latency(points: Sequence[Latency], zone: ZoneInfo, period: str) -> Chart:
    """Percentiles of the duration over time, in milliseconds."""
    lines: list[list[Any] | None] = [
        [_ms(value) for value in values] for values in (
            [point.p50_us for point in points], [point.p95_us for point in points],
            [point.p99_us for point in points])]
    slowest = max((value for value in lines[2] or () if value is not None), default=None)
    alt = f"Latency {period}: " + (
        f"the 99th percentile reaches {slowest:,} ms." if slowest is not None else "no durations.")
    return Chart(_filled("latency", points, zone, lines), alt)


def _ms(value_us: float | None) -> float | None:
    return None if value_us is None else float(f"{value_us / 1000:.3g}")


def volume(points: Sequence[Point], zone: ZoneInfo, period: str) -> Chart:
    """Bytes sent over time."""
    total = sum(point.response_bytes for point in points)
    figure = _filled("volume", points, zone, [[point.response_bytes for point in points]])
    return Chart(figure, f"Data sent {period}: {total:,} bytes in all.")
