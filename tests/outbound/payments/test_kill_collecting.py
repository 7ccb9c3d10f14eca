"""Killed workers that collect: each period is charged exactly once, and nothing stays unknown."""

import pytest

from bench.kill_collecting import Plan, trial

pytestmark = pytest.mark.files


@pytest.mark.timeout(280)
def test_two_workers_killed_at_random_charge_each_period_exactly_once(own_database):
    found = trial(Plan(payments=66, kills=5), own_database)
    assert found.is_right, found
    assert (found.charged_once, found.kills) == (54, 5)
