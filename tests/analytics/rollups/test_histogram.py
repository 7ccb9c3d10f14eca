"""Percentiles of durations, computed from buckets."""

from math import ceil

from hypothesis import example, given
from hypothesis import strategies as st

from analytics.rollups.histogram import Merger, added, bucket_of

SHARES = (0.5, 0.95, 0.99)
HOUR_US = 3_600_000_000


@given(durations=st.lists(st.integers(0, 4 * HOUR_US), min_size=1, max_size=200), parts=st.integers(1, 200))
@example(durations=[14863, 0], parts=1)
@example(durations=[0], parts=1)
@example(durations=[1, 2], parts=2)
def test_a_percentile_is_within_two_percent_or_a_microsecond_of_the_exact_one(durations, parts):
    merger = Merger()
    for at in range(0, len(durations), parts):
        merger.add(added(None, [bucket_of(one) for one in durations[at:at + parts]]))
    found = merger.quantiles(SHARES, max(durations))
    exact = [sorted(durations)[max(1, ceil(share * len(durations))) - 1] for share in SHARES]
    for one, other in zip(found, exact, strict=True):
        assert abs(one - other) <= max(1, other * 0.02)


def test_without_durations_there_is_no_percentile():
    assert Merger().quantiles(SHARES, 0) == (None, None, None)
