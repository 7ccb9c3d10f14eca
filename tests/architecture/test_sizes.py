"""Limits of the size of files and functions; every module has a docstring."""

import ast
from collections import Counter

import pytest

from tests.architecture.source import ROOT, modules

MODULE, FUNCTION, SHEET = 300, 40, 400          # lines
FOLDER = 18                                     # modules
FLAT = {                                        # folders that are not grouped, and why
    "models": "one noun in each file, which everything else imports",
    "domain": "what all areas use; the areas themselves are its folders",
    "blueprints/admin": "one noun's pages in each file",
}
ANCESTORS = 2                                   # classes of ours above a class


@pytest.mark.parametrize("module", modules(), ids=lambda one: one.name)
def test_a_module_stays_below_its_limit_and_says_what_it_is_for(module):
    lines, path = len(module.text.splitlines()), module.path.relative_to(ROOT)
    assert lines <= MODULE, f"{path} has {lines} lines of at most {MODULE}: split it by subject"
    assert ast.get_docstring(module.tree) or not module.text.strip(), f"{path}: begin it with what the module is for"


@pytest.mark.parametrize("kind", ["css", "js"])
def test_stylesheets_and_scripts_stop_at_four_hundred_lines(kind):
    sheets = [path for path in (ROOT / "static").rglob(f"*.{kind}") if "vendor" not in path.parts]
    assert sheets
    lengths = {path.relative_to(ROOT): len(path.read_text().splitlines()) for path in sheets}
    long = [f"{path} has {lines} lines" for path, lines in sorted(lengths.items()) if lines > SHEET]
    assert long == [], f"Split by subject what has more than {SHEET} lines: {'; '.join(long)}"


def folders():
    """How many modules each folder of the product and of the benchmarks holds."""
    paths = [module.path for module in modules()] + sorted((ROOT / "bench").rglob("*.py"))
    return Counter(path.parent.relative_to(ROOT).as_posix() for path in paths if path.name != "__init__.py")


def test_a_folder_with_many_modules_is_grouped():
    full = [f"{folder}/ ({count})" for folder, count in folders().items() if count > FOLDER and folder not in FLAT]
    assert full == [], (
        f"More than {FOLDER} modules in {', '.join(full)}: move those of one subject into a folder named by a word of "
        f"the trade, or say in FLAT of tests/architecture/test_sizes.py why the folder is flat"
    )


def test_a_folder_that_is_said_to_be_flat_has_many_modules():
    small = [folder for folder in FLAT if folders()[folder] <= FOLDER]
    assert small == [], f"Take {small} out of FLAT of tests/architecture/test_sizes.py: it needs no exception"


def test_functions_stop_at_forty_lines():
    long = [f"{module.path}:{one.lineno} {one.name} has {one.end_lineno - one.lineno + 1} lines"
            for module in modules() for one in module.functions() if one.end_lineno - one.lineno + 1 > FUNCTION]
    assert long == [], "Extract parts of these functions into functions of their own:\n" + "\n".join(long)


def test_classes_inherit_two_levels_of_ours():
    """Except for errors, whose tree the contracts distinguish."""
    classes = {node.name: (node, module) for module in modules() for node in ast.walk(module.tree)
               if isinstance(node, ast.ClassDef)}

    def ancestors(name):
        parents = [base.id for base in classes[name][0].bases if isinstance(base, ast.Name) and base.id in classes]
        return max((1 + ancestors(parent) for parent in parents), default=0)

    deep = [f"{module.path.relative_to(ROOT)}:{node.lineno} {name}" for name, (node, module) in classes.items()
            if module.name != "domain.errors" and ancestors(name) > ANCESTORS]
    assert deep == [], f"More than {ANCESTORS} classes of ours above: use a function or a part instead in {deep}"


def test_no_module_is_called_after_nothing():
    vague = {"utils", "helpers", "common", "base", "misc", "manager", "managers", "handler", "handlers"}
    named = [module.path.relative_to(ROOT) for module in modules() if module.name.split(".")[-1].strip("_") in vague]
    assert named == [], f"Name these after what they hold: {named}"


def test_nothing_is_left_for_later():
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")
    left = [f"{module.path}:{number}" for module in modules() for number, line in enumerate(module.text.splitlines(), 1)
            if any(word in line.replace("XX" + "X:999", "") for word in words)]         # a currency of ISO 4217
    assert left == [], f"Do it now, or file an issue: {left}"


def test_nothing_prints_but_programs():
    programs = ("blueprints.cli", "operations", "server", "worker")
    prints = [f"{module.path}:{node.lineno}" for module in modules() if not module.name.startswith(programs)
              for node in ast.walk(module.tree)
              if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"]
    assert prints == [], f"Only programs print to a terminal; log instead in {prints}"
