"""Finds the tests that need no second run, on PostgreSQL: those that send nothing that others do not.

The run on SQLite listens to every statement. What a test sent is the set of its statements; of the kinds of values at
each of their places (a number beyond 32 or 64 bits, a text with signs of LIKE, with control characters, beyond ASCII,
...); of what came of each (how many rows were written, or which error); and of which statement followed which. A test
all of whose parts occur in other tests, which do run on PostgreSQL, repeats them there. Of tests that could stand for
each other the quick ones run. Never left out: what did not pass here, what is about processes and threads or the
request log (which writes past SQLAlchemy), and what asks which database it has.
"""

import json
import re
import time
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from heapq import heapify, heappop, heapreplace
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.exc import DBAPIError

from database.driver import Driver
from database.statements import Ready, Values
from tests import plan

LISTS = re.compile(r"\((?:\?(?:, )?)+\)(?:, \((?:\?(?:, )?)+\))+|(?<=IN )\((?:\?(?:, )?)+\)")
MARKS = {
    "like": re.compile(r"[%_\\]"), "quote": re.compile(r"['\"]"), "space": re.compile(r"[^0-9A-Za-z\x80-\U0010ffff]"),
    "upper": re.compile(r"[A-Z]"), "control": re.compile(r"[\x00-\x1f\x7f-\x9f]"), "nul": re.compile("\0"),
    "foreign": re.compile(r"[\x80-\uffff]"), "astral": re.compile("[\U00010000-\U0010ffff]"),
}
LENGTHS = (0, 255, 8000)
OVERHEAD = 0.01             # seconds that any test takes
NUMBERS = (-(2**63), -(2**31), 0, 1, 2**31, 2**63)
OWN = {"workshop", "own_database", "log_url"}       # fixtures of tests of threads and processes, or with a server


def kind(value: object) -> str:
    """What a database may do differently with a value than with another."""
    if isinstance(value, str):
        marks = [name for name, sign in MARKS.items() if sign.search(value)]
        return f"text {sum(len(value) > most for most in LENGTHS)} {marks}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{type(value).__name__} {sum(value >= least for least in NUMBERS)}"
    if isinstance(value, bytes):
        return f"bytes {sum(len(value) > most for most in LENGTHS)}"
    return type(value).__name__


class Sent(NamedTuple):
    """What a test sent, and how long it took."""

    parts: frozenset[int]
    seconds: float = 0.0


