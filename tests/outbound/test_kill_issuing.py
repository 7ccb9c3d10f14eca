"""Killed processes that issue: numbers without gaps or doubles, and books that verify."""

import pytest

from bench.invoicing.kill_issuing import Plan, trial

pytestmark = pytest.mark.files


@pytest.mark.timeout(280)
def test_two_processes_killed_at_random_leave_no_gap_and_no_double(own_database):
    found = trial(Plan(invoices=80, kills=5), own_database)
    assert found.is_right, found
    assert found.issued >= 80
    assert found.kills == 5
