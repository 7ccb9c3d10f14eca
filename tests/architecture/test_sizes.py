"""Files and functions stay small enough to be read in one go, and every module says what it is for."""

import ast

import pytest

from tests.architecture.source import modules

MODULE, FUNCTION = 300, 40          # lines


@pytest.mark.parametrize("module", modules(), ids=lambda one: one.name)
def test_a_module_stays_below_its_limit_and_says_what_it_is_for(module):
    assert len(module.text.splitlines()) <= MODULE
    assert ast.get_docstring(module.tree) or not module.text.strip()


def test_functions_stop_at_forty_lines():
    long = [f"{module.path}:{one.lineno} {one.name} has {one.end_lineno - one.lineno + 1} lines"
            for module in modules() for one in module.functions() if one.end_lineno - one.lineno + 1 > FUNCTION]
    assert long == []


def test_classes_inherit_one_level_of_ours():
    parents = {node.name: {base.id for base in node.bases if isinstance(base, ast.Name)}
               for module in modules() for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef)}
    exceptions = {name for name in parents if name.endswith(("Error", "Exception"))} | {
        "DomainError", "Invalid", "NotFound", "Foreign", "NotJson"}

    def depth(name):
        return 0 if name not in parents else 1 + max(map(depth, parents[name]), default=0)

    assert [name for name in parents if depth(name) > 3 and name not in exceptions] == []


def test_no_module_is_called_after_nothing():
    vague = {"utils", "helpers", "common", "base", "misc", "manager", "managers", "handler", "handlers"}
    assert [module.name for module in modules() if module.name.split(".")[-1].strip("_") in vague] == []


def test_nothing_is_left_for_later():
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")
    left = [f"{module.path}:{number}" for module in modules() for number, line in enumerate(module.text.splitlines(), 1)
            if any(word in line.replace("XX" + "X:999", "") for word in words)]         # a currency of ISO 4217
    assert left == []


def test_nothing_prints_but_programs():
    programs = ("blueprints.cli", "operations", "server", "worker")
    prints = [f"{module.path}:{node.lineno}" for module in modules() if not module.name.startswith(programs)
              for node in ast.walk(module.tree)
              if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"]
    assert prints == []
