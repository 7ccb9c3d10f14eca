"""What `tests/plan.py` names exists: a renamed test or file would lose its place in the plan in silence."""

from tests import plan
from tests.architecture.source import ROOT


def exists(begin):
    path, _, test = begin.partition("::")
    return (ROOT / path).exists() and (not test or f"\ndef {test}" in (ROOT / path).read_text())


def test_every_file_and_test_that_the_plan_names_exists():
    gone = [begin for begin in (*plan.ONCE, *plan.FIRST, *plan.APART) if not exists(begin)]
    assert gone == [], f"tests/plan.py names what is not there: {gone}"
