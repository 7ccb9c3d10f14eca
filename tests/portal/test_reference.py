"""The API reference matches the server: its examples are sent, and responses are validated against its schemas."""

import json
import re

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import CONTRACTS
from blueprints.api import schemas
from blueprints.api.verbs import indefinite
from blueprints.portal import lines, openapi, postman
from blueprints.portal.entries import entries, groups
from blueprints.portal.published import PUBLISHED
from blueprints.portal.receivers import payload
from domain.actor import Actor
from domain.integrations import webhooks
from domain.integrations.events import EVENTS
from tests import cast
from tests.admin.conftest import Visitor
from tests.api.conftest import Caller
from tests.api.core.conftest import Program, token_of
from tests.articles import make_category

IS = {
    "string": lambda value: isinstance(value, str), "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "array": lambda value: isinstance(value, list), "object": lambda value: isinstance(value, dict),
}


def wrong(schema, value, path=""):
    """What of a value its schema forbids, one line each."""
    kinds = schema.get("type", list(IS))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not any(IS[kind](value) for kind in kinds):
        return [f"{path}: {value!r} is none of {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{path}: {value!r} is not among {schema['enum']}"]
    if value is not None and "pattern" in schema and not re.search(schema["pattern"], value):
        return [f"{path}: {value!r} does not match {schema['pattern']}"]
    if isinstance(value, list):
        return [line for one in value for line in wrong(schema.get("items", {}), one, path + "[]")]
    if not isinstance(value, dict) or "properties" not in schema:
        return []
    found = [f"{path}.{name} is missing" for name in schema.get("required", ()) if name not in value]
    found += [f"{path}.{name} is not declared" for name in value if name not in schema["properties"]]
    return found + [
        line for name, one in value.items() if name in schema["properties"]
        for line in wrong(schema["properties"][name], one, f"{path}.{name}")
    ]


def find(contract, name):
    return next(one for one in entries(contract) if one.name == name)


@pytest.fixture
def stranger(app):
    return Visitor(app)


@pytest.fixture
def alder():
    merchant = cast.make_merchant("Alder")
    cast.make_customer(merchant)
    cast.make_product(merchant)
    return merchant


@pytest.fixture
def api(app, alder):
    return Caller(app, cast.make_key(alder)[1])


@pytest.fixture
def core(app, alder):
    return Program(app, token_of(cast.make_user("ops@example.org", "admin_user", all_merchants=True)))


@pytest.fixture
def anywhere(monkeypatch):
    monkeypatch.setattr(webhooks.policy, "allowed_hosts", ("hooks.example.com",))


# Pages --------------------------------------------------------------------------------------------


def test_everybody_reads_it_without_signing_in(stranger):
    home = stranger.get("/docs")
    assert home.status_code == 200
    assert "Set-Cookie" not in home.headers
    assert "Your first request" in home.text
    for name in PUBLISHED:
        assert stranger.get(f"/docs/{name}").status_code == 303
        for group in groups(name):
            assert stranger.get(f"/docs/{name}/{group}").status_code == 200, group


def test_every_operation_is_on_its_page_with_path_scope_and_call(stranger):
    for name in PUBLISHED:
        for group, found in groups(name).items():
            page = stranger.get(f"/docs/{name}/{group}").text
            for one in found:
                assert f'id="{one.id}"' in page
                assert one.path in page
                assert (one.operation.scope or "") in page
                if one.body is not None:
                    assert all(line.name in page for line in lines(one.body)), one.name


def test_the_reference_has_every_event_with_its_real_payload(api, stranger):
    page = stranger.get("/docs/webhooks").text
    for one in EVENTS:
        assert one.name in page
    data = payload()["data"]
    assert wrong(find("public", "budgets.get").answer["properties"]["data"], data) == []


def test_what_is_not_there_is_a_page(stranger):
    for path in ("/docs/nothing", "/docs/public/nothing", "/docs/openapi/nothing.json"):
        assert stranger.get(path).status_code == 404, path


def test_the_pages_run_nothing_inline(stranger):
    page = stranger.get("/docs/core/clients")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bstyle=|\bon[a-z]+=\"", page.text)
    assert "<form" in page.text
    assert 'data-try-box hidden' in page.text


# Examples ------------------------------------------------------------------------------------------