class Repeats:
    """A plugin of the run on SQLite: writes the ids of the tests that repeat others into a file."""

    def __init__(self, config: pytest.Config, file: Path):
        self.config, self.file = config, file
        self.numbers: dict[object, int] = {}                     # each part that was ever sent, alike in all workers
        self.shapes: dict[str, tuple[int, bool]] = {}            # each statement: its number, has it lists
        self.sent: set[int] | None = None                        # what the test that runs now has sent
        self.before = 0                                          # the number of the statement before
        self.tests: dict[str, Sent] = {}
        self.kept: set[str] = set()
        event.listen(Engine, "after_cursor_execute", self.hear)
        event.listen(Engine, "handle_error", self.hear_error)
        self.listen_to_prepared()
        if not hasattr(config, "workerinput"):
            file.unlink(missing_ok=True)

    def number(self, part: object) -> int:
        known = self.numbers.get(part)
        if known is None:
            digest = blake2b(repr(part).encode(), digest_size=8).digest()
            known = self.numbers[part] = int.from_bytes(digest)
        return known

    def hear(self, _: object, cursor: object, statement: str, values: object, *more: object) -> None:
        """Note a statement that was answered."""
        if self.sent is not None:
            shape = self.note(statement, values)
            self.sent.add(self.number((shape, "rows", min(getattr(cursor, "rowcount", 0), 2))))

    def listen_to_prepared(self) -> None:
        """Note what is handed to the driver itself, of which SQLAlchemy's events know nothing."""
        bound = Ready.bound

        def heard(ready: Ready, values: Values) -> tuple[str, list[object]]:
            statement, given = bound(ready, values)
            if self.sent is not None:
                self.note(statement, tuple(given))
            return statement, given

        Ready.bound = heard
        send = Driver.send

        def sent(driver: Driver, sql: str, values: Sequence[object]) -> object:
            try:
                cursor = send(driver, sql, values)
            except DBAPIError as problem:
                if self.sent is not None:
                    shape = self.note(sql, tuple(values))
                    self.sent.add(self.number((shape, "error", type(problem.orig))))
                raise
            self.hear(None, cursor, sql, tuple(values))
            return cursor

        Driver.send = sent

    def hear_error(self, context: object) -> None:
        """Note a statement that was refused."""
        statement = getattr(context, "statement", None)
        if self.sent is not None and statement is not None:
            shape = self.note(statement, getattr(context, "parameters", ()))
            self.sent.add(self.number((shape, "error", type(getattr(context, "original_exception", None)))))

    def note(self, statement: str, values: object) -> int:
        """The number of a statement, whose parts the test that runs now has sent."""
        assert self.sent is not None
        known = self.shapes.get(statement)
        if known is None:
            words, lists = LISTS.subn("(...)", statement)
            known = self.shapes[statement] = self.number(words), lists > 0
        shape, has_lists = known
        self.sent.update((shape, self.number((self.before, shape))))
        self.before = shape
        rows = values if isinstance(values, list) else [values]
        for row in rows:
            for place, value in enumerate(row.values() if isinstance(row, dict) else row or ()):
                self.sent.add(self.number((shape, -1 if has_lists else place, kind(value))))
        return shape

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> object:
        """Listen from the first fixture to the last."""
        if not plan.runs(item, True):
            return (yield)
        self.sent, self.before, began = set(), 0, time.perf_counter()
        if names_its_database(item):
            self.kept.add(item.nodeid)
        try:
            return (yield)
        finally:
            self.tests[item.nodeid] = Sent(frozenset(self.sent), time.perf_counter() - began)
            self.sent = None

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """What did not pass on SQLite, or was skipped, has its second run."""
        if report.outcome != "passed":
            self.kept.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Hand over what this process saw, if it is a worker."""
        if hasattr(self.config, "workeroutput"):
            tests = {name: (array("Q", sent.parts).tobytes(), sent.seconds) for name, sent in self.tests.items()}
            self.config.workeroutput["sent"] = (tests, list(self.kept))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take what a worker saw."""
        tests, kept = getattr(node, "workeroutput", {}).get("sent", ({}, ()))
        self.tests |= {name: Sent(frozenset(array("Q", parts)), seconds) for name, (parts, seconds) in tests.items()}
        self.kept.update(kept)

    def pytest_unconfigure(self) -> None:
        if not hasattr(self.config, "workerinput"):
            self.file.parent.mkdir(exist_ok=True)
            self.file.write_text(json.dumps(sorted(repeating(self.tests, self.kept))))


def names_its_database(item: pytest.Item) -> bool:
    """Whether a test is about processes, threads or the database that it has."""
    function = getattr(item, "function", None)
    asks = "on_postgresql" in getattr(getattr(function, "__code__", None), "co_varnames", ())
    module = getattr(item, "module", None)
    of_log = item.nodeid.startswith("tests/analytics/")
    return (asks or of_log or hasattr(module, "ON_POSTGRESQL") or item.get_closest_marker("files") is not None
            or not OWN.isdisjoint(getattr(item, "fixturenames", ())))


def repeating(tests: Mapping[str, Sent], kept: Iterable[str]) -> list[str]:
    """The tests all of whose parts occur in others that are no such tests.

    One after the other the test is taken that adds most for its time. Of those taken, the slowest first, some turn out
    to add nothing beside what was taken later.
    """
    first = tests.keys() & set(kept)
    sent = {part for name in first for part in tests[name].parts}

    def worth(name: str) -> float:
        return len(tests[name].parts - sent) / (tests[name].seconds + OVERHEAD)

    taken = []
    waiting = [(-worth(name), name) for name in tests.keys() - first]
    heapify(waiting)
    while waiting:
        now, name = worth(waiting[0][1]), waiting[0][1]
        heapreplace(waiting, (-now, name))                   # it was worth more before others were taken
        if waiting[0][1] == name:
            heappop(waiting)
            if now:
                taken.append(name)
                sent |= tests[name].parts
    times = Counter(part for name in (*first, *taken) for part in tests[name].parts)
    for name in sorted(taken, key=lambda one: -tests[one].seconds):
        if all(times[part] > 1 for part in tests[name].parts):
            taken.remove(name)
            times.subtract(tests[name].parts)
    return list(tests.keys() - first - set(taken))


def read(file: Path) -> frozenset[str]:
    """What a run on SQLite has found; nothing where there was none."""
    return frozenset(json.loads(file.read_text())) if file.exists() else frozenset()
