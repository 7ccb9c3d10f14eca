"""Each acknowledged request is in the request log once, whenever the server is killed."""

import pytest

from bench.installation import installation
from bench.performance import p3_kill


@pytest.mark.files
def test_killed_three_times_under_load_the_log_lost_nothing_and_doubled_nothing():
    with installation() as here:
        found = p3_kill.survive(here, kills=3)
    assert found.acknowledged >= 3 * p3_kill.CALLERS
    assert (found.lost, found.doubled) == (0, 0), found
    assert found.logged >= found.acknowledged
