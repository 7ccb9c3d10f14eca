"""mypy checks every package, and the application's services are typed."""

import ast
import re
import tomllib

from tests.architecture.source import OURS, ROOT, modules


def test_mypy_is_strict_about_everything():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]
    assert settings["strict"] is True, "pyproject.toml: [tool.mypy] strict = true holds for all"
    typed = re.search(r"^TYPED := (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
    missing = {one if (ROOT / one).is_dir() else f"{one}.py" for one in (*OURS, "bench")} - set(typed)
    assert not missing, f"Makefile: add {sorted(missing)} to TYPED"


def test_services_are_asked_for_by_their_type():
    found = []
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Attribute) \
                    and node.value.attr == "extensions" and module.name != "blueprints.services":
                found.append(f"{module.path.relative_to(ROOT)}:{node.lineno}")
    assert found == [], f"blueprints/services.py: declare it in Services, and call services() instead in {found}"
