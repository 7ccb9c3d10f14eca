"""Figures: valid for plotly, small, safe to put into a page, and told in a sentence."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import brotli
import plotly.graph_objects as go
import pytest

from analytics import charts
from analytics.figures import Latency, Point

START = datetime(2026, 11, 13, tzinfo=UTC)
ZONE = ZoneInfo("Europe/Madrid")


def points(count=120):
    return [
        Point(START + timedelta(hours=at), START + timedelta(hours=at + 1),
              {2: 1000 + at * 7919 % 500, 4: at % 17, 5: at % 5, 6: at % 3}, at % 4, at * 104729)
        for at in range(count)]


def slow(count=120):
    return [
        Latency(START + timedelta(hours=at), START + timedelta(hours=at + 1), 12_345.6 + at, 98_765.4 + at * 7, None)
        for at in range(count)]


def every():
    return {
        "requests": charts.requests(points(), points(), ZONE, "today"),
        "error_rate": charts.error_rate(points(), points(), ZONE, "today"),
        "latency": charts.latency(slow(), ZONE, "today"),
        "volume": charts.volume(points(), ZONE, "today")}


@pytest.mark.parametrize("name", ["requests", "error_rate", "latency", "volume"])
def test_plotly_takes_the_figure(name):
    figure = every()[name].figure
    assert go.Figure(figure).to_plotly_json()["data"]
    assert all(len(trace["x"]) == len(trace["y"]) == 120 for trace in figure["data"])
    assert "template" not in figure["layout"]


def test_all_figures_of_a_page_are_small():
    page = "".join(chart.json for chart in every().values())
    assert len(brotli.compress(page.encode(), quality=5)) < 10 * 1024


def test_figures_do_not_share_their_numbers():
    one, two = charts.volume(points(3), ZONE, ""), charts.volume(points(5), ZONE, "")
    assert len(one.figure["data"][0]["x"]) == 3
    assert len(two.figure["data"][0]["x"]) == 5


def test_every_figure_is_told_in_a_sentence():
    for chart in every().values():
        assert "today" in chart.alt
        assert chart.alt.endswith(".")
    assert charts.requests([], None, ZONE, "today").alt == "Requests today: 0 in all, 0 of them failed."
    assert charts.latency([], ZONE, "today").alt == "Latency today: no durations."


def test_nothing_in_a_figure_ends_the_script_element():
    chart = charts.Chart({"x": "</script><!--&"}, "")
    assert not set("<>&") & set(chart.json)


def test_buckets_without_requests_are_zero_and_classes_without_are_left_out():
    empty = [Point(START, START + timedelta(hours=1), {}, 0, 0)]
    figure = charts.requests(empty, None, ZONE, "").figure
    assert [(trace["name"], trace["y"]) for trace in figure["data"]] == [("2xx", [0]), ("4xx", [0]), ("5xx", [0])]
    assert figure["data"][0]["x"] == ["2026-11-13T01:00"]
