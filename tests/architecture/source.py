"""The project's source as syntax trees, parsed once."""

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
OURS = ("analytics", "app", "blueprints", "config", "database", "domain", "models", "operations", "outbound", "server",
        "worker")
APART = ("tests", "bench", "migrations", "instance", "static", "node_modules", "build")     # held to other rules


@dataclass(frozen=True)
class Module:
    """One file: its dotted name, its text, its tree."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    def imports(self):
        """(module, line, is inside a function) of everything imported, as full dotted names of modules."""
        inside = {id(node) for function in self.functions() for node in ast.walk(function)}
        for node in ast.walk(self.tree):
            names = []
            if isinstance(node, ast.Import):
                names = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.path}:{node.lineno}: imports are absolute"
                names = [module_of(node.module or "", one.name) for one in node.names]
            for name in names:
                yield name, node.lineno, id(node) in inside

    def functions(self):
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]

    def names(self):
        """(text, line) of every identifier and every text that is no docstring."""
        documents = {id(node.body[0].value) for node in ast.walk(self.tree)
                     if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                     and node.body and isinstance(node.body[0], ast.Expr)}
        for node in ast.walk(self.tree):
            for attribute in ("id", "attr", "arg", "name"):
                text = getattr(node, attribute, None)
                if isinstance(text, str):
                    yield text, getattr(node, "lineno", 0)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
                yield node.value, node.lineno

    def calls(self, attribute):
        """The lines on which something's method of this name is called."""
        return [node.lineno for node in ast.walk(self.tree) if isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute) and node.func.attr == attribute]


def module_of(package, name):
    """`from domain import clock` imports the module domain.clock; `from domain.errors import Invalid` domain.errors."""
    place = ROOT / (package + "." + name).replace(".", "/")
    return f"{package}.{name}" if place.with_suffix(".py").exists() or (place / "__init__.py").exists() else package


@cache
def modules():
    """Every module of the product."""
    found = []
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).parts
        if parts[0].startswith(".") or parts[0] in APART:
            continue
        name = ".".join(parts).removesuffix(".py").removesuffix(".__init__")
        text = path.read_text()
        found.append(Module(name, path, text, ast.parse(text)))
    return found


def within(name, packages):
    """Is the module one of these, or in one of them?"""
    return any(name == one or name.startswith(one + ".") for one in packages)
