"""Writes lock the row with the actor for its merchant; new rows get the actor's world."""

import ast

from models import all_tables
from models.owned import Owned
from tests.architecture.source import ROOT, modules, within


def test_no_surface_locks_a_row_without_narrowing_the_actor():
    """`Listing.lock` gives both; `get(…, lock=True)` would not narrow an actor of several merchants."""
    wrong = [
        f"{module.path.name}:{node.lineno}: use Listing.lock()"
        for module in modules() if within(module.name, ("blueprints", "operations", "outbound", "worker"))
        for node in ast.walk(module.tree) if isinstance(node, ast.Call)
        for keyword in node.keywords if keyword.arg == "lock" and isinstance(node.func, ast.Attribute)
    ]
    assert wrong == []


OWNED = {kind.__name__ for kind in all_tables.CLASSES.values() if issubclass(kind, Owned) and kind is not Owned}


def says_its_world(call):
    """Is a row made with its world: `**actor.ownership()`, or `test=` where the world is another row's?"""
    return any(
        one.arg == "test" or (one.arg is None and isinstance(one.value, ast.Call)
                              and getattr(one.value.func, "attr", "") == "ownership")
        for one in call.keywords
    )


def test_whoever_makes_a_row_of_a_merchant_says_which_world_it_is_of():
    wrong = [
        f"{module.path.relative_to(ROOT)}:{node.lineno}: {node.func.id}(**actor.ownership(), …)"
        for module in modules() if within(module.name, ("domain",)) for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in OWNED
        and not says_its_world(node)
    ]
    assert wrong == [], f"Merchant and world of a new row come from its actor: {wrong}"
