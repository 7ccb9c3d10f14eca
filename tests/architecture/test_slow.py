"""The list of slow tests names tests that exist."""

import ast
from collections import defaultdict

from config import ROOT
from tests.slow import FILE, known


def test_the_list_of_slow_tests_names_tests_that_exist():
    by_file = defaultdict(set)
    for name in known():
        path, _, test = name.partition("::")
        by_file[path].add(test)
    gone = []
    for path, tests in by_file.items():
        file = ROOT / path
        tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
        defined = {one.name for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}
        gone += [f"{path}::{test}" for test in tests - defined]
    assert gone == [], f"Take {sorted(gone)} out of {FILE.relative_to(ROOT)}: there are no such tests"
    assert len(known()) > 100
