"""What the run on PostgreSQL leaves out repeats there what other tests send."""

import re
from random import Random

from config import ROOT
from tests.repeats import Sent, kind, repeating

# Modules that speak to the driver itself, of which SQLAlchemy's events know nothing, and why none is missed.
PAST_SQLALCHEMY = {
    "analytics/log/bulk.py": "writes the request log, whose tests always run on both",
    "database/__init__.py": "takes the connection for Driver",
    "database/driver.py": "Driver.send, which tests/repeats.py notes",
    "database/sqlite.py": "begins transactions, which every test does alike",
    "database/reader.py": "asks Ready.bound for each statement, which tests/repeats.py notes",
}


def seen(**tests):
    return {name: Sent(frozenset(parts)) for name, parts in tests.items()}


def test_a_test_all_of_whose_parts_others_send_is_left_out():
    sent = seen(long=[1, 2], short=[2], other=[3])
    assert repeating(sent, kept=()) == ["short"]
    assert repeating(sent, kept={"short"}) == []
    assert repeating(sent, kept={"short", "a test that is unknown"}) == []


def test_what_several_tests_send_together_is_repeated_by_one_that_sends_it_all():
    assert repeating(seen(both=[2, 3], one=[1, 2], two=[3, 4], last=[5]), kept=()) == ["both"]


def test_a_test_that_sends_nothing_is_left_out():
    assert repeating(seen(silent=[]), kept=()) == ["silent"]


def test_of_equal_tests_the_quickest_runs():
    slow, quick = Sent(frozenset([1]), 2.0), Sent(frozenset([1]), 0.1)
    assert sorted(repeating({"a": slow, "b": quick, "c": slow}, kept=())) == ["a", "c"]


def test_every_part_of_a_test_that_is_left_out_is_sent_by_one_that_runs():
    dice = Random(8)
    tests = {str(name): Sent(frozenset(dice.choices(range(300), k=dice.randint(0, 40))), dice.random())
             for name in range(400)}
    left = set(repeating(tests, kept={"7"}))
    sent = {part for name in tests.keys() - left for part in tests[name].parts}
    assert left
    assert "7" not in left
    assert all(tests[name].parts <= sent for name in left)


def test_values_that_databases_treat_differently_are_of_different_kinds():
    values = (None, True, 1.5, -1, 0, 1, 2**31, 2**63, b"", b"a",
              "", "a", "A", "a b", "50%", "it's", "é", "\U0001f600", "\0", "\n", "a" * 256)
    assert len({kind(value) for value in values}) == len(values)


def test_no_other_module_speaks_to_the_driver_itself():
    words = re.compile(r"driver_connection|\b(driver|connection)\.(execute|cursor)\(sql|\bdriver\.(execute|cursor)")
    folders = ("analytics", "blueprints", "database", "domain", "models", "outbound")
    found = {str(path.relative_to(ROOT)) for folder in folders for path in (ROOT / folder).rglob("*.py")
             if words.search(path.read_text())}
    assert found == set(PAST_SQLALCHEMY), "tests/repeats.py has to note what these modules send"
