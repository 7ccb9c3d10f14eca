"""The tests that `make test-fast` leaves out because they take long, by name in slow.txt.

A run of the suite on SQLite writes the list anew: `pytest --find-slow`, on a machine with nothing else to do.
"""

from collections import defaultdict
from functools import lru_cache
from itertools import groupby
from pathlib import Path

FILE = Path(__file__).parent / "slow.txt"
LONG = 0.08                 # seconds of a test, with what it needs
CASES = 2                   # of one test that --few runs


def name_of(nodeid: str) -> str:
    """The test without its parameters."""
    return nodeid.partition("[")[0]


@lru_cache
def known() -> frozenset[str]:
    """The tests of the list."""
    return frozenset(FILE.read_text().split()) if FILE.exists() else frozenset()


def few(items):
    """The first cases of each test."""
    return [item for _, group in groupby(items, lambda one: name_of(one.nodeid)) for item in list(group)[:CASES]]


class FindSlow:
    """Adds up how long each test takes, and writes the list."""

    def __init__(self):
        self.seconds = defaultdict(float)

    def pytest_runtest_logreport(self, report):
        self.seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self):
        long = {name_of(nodeid) for nodeid, seconds in self.seconds.items() if seconds > LONG}
        FILE.write_text("".join(f"{name}\n" for name in sorted(long)))
