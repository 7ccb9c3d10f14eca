"""The API reference is derived from declarations: blueprints/portal names no noun and no field."""

import ast
import re

import orjson
import pytest

from app import CONTRACTS
from blueprints.api import schemas
from blueprints.api.wire.json_reader import read
from domain import inputs
from tests.architecture.nouns import file_of
from tests.architecture.source import ROOT, modules

AREAS = ("people", "catalog", "sales", "payments", "invoicing", "hosting", "support")
PORTAL = [one for one in modules() if one.name.startswith("blueprints.portal")]
NOUNS = {
    word for area in AREAS for path in (ROOT / "domain" / area).glob("*.py") if not path.stem.startswith("_")
    for word in (path.stem, path.stem.removesuffix("s"))
} - {"sample", "samples", "order"}          # a list has an order
EXPOSURES = list({id(one.exposure): one.exposure for contract in CONTRACTS for one in contract.operations
                  if one.exposure is not None}.values())


def words_of(module):
    """The words of a module's names and texts, docstrings left out."""
    documents = {id(node.body[0].value) for node in ast.walk(module.tree)
                 if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
                 and isinstance(node.body[0], ast.Expr)}
    for node in ast.walk(module.tree):
        text = ""
        if isinstance(node, ast.Name):
            text = node.id
        elif isinstance(node, ast.Attribute):
            text = node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documents:
            text = node.value
        yield from ((word, node.lineno) for word in re.findall(r"[a-z]+", text.lower())) if text else ()


@pytest.mark.parametrize("module", PORTAL, ids=lambda one: one.name)
def test_the_reference_knows_no_noun(module):
    contracts = {one.name for one in CONTRACTS} if module.name.endswith(".published") else set()
    found = {f"{module.path}:{line} says “{word}”: declare it on the noun or on its field" for word, line in
             words_of(module) if word in NOUNS - contracts}
    assert found == set()


@pytest.mark.parametrize("module", PORTAL, ids=lambda one: one.name)
def test_the_reference_imports_no_field_and_one_module_names_the_contracts(module):
    imported = {name for name, _, _ in module.imports()}
    fields = {name for name in imported if name.startswith("blueprints.api.field") or name.endswith(".fields")}
    assert fields == set(), f"{module.path}: a field tells its own schema() and sample()"
    if not module.name.endswith(".published"):
        packages = tuple(f"blueprints.api.{one.name}" for one in CONTRACTS)
        assert not {name for name in imported if name.startswith(packages)}


@pytest.mark.parametrize("exposure", EXPOSURES, ids=lambda one: f"{one.contract.name}.{one.name}")
def test_every_noun_has_a_sample_that_its_input_takes(exposure):
    resource = exposure.resource
    place = f"{file_of(resource)}: give its Resource a sample=, with what a creation sends and what a change does"
    assert resource.sample.whole, place
    if resource.input is None:
        return
    assert resource.sample.changed, place
    assert set(resource.sample.changed) <= set(resource.sample.sent), place
    known = {*resource.input.model_fields, "merchant_id"}
    assert set(resource.sample.sent) <= known, place
    if not any(one.exposure is exposure and one.verb == "create" for one in exposure.contract.operations):
        return
    example = schemas.body(exposure, new=True).example
    sent = read(orjson.dumps(example[exposure.wrapper] if exposure.wrapper else example))
    taken, problems = exposure.take(sent, new=True)
    inputs.parse(resource.input, taken, text=exposure.contract.reads_text, problems=problems)
