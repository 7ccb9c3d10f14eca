"""Charts: valid for plotly, small, safe within a page, described by a sentence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import brotli
import plotly.graph_objects as go
import pytest

from analytics.charts import charts
from analytics.queries.figures import Latency, Point
from analytics.rollups.histogram import LAST_US

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
    meta = figure["layout"]["meta"]
    assert all(len(trace["y"]) == len(meta["labels"]) == len(meta["edges"]) - 1 == 120 for trace in figure["data"])
    assert "template" not in figure["layout"]


def test_all_figures_of_a_page_are_small():
    page = "".join(chart.json for chart in every().values())
    assert len(brotli.compress(page.encode(), quality=5)) < 10 * 1024


def test_figures_do_not_share_their_numbers():
    one, two = charts.volume(points(3), ZONE, ""), charts.volume(points(5), ZONE, "")
    assert len(one.figure["data"][0]["y"]) == 3
    assert len(two.figure["data"][0]["y"]) == 5


def test_every_chart_has_a_description():
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
    assert figure["layout"]["meta"]["labels"] == ["Fri 13 Nov, 01:00"]


def hours(*counts):
    """Buckets of requests and failures."""
    return [Point(START + timedelta(hours=at), START + timedelta(hours=at + 1), {2: count - failed, 5: failed}, 0, 0)
            for at, (count, failed) in enumerate(counts)]


def test_few_requests_are_a_hollow_mark_with_their_counts():
    chart = charts.error_rate(hours((3, 1), (3, 0), (100, 2), (0, 0), (9, 9)), None, ZONE, "today")
    rates, few = chart.figure["data"]
    assert rates["y"] == [None, 0.0, 0.02, None, None]
    assert few["y"] == [0.33333, None, None, None, 1.0]
    assert few["text"][0] == "1 of 3 failed"
    assert few["meta"]["clipped"]
    assert "at most 2.00%" in chart.alt
    assert [one.cells for one in chart.buckets][::4] == [("–", "1 of 3 failed"), ("–", "9 of 9 failed")]


def test_the_comparison_does_not_scale_the_axis_and_its_highest_bucket_is_a_link():
    before = [replace(point, start=point.start - timedelta(days=1), end=point.end - timedelta(days=1))
              for point in hours((5, 0), (1295, 900), (7, 0))]
    chart = charts.requests(hours((5, 0), (6, 1), (7, 0)), before, ZONE, "today")
    (aside,) = [trace for trace in chart.figure["data"] if trace["meta"].get("aside")]
    assert aside["name"] == "Previous period"
    assert chart.peak == charts.Bucket("1,295 at 12 Nov 02:00", "2026-11-12T01:00:00Z", "2026-11-12T02:00:00Z", ())
    assert charts.error_rate(hours((20, 1)) * 3, before, ZONE, "").peak.label == "69.50% at 12 Nov 02:00"
    assert charts.requests(hours((5, 0)), None, ZONE, "").peak is None
    assert charts.requests(hours((5, 0)), hours((0, 0)), ZONE, "").peak is None


def test_every_chart_has_its_numbers_as_a_table():
    for chart in every().values():
        assert len(chart.buckets) == 120
        assert {len(one.cells) for one in chart.buckets} == {len(chart.columns)}
    first = every()["latency"].buckets[0]
    assert (first.label, first.start, first.end) == (
        "Fri 13 Nov, 01:00", "2026-11-13T00:00:00Z", "2026-11-13T01:00:00Z")
    assert first.cells == ("12.3 ms", "98.8 ms", "–")


@pytest.mark.parametrize(("micros", "text"), [
    (None, "–"), (12_345, "12.3 ms"), (999_000, "999 ms"), (4_050_000, "4.05 s"), (95e6, "95.00 s"),
    (180e6, "3.0 min"), (9e9, "2.5 h"), (LAST_US, "4.4 h or more"), (9e12, "4.4 h or more")])
def test_a_duration_has_its_unit_and_the_last_bucket_says_that_it_has_no_end(micros, text):
    assert charts.duration(micros) == text
