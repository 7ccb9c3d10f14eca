"""Writes lock the row with the actor for its merchant; new rows get the actor's world; ids of inputs are row ids."""

import ast
import re

from domain.inputs import Input, Maybe, RowId
from models import all_tables
from models.owned import Owned
from tests.architecture.source import ROOT, modules, within
from tests.references import LARGEST


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


def plain_ids(model):
    """The fields of an input that are named as the id of a row, and take any number."""
    schema = model.model_json_schema()
    for name, part in schema.get("properties", {}).items():
        kinds = [one.get("items", one) for one in part.get("anyOf", [part])]
        if re.search(r"(^|_)ids?$", name) and any(
                one.get("type") == "integer" and one.get("maximum") != LARGEST for one in kinds):
            yield f"{model.__module__}: {model.__name__}.{name}"


def inputs_of(kind=Input):
    for one in kind.__subclasses__():
        yield one
        yield from inputs_of(one)


def test_every_id_of_an_input_is_a_row_id_so_that_the_walks_find_it():
    wrong = [found for model in inputs_of() if model.__module__.startswith("domain.") for found in plain_ids(model)]
    assert wrong == [], f"Use RowId of domain/inputs, not int: {wrong}"


def test_an_id_that_takes_any_number_is_found():
    class Thing(Input):
        customer_id: int
        merchant_ids: list[int] = []
        product_id: Maybe[RowId] = None
        quantity: int

    assert [found.rpartition(".")[2] for found in plain_ids(Thing)] == ["customer_id", "merchant_ids"]