def test_examples_have_the_shape_of_their_schemas():
    for name in PUBLISHED:
        for one in entries(name):
            assert wrong(one.answer, one.answered) == [], one.name
            if one.body is not None:
                needed = one.body.get("required", []) if one.operation.method == "POST" else []
                allowed = one.body | {"required": needed}
                assert wrong(allowed, one.example) == [], one.name


@pytest.mark.parametrize("noun", ["customers", "products", "budgets"])
def test_the_public_examples_are_taken_and_the_answers_are_as_described(api, noun):
    create = find("public", f"{noun}.create")
    made = api.post(f"/{noun}", json=create.example)
    assert made.status_code == create.status, made.json
    assert wrong(create.answer, made.json) == []
    key = made.json["data"]["id"]
    for verb, reply in (
        ("list", api.get(f"/{noun}")), ("get", api.get(f"/{noun}/{key}")),
        ("update", api.put(f"/{noun}/{key}", json=find("public", f"{noun}.update").example)),
        ("delete", api.delete(f"/{noun}/{key}")),
    ):
        one = find("public", f"{noun}.{verb}")
        assert reply.status_code == one.status, reply.json
        assert wrong(one.answer, reply.json) == [], verb


def test_the_webhook_test_is_as_described(api):
    one = find("public", "webhooks.test")
    reply = api.post("/webhooks/test", json=one.example)
    assert reply.status_code == 200
    assert wrong(one.answer, reply.json) == []


# Payments, which never change, and what only a test token makes are called by tests/api/test_every_operation.py.
CHANGED = {
    one.name.rpartition(".")[0] for one in entries("core")
    if one.name.endswith(".update") and one.operation.exposure.resource.may_create(Actor.operator())
}
CREATES = [
    one.name for one in entries("core")
    if one.name.endswith(".create") and one.operation.exposure and one.name.rpartition(".")[0] in CHANGED
    and one.name != "services.create"           # whose product has to be a subscription: test_every_operation.py
]


NAMED_ONCE = ("users", "merchants", "price_rules", "product_groups", "discount_codes", "domains")
TAKEN_ONCE = {f"{noun}.create" for noun in NAMED_ONCE}


@pytest.mark.parametrize("name", CREATES)
@pytest.mark.usefixtures("anywhere")
def test_the_core_examples_are_taken_by_both_protocols(core, alder, name):
    make_category(alder)                            # which the example of an article names
    one = find("core", name)
    made = core.result(name, one.rpc_call()["params"])
    assert wrong(one.answer, made) == []
    noun = name.rpartition(".")[0]
    if name not in TAKEN_ONCE:
        again = core("POST", one.path, json=again_as(one.example))
        assert again.status_code == one.status, again.json
    for verb, params in (("get", {"id": made["id"]}), ("search", {})):
        other = find("core", f"{noun}.{verb}")
        assert wrong(other.answer, core.result(other.name, params)) == [], verb
    update = find("core", f"{noun}.update")
    assert core.result(update.name, {"id": made["id"], **update.example}) == update.answered


def again_as(example):
    """The example with what must be unique changed."""
    changed = dict(example)
    for name in ("email", "sku", "c_email_billing"):
        if name in changed:
            changed[name] = "other-" + changed[name]
    return changed


DECLARED = {"list", "search", "get", "create", "update", "delete"}


def test_what_was_written_by_hand_is_described_by_hand():
    for name in PUBLISHED:
        for one in entries(name):
            exposure, verb = one.operation.exposure, one.name.rpartition(".")[2]
            declared = exposure is not None and (verb in DECLARED or verb in exposure.resource.actions)
            assert declared or one.operation.described is not None, one.name


@pytest.mark.usefixtures("anywhere")
def test_the_actions_of_a_webhook_endpoint_are_as_described(core):
    key = core.result("webhooks.create", find("core", "webhooks.create").example)["id"]
    for verb in ("archive", "activate", "rotate", "delete"):
        one = find("core", f"webhooks.{verb}")
        assert wrong(one.answer, core.result(one.name, {"id": key})) == [], verb


def test_rates_are_as_described(core):
    rate = find("core", "accounting.currencies.rates.create")
    assert wrong(rate.answer, core.result(rate.name, rate.params)) == []
    for name in ("accounting.currencies.get_rate", "accounting.currencies.search"):
        one = find("core", name)
        assert wrong(one.answer, core.result(name, one.params)) == []
        assert wrong(one.answer, core.get(one.example_path).json) == []


