"""Builds small charts as plain figures, which static/js/charts.js draws and colours.

They have few traces of fixed kinds, so plotly's own validation is not needed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Chart:
    """A figure, and its description for screen readers."""

    figure: dict[str, Any]
    alt: str

    @property
    def json(self) -> str:
        """The figure for the `plot` macro, which escapes it."""
        return orjson.dumps(self.figure).decode()


@dataclass(frozen=True, slots=True)
class Look:
    """The colour and the pattern of one part of a stacked bar."""

    name: str
    token: str                      # a colour of static/css/tokens.css: --c-<token>
    pattern: str = ""


def stacked(labels: Sequence[str], parts: Mapping[Look, Sequence[int]], alt: str) -> Chart:
    """Stacked bars by day; empty parts are left out."""
    traces = [
        {
            "type": "bar", "name": look.name, "x": list(labels), "y": list(values), "hovertemplate": "%{y:,}",
            "meta": {"token": look.token}, "marker": {"pattern": {"shape": look.pattern, "solidity": 0.2}},
        }
        for look, values in parts.items() if any(values)
    ]
    layout = {
        "barmode": "stack", "bargap": 0.2, "hovermode": "x unified", "xaxis": {"type": "category"},
        "yaxis": {"rangemode": "tozero", "tickformat": "~s"},
    }
    return Chart({"data": traces, "layout": layout}, alt)


def line(name: str, days: Sequence[str], values: Sequence[float], alt: str) -> Chart:
    """A line of one value by day."""
    trace = {
        "type": "scatter", "mode": "lines" if len(days) > 60 else "lines+markers", "name": name, "x": list(days),
        "y": list(values), "hovertemplate": "%{y:,}", "meta": {"token": "p95"}, "line": {"width": 2},
        "marker": {"size": 5},
    }
    layout = {
        "hovermode": "x unified", "xaxis": {"type": "date", "hoverformat": "%-d %b %Y"},
        "yaxis": {"tickformat": ",.6~g"},
    }
    return Chart({"data": [trace], "layout": layout}, alt)
