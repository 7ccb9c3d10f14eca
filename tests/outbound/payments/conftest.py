"""Fixtures of the tests of what collects: a merchant, and a clock that stands."""

import pytest
import time_machine

from tests import cast
from tests.paying import START


@pytest.fixture
def at():
    """A function that moves the clock; it starts on the last day of a January."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller.move_to


@pytest.fixture
def merchant():
    return cast.make_merchant()
