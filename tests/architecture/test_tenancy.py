"""Whoever changes a row takes it together with the actor for its merchant."""

import ast

from tests.architecture.source import modules, within


def test_no_surface_locks_a_row_without_narrowing_the_actor():
    """`Listing.lock` gives both; `get(…, lock=True)` would leave an actor of several merchants as he is."""
    wrong = [
        f"{module.path.name}:{node.lineno}: use Listing.lock()"
        for module in modules() if within(module.name, ("blueprints", "operations", "outbound", "worker"))
        for node in ast.walk(module.tree) if isinstance(node, ast.Call)
        for keyword in node.keywords if keyword.arg == "lock" and isinstance(node.func, ast.Attribute)
    ]
    assert wrong == []
