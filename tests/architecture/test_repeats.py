"""What the run on PostgreSQL leaves out repeats there what other tests of the file send."""

import re
from array import array

from config import ROOT
from tests.repeats import kind, repeating

# Modules that speak to the driver itself, of which SQLAlchemy's events know nothing, and why none is missed.
PAST_SQLALCHEMY = {
    "analytics/log/bulk.py": "writes the request log, whose tests always run on both",
    "database/__init__.py": "takes the connection for Driver",
    "database/driver.py": "Driver.send, which tests/repeats.py notes",
    "database/sqlite.py": "begins transactions, which every test does alike",
    "database/reader.py": "asks Ready.bound for each statement, which tests/repeats.py notes",
}


def test_a_test_all_of_whose_parts_others_of_its_file_send_is_left_out():
    parts = {"a::long": [1, 2], "a::short": [2], "b::alone": [2], "a::other": [3]}
    sent = {name: array("L", numbers) for name, numbers in parts.items()}
    assert repeating(sent, kept=()) == ["a::short"]
    assert repeating(sent, kept={"a::short"}) == []


def test_a_test_that_sends_nothing_is_left_out():
    assert repeating({"a::silent": array("L")}, kept=()) == ["a::silent"]


def test_of_equal_tests_one_runs():
    assert repeating({"a::one": array("L", [1]), "a::two": array("L", [1])}, kept=()) == ["a::two"]


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