def test_a_call_from_the_page_is_marked_as_such(api, records):
    api.get("/customers", headers={"X-Countinghouse-Source": "try-it"})
    assert [record["source"] for record in records] == ["try-it"]


# Documents -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_document_is_valid_by_the_specification(stranger, name):
    OpenAPIV31SpecValidator(stranger.get(f"/docs/openapi/{name}.json").json).validate()


def nameless(part, place=()):
    """Where a document describes an object with fields in place, for which generators invent a name."""
    if isinstance(part, list):
        return [where for index, one in enumerate(part) for where in nameless(one, (*place, str(index)))]
    if not isinstance(part, dict):
        return []
    own = "object" in part.get("type", ()) and "properties" in part and place[:2] != ("components", "schemas")
    inner = place[:2] == ("components", "schemas") and len(place) > 3 and "properties" in part and "type" in part
    found = [where for name, one in part.items() if name not in ("example", "examples")
             for where in nameless(one, (*place, name))]
    return ["/".join(place), *found] if own or inner else found


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_object_of_a_document_is_a_named_component(stranger, name):
    assert not nameless(stranger.get(f"/docs/openapi/{name}.json").json)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_openapi_document_holds_together(app, stranger, name):
    document = stranger.get(f"/docs/openapi/{name}.json").json
    assert document["openapi"] == "3.1.0"
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    assert len(ids) == len(set(ids)) == sum(1 + len(one.operation.also) for one in entries(name))
    for path, operations in document["paths"].items():
        named = set(re.findall(r"\{(\w+)\}", path))
        for method, one in operations.items():
            assert {part["name"] for part in one["parameters"] if part["in"] == "path"} == named
            address = PUBLISHED[name].description.prefix + path.replace("{id}", "1")
            assert app.url_map.bind("").match(address, method=method.upper())
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        part = document
        for step in reference.split("/"):
            part = part[step]


def test_the_postman_collection_has_every_call(stranger):
    collection = stranger.get("/docs/postman.json").json
    assert collection["info"]["schema"].endswith("v2.1.0/collection.json")
    requests = re.findall(r'"method": "', json.dumps(collection))
    assert len(requests) == sum(1 + one.rpc for name in PUBLISHED for one in entries(name))
    assert not re.search(r"bk_(live|test)_[0-9A-Za-z]{20}", json.dumps(collection))


def test_the_commands_print_the_same_documents(app):
    runner = app.test_cli_runner()
    here = "http://127.0.0.1:8000"
    for name in PUBLISHED:
        printed = json.loads(runner.invoke(args=["openapi", name]).stdout)
        assert printed == json.loads(json.dumps(openapi.document(name, here)))
    assert json.loads(runner.invoke(args=["postman", "--json"]).stdout) == postman.collection(here)
    assert runner.invoke(args=["openapi", "nothing"]).exit_code != 0


def test_a_body_shows_no_field_that_its_operation_refuses():
    """What only a change may set is in no creation, and what is settled at creation in no change."""
    looked_at = 0
    for contract in CONTRACTS:
        for exposure in {id(one.exposure): one.exposure for one in contract.operations if one.exposure}.values():
            form = exposure.resource.input
            if form is None:
                continue
            for new, refused in ((True, form.only_in_changes), (False, form.only_at_creation)):
                parts = schemas.body(exposure, new=new).schema["properties"]
                shown = {name for name, part in parts.items() if not part.get("readOnly")}
                assert not {exposure.word(name) for name in refused} & shown, exposure.name
                looked_at += len(refused)
    assert looked_at >= 3


def test_parameters_are_listed_by_where_they_are_sent_and_can_be_tried(app):
    page = app.test_client().get("/docs/public/customers").text
    assert re.search(r'data-place="query" name="limit"', page)
    assert re.search(r'data-place="path" name="id"', page)
    assert {"Path", "Query", "Headers"} <= set(re.findall(r">(Path|Query|Headers)<", page))


def test_nouns_have_their_article_in_what_operations_are_called():
    assert [indefinite(noun) for noun in ("API key", "order", "invoice", "user", "customer")] == [
        "an API key", "an order", "an invoice", "a user", "a customer"]
