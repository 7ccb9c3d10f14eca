"""Every wrong field has a code for programs beside its message, from a closed list that the reference shows."""

import ast
from itertools import chain

import pytest

from blueprints.portal.entries import entries
from blueprints.portal.published import PUBLISHED
from domain.errors import CODES
from domain.inputs import SENTENCES
from tests import cast
from tests.api.core.conftest import Program, token_of
from tests.architecture.source import modules

MAKERS = {"Problem": 0, "wrong": 0, "_wrong": 2, "field": 2}        # where each takes the code


@pytest.fixture
def core(app, alder):
    return Program(app, token_of(cast.make_user("ops@example.org", "admin_user", all_merchants=True)))


def test_a_wrong_field_has_a_code_on_the_public_api(api):
    reply = api.post("/budgets", {"customerId": "customer_9", "items": [{"quantity": 0}], "nots": 1})
    assert reply.status_code == 422
    details = reply.json["details"]
    listed = details.pop("fields")
    assert {one["field"]: one["code"] for one in listed} == {"items[0].quantity": "range", "nots": "unknown_name"}
    assert {one["field"]: one["message"] for one in listed} == details


def test_a_wrong_parameter_has_a_code_too(api):
    reply = api.get("/customers?page=1000000000&page2=1&order=up&createdAfter=x")
    listed = {one["field"]: one["code"] for one in reply.json["details"]["fields"]}
    assert listed == {"page": "range", "page2": "unknown_name", "order": "inclusion", "createdAfter": "invalid"}
    assert reply.json["details"]["page"].endswith("1 to 999,999,999")


def test_a_refusal_without_fields_lists_none(api):
    assert api.get("/customers/customer_9").json["details"] == {}
    assert "fields" not in api.post("/customers", data=b"{", content_type="application/json").json["details"]


def test_the_core_api_sends_its_documented_members_only(core):
    body = {"name": "Ada", "companies_id": 9}
    rest = core("POST", "/clients", json=body).json["error"]
    assert rest == {
        "message": "Invalid request", "data": {"companies_id": "Must exist", "currencies_id": "Is required"}}
    assert core.error("clients.create", body)["data"] == rest["data"]


def codes_in(tree):
    """The codes of mistakes that a module writes down."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        place = MAKERS.get(name)
        given = next((one.value for one in node.keywords if one.arg == "code" and name == "field"), None)
        if place is not None and len(node.args) > place:
            given = node.args[place]
        if isinstance(given, ast.Constant) and isinstance(given.value, str):
            yield given.value


def test_every_code_that_the_source_knows_is_listed_and_every_listed_one_is_used():
    used = set(chain.from_iterable(codes_in(one.tree) for one in modules() if one.name.startswith(
        ("domain", "blueprints"))))
    used |= {code for code, _ in SENTENCES.values()} | {"invalid"}
    assert used - {"default"} <= set(CODES)
    assert set(CODES) <= used | {"unknown_name"}


def test_the_reference_lists_the_codes(app):
    for name in PUBLISHED:
        page = app.test_client().get(f"/docs/{name}/{entries(name)[0].group}").text
        assert all(f">{code}</span>" in page for code in CODES) == PUBLISHED[name].codes_fields
