"""Builds charts for plotly.js as plain dicts, each with its numbers as a table.

plotly.graph_objects validates and builds each chart's layout once per process; a request only
fills in its numbers, at a hundredth of the cost. Colours are tokens, which the browser's theme replaces.
"""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from analytics.charts import axis
from analytics.queries.figures import Latency, Point
from analytics.rollups.grains import RPC_ERROR
from analytics.rollups.histogram import LAST_US

Figure = dict[str, Any]
CLASSES = {2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx", RPC_ERROR: "rpc"}
CLASS_NAMES = {2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx", RPC_ERROR: "RPC errors"}
PATTERNS = {4: "/", 5: "x", RPC_ERROR: "."}         # so that classes differ by more than colour
FEWEST = 10                          # requests from which a bucket's error rate is drawn
PREVIOUS = {"token": "prev", "aside": True}         # in meta: the axis has the scale of the others
PERCENTILES = (("p50", "dot", "circle"), ("p95", "solid", "square"), ("p99", "dash", "diamond"))


@dataclass(frozen=True, slots=True)
class Bucket:
    """One line of a chart's table. Times are ISO 8601 in UTC."""

    label: str
    start: str
    end: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, its description for screen readers, and its numbers."""

    figure: Figure
    alt: str
    columns: tuple[str, ...] = ()
    buckets: tuple[Bucket, ...] = ()

    @property
    def peak(self) -> Bucket | None:
        """The highest bucket of the previous period."""
        found = self.figure["layout"]["meta"].get("peak")
        return Bucket(found["text"], _instant(found["start"]), _instant(found["end"]), ()) if found else None

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
        name="Previous period", mode="lines", line={"dash": "dot", "width": 1.5}, meta=PREVIOUS,
        hoverinfo="skip")
    return [*bars, previous], {
        # "closest": a click must mean one class of one bucket, not all that share an x.
        "hovermode": "closest", "barmode": "stack", "bargap": 0.15, "xaxis": {"type": "category"},
        "yaxis": {"rangemode": "tozero", "tickformat": "~s"}}


def _error_rate(go: Any) -> tuple[list[Any], dict[str, Any]]:
    line = go.Scatter(
        name="Error rate", mode="lines+markers", line={"width": 2}, marker={"size": 3}, fill="tozeroy",
        meta={"token": "5xx", "fill": 0.14, "status": "failed"}, hovertemplate="%{y:.2%}")
    previous = go.Scatter(
        name="Previous period", mode="lines", line={"dash": "dot", "width": 1.5}, meta=PREVIOUS,
        hovertemplate="%{y:.2%}")
    few = go.Scatter(
        name="Few requests", mode="markers", marker={"symbol": "circle-open", "size": 8, "line": {"width": 1.5}},
        meta={"token": "5xx", "status": "failed", "clipped": True}, hovertemplate="%{text}")
    return [line, few, previous], {
        "xaxis": {"type": "category"}, "yaxis": {"rangemode": "tozero", "tickformat": ".1~%"}}


def _latency(go: Any) -> tuple[list[Any], dict[str, Any]]:
    lines = [
        go.Scatter(
            name=name, mode="lines+markers", line={"width": 2, "dash": dash}, marker={"symbol": symbol, "size": 4},
            meta={"token": name}, hovertemplate="%{text}", connectgaps=False)
        for name, dash, symbol in PERCENTILES]
    ticks = {
        0.1: "0.1 ms", 0.3: "0.3 ms", 1: "1 ms", 3: "3 ms", 10: "10 ms", 30: "30 ms", 100: "100 ms", 300: "300 ms",
        1000: "1 s", 3000: "3 s", 10_000: "10 s", 30_000: "30 s"}
    return lines, {
        "xaxis": {"type": "category"},
        "yaxis": {"type": "log", "tickvals": list(ticks), "ticktext": list(ticks.values())}}


def _volume(go: Any) -> tuple[list[Any], dict[str, Any]]:
    bars = go.Bar(name="Bytes sent", meta={"token": "p50"}, hovertemplate="%{y:,} bytes")
    return [bars], {
        "bargap": 0.15, "xaxis": {"type": "category"},
        "yaxis": {"rangemode": "tozero", "tickformat": "~s", "ticksuffix": "B"}}


SKELETONS = {"requests": _requests, "error_rate": _error_rate, "latency": _latency, "volume": _volume}


def _filled(kind: str, points: Sequence[Point | Latency], zone: ZoneInfo, lines: Sequence[list[Any] | None]) -> Figure:
    """A copy of the skeleton with data; traces without any are left out. The labels stand once, not in each trace."""
    figure = deepcopy(skeleton(kind))
    traces = []
    for trace, line in zip(figure["data"], lines, strict=True):
        if line is not None:
            trace["y"] = line
            traces.append(trace)
    figure["data"] = traces
    starts = [point.start for point in points]
    figure["layout"]["meta"] = {
        # Where each bucket begins and ends, for the link from a bar to its requests.
        "edges": [*(_second(start) for start in starts), *(_second(point.end) for point in points[-1:])],
        "labels": axis.labels(starts, zone), "ticks": axis.ticks(starts, zone)}
    return figure


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


@lru_cache(4096)                             # the charts of a page have the same edges
def _instant(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _chart(figure: Figure, alt: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Chart:
    meta = figure["layout"]["meta"]
    buckets = (
        Bucket(label, _instant(start), _instant(end), tuple(cells)) for label, (start, end), cells in zip(
            meta["labels"], pairwise(meta["edges"]), rows, strict=True))
    return Chart(figure, alt, tuple(columns), tuple(buckets))


def _mark_peak(figure: Figure, previous: Sequence[Point], values: Sequence[float | None], zone: ZoneInfo, form: str,
               ) -> None:
    """Note the highest bucket of the previous period, which may be above the axis."""
    place = max(range(len(values)), key=lambda at: values[at] or 0, default=None)
    if place is None or not values[place]:
        return
    point = previous[place]
    moment = point.start.astimezone(zone).strftime("%-d %b %H:%M")
    figure["layout"]["meta"]["peak"] = {
        "place": place, "start": _second(point.start), "end": _second(point.end),
        "text": f"{format(values[place], form)} at {moment}"}


def requests(points: Sequence[Point], previous: Sequence[Point] | None, zone: ZoneInfo, period: str) -> Chart:
    """Requests over time, stacked by status class."""
    present = {each for point in points for each, count in point.classes.items() if count} | {2, 4, 5}
    lines: list[list[Any] | None] = [
        [point.classes.get(each, 0) for point in points] if each in present else None for each in CLASSES]
    before = [point.requests for point in previous[:len(points)]] if previous else None
    total, failed = sum(point.requests for point in points), sum(point.errors for point in points)
    alt = f"Requests {period}: {total:,} in all, {failed:,} of them failed."
    busiest = max(points, key=lambda point: point.requests, default=None)
    if busiest and busiest.requests:
        moment = busiest.start.astimezone(zone).strftime("%-d %b %H:%M")
        alt += f" Most at {moment}: {busiest.requests:,}."
    figure = _filled("requests", points, zone, [*lines, before])
    if previous and before:
        _mark_peak(figure, previous, before, zone, ",")
    names = [CLASS_NAMES[each] for each in CLASSES if each in present]
    shown = [line for line in (*lines, before) if line is not None]
    return _chart(figure, alt, [*names, *(["Previous period"] if before else [])],
                  [[f"{value:,}" for value in row] for row in zip(*shown, strict=True)])


def _rate(point: Point) -> float | None:
    """The share that is drawn: none of few requests, of which one failure would be a third."""
    if not point.requests or (point.errors and point.requests < FEWEST):
        return None
    return round(point.errors / point.requests, 5)


def error_rate(points: Sequence[Point], previous: Sequence[Point] | None, zone: ZoneInfo, period: str) -> Chart:
    """The share of requests that failed, over time. Few requests are a hollow mark with their counts."""
    rates = [_rate(point) for point in points]
    small = [point.errors > 0 and rate is None for point, rate in zip(points, rates, strict=True)]
    before = [_rate(point) for point in previous[:len(points)]] if previous else None
    worst = max((rate for rate in rates if rate is not None), default=None)
    alt = f"Error rate {period}: " + (f"at most {worst:.2%}." if worst is not None else "few requests.")
    hollow = [
        round(point.errors / point.requests, 5) if few else None for point, few in zip(points, small, strict=True)]
    figure = _filled("error_rate", points, zone, [rates, hollow if any(small) else None, before])
    counts = [f"{point.errors:,} of {point.requests:,} failed" for point in points]
    if any(small):
        figure["data"][1]["text"] = [text if few else "" for text, few in zip(counts, small, strict=True)]
    if previous and before:
        _mark_peak(figure, previous, before, zone, ".2%")
    rows = [[_share(rate), count, *([_share(before[at])] if before else [])] for at, (rate, count) in enumerate(
        zip(rates, counts, strict=True))]
    return _chart(figure, alt, ["Error rate", "Requests", *(["Previous period"] if before else [])], rows)


def _share(rate: float | None) -> str:
    return "–" if rate is None else f"{rate:.2%}"


def latency(points: Sequence[Latency], zone: ZoneInfo, period: str) -> Chart:
    """Percentiles of the duration over time, in milliseconds."""
    values = [
        [point.p50_us for point in points], [point.p95_us for point in points], [point.p99_us for point in points]]
    slowest = max((value for value in values[2] if value is not None), default=None)
    alt = f"Latency {period}: " + (
        f"the 99th percentile reaches {duration(slowest)}." if slowest is not None else "no durations.")
    figure = _filled("latency", points, zone, [[_ms(value) for value in line] for line in values])
    texts = [[duration(value) for value in line] for line in values]
    for trace, line in zip(figure["data"], texts, strict=True):
        trace["text"] = line
    return _chart(figure, alt, [name for name, _, _ in PERCENTILES], list(zip(*texts, strict=True)))


def duration(value_us: float | None) -> str:
    """A duration with three digits and its unit. The last bucket of histograms has no end, and says so."""
    if value_us is None:
        return "–"
    if value_us >= LAST_US:
        return f"{LAST_US / 3.6e9:.1f} h or more"
    for size, unit in ((3.6e9, "h"), (6e7, "min"), (1e6, "s")):
        if value_us >= size * (1 if unit == "s" else 2):
            return f"{value_us / size:.1f} {unit}" if unit != "s" else f"{value_us / size:.2f} s"
    return f"{value_us / 1000:.3g} ms"


def _ms(value_us: float | None) -> float | None:
    return None if value_us is None else float(f"{value_us / 1000:.4g}")


def volume(points: Sequence[Point], zone: ZoneInfo, period: str) -> Chart:
    """Bytes sent over time."""
    total = sum(point.response_bytes for point in points)
    figure = _filled("volume", points, zone, [[point.response_bytes for point in points]])
    alt = f"Data sent {period}: {total:,} bytes in all."
    return _chart(figure, alt, ["Bytes sent"], [[f"{point.response_bytes:,}"] for point in points])
