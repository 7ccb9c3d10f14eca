"""Records name the objects of a call, those that it created, and the reason of a refusal."""

import orjson
import pytest
import sqlalchemy as sa

from analytics.log.drain import drain
from analytics.log.spool import Spool, encode
from app import CONTRACTS
from blueprints.api.field_parts import Many, One
from blueprints.api.requests.touched import Part, slug
from database import db
from tests import cast
from tests.api.core.conftest import Program, token_of
from tests.architecture.nouns import resources

CANARY = "Canary-Of-A-Value-77"


@pytest.fixture
def core(app, alder):
    return Program(app, token_of(cast.make_user("ops@example.org", "admin_user", all_merchants=True)))


@pytest.fixture
def customer(alder):
    return cast.make_customer(alder)


@pytest.fixture
def lamp(alder):
    return cast.make_product(alder)


def item(product, **more):
    return {"productId": f"product_{product}", "quantity": 1, "unitPrice": 5, **more}


def touched(record):
    return [tuple(one) for one in record.get("objects", ())]


def test_a_public_call_names_what_is_in_its_path_its_body_and_what_it_made(api, records, customer, lamp):
    budget = {"customerId": f"customer_{customer}", "items": [item(lamp), item(lamp), item(77)]}
    api.post("/budgets", budget)                                 # there is no product 77
    api.post("/budgets", budget | {"items": [item(lamp)]})
    api.get("/budgets/budget_1")
    api.put("/budgets/budget_1", {"items": [item(lamp)]})
    api.delete("/budgets/budget_1")
    api.get("/budgets")
    shown = [touched(one) for one in records]
    assert shown == [
        [("customer", customer), ("product", lamp), ("product", 77)],
        [("budget", 1), ("customer", customer), ("product", lamp)],
        [("budget", 1)], [("budget", 1), ("product", lamp)], [("budget", 1)], [],
    ]
    assert [one["customer_id"] for one in records] == [customer, customer, None, None, None, None]


def test_a_core_call_says_its_user_too(core, records, alder, customer):
    user = db.session.scalar(sa.text("SELECT id FROM users"))
    core("POST", "/clients", json={"name": "Ada", "currencies_id": 978, "companies_id": alder})
    core("PATCH", f"/clients/{customer}", json={"name": "Grace"})
    core.rpc("clients.get", {"id": customer})
    core.rpc("clients.get", [customer])
    core("POST", f"/clients/{customer}/copy_to_test")
    assert [touched(one) for one in records] == [
        [("customer", customer + 1), ("merchant", alder)], *[[("customer", customer)]] * 3,
        [("customer", customer + 2), ("customer", customer)],
    ]
    assert {one["user_id"] for one in records} == {user}
    assert all("message" not in one for one in records)


def test_each_call_of_a_batch_says_its_own(core, records, alder, customer):
    core("POST", "/", json=[
        {"jsonrpc": "2.0", "id": 1, "method": "clients.get", "params": {"id": customer}},
        {"jsonrpc": "2.0", "id": 2, "method": "clients.create",
         "params": {"name": CANARY, "currencies_id": CANARY, "companies_id": alder}},
        {"jsonrpc": "2.0", "id": 3, "method": "merchants.get", "params": {"id": alder}},
        {"jsonrpc": "2.0", "id": 4, "method": "nothing"},
    ])
    (record,) = records
    assert "objects" not in record
    assert "message" not in record
    first, second, third, fourth = record["children"]
    assert (touched(first), first["customer_id"]) == ([("customer", customer)], customer)
    assert (touched(second), second["fields"]) == ([("merchant", alder)], ["currencies_id"])
    assert (touched(third), "customer_id" in third) == ([("merchant", alder)], False)
    assert (fourth["message"], fourth["fields"]) == ("Method not found", [])
    assert CANARY not in encode(record).decode()


def test_a_refused_call_keeps_the_sentence_and_the_names_of_the_wrong_fields(api, core, records, customer, lamp):
    api.post("/customers", {"email": CANARY, "phone": 5, "colour": CANARY})
    api.put(f"/customers/customer_{customer}", {"address": {"country": CANARY}})
    api.post("/budgets", {"customerId": CANARY, "items": [item(lamp, quantity=CANARY)]})
    api.get(f"/customers?limit={CANARY}")
    core("PATCH", f"/clients/{customer}", json={"status": CANARY})
    core.rpc("clients.update", {"id": customer, "status": CANARY})
    core.rpc("clients.get", {"id": customer, CANARY[:6]: CANARY})
    assert [set(one["fields"]) for one in records] == [
        {"name", "email", "phone", "colour"}, {"address.country"}, {"customerId", "items[0].quantity"}, {"limit"},
        {"status"}, {"status"}, {CANARY[:6]},
    ]
    assert [one["message"] for one in records] == [
        *["Some fields need attention."] * 3, "Some query parameters cannot be used.",
        "Invalid request", "Invalid params", "Invalid params"]
    written = b"".join(encode({**one, "query": ""}) for one in records).decode()
    assert CANARY not in written
    assert touched(records[-1]) == [("customer", customer)]


@pytest.mark.parametrize(("call", "message"), [
    (lambda api, core: api.get("/customers/customer_9"), "There is no customer 9."),
    (lambda api, core: api.post("/customers", data="{", content_type="application/json"),
     "The body is not valid JSON: line 1, column 2."),
    (lambda api, core: api.get("/nothing"), "This address does not exist."),
    (lambda api, core: core.get("/clients/9"), 'Object "clients(9)" was not found!'),
    (lambda api, core: core("PATCH", "/clients/9", data="{"), "The body is not valid JSON: line 1, column 2."),
    (lambda api, core: core("POST", "/", data="{"), "Parse error"),
    (lambda api, core: core.rpc("clients.get", {"id": 9}), 'Object "clients(9)" was not found!'),
    (lambda api, core: Program(core.client.application, "x").rpc("clients.get", {"id": 9}), "Authentication failed"),
])
def test_the_sentence_is_the_one_that_the_caller_read(api, core, records, call, message):
    reply = call(api, core)
    assert records[-1]["message"] == message
    assert message in orjson.loads(orjson.dumps(reply if isinstance(reply, dict) else reply.json)).__repr__()


def test_what_a_refused_creation_made_is_not_there(api, records, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("power cut")

    monkeypatch.setattr("blueprints.api.verbs.shown", fail)
    api.post("/customers", {"name": "Ada"})
    assert (records[-1]["status"], touched(records[-1])) == (500, [])
    assert records[-1]["message"] == "An unexpected error occurred. Report the request id."


def test_a_call_without_the_permission_names_what_it_wanted(caller, alder, customer, records):
    caller(alder, scopes=["READ_BUDGETS"]).delete(f"/customers/customer_{customer}")
    assert (records[-1]["status"], touched(records[-1])) == (403, [("customer", customer)])
    assert "scope" in records[-1]["message"]


def test_a_repeated_creation_names_what_its_body_names(api, records, customer):
    budget = {"customerId": f"customer_{customer}", "items": [{"description": "Work", "quantity": 1, "unitPrice": 5}]}
    for _ in range(2):
        api.post("/budgets", budget, headers={"Idempotency-Key": "once"})
    assert [touched(one) for one in records] == [[("budget", 1), ("customer", customer)], [("customer", customer)]]


def test_eight_objects_are_enough_and_what_was_made_is_among_them(api, alder, records, customer):
    lamps = [cast.make_product(alder, f"Lamp {number}") for number in range(12)]
    api.post("/budgets", {"customerId": f"customer_{customer}", "items": [item(lamp) for lamp in lamps]})
    assert touched(records[-1]) == [
        ("budget", 1), ("customer", customer), *[("product", lamp) for lamp in lamps[:6]]]


def test_another_merchants_row_is_reported_like_one_that_does_not_exist(api, birch, records):
    theirs = cast.make_customer(birch)
    api.get(f"/customers/customer_{theirs}")
    api.get("/customers/customer_999")
    first, second = (
        {name: value for name, value in one.items() if name in ("objects", "message", "status", "merchant_id")}
        for one in records)
    assert second["objects"] == [("customer", 999)]
    assert first["message"].replace(str(theirs), "999") == second["message"]
    assert (first["merchant_id"], first["status"]) == (second["merchant_id"], second["status"])


@pytest.mark.once("has no database")
@pytest.mark.parametrize("path", ["/customers/customer_0", "/customers/customer_x", "/customers/budget_1",
                                  "/customers/customer_99999999999999999999"])
def test_a_path_that_names_no_row_is_no_object(api, records, path):
    api.get(path)
    assert touched(records[-1]) == []


def test_pages_documents_and_redirects_are_no_api_calls(app, records):
    client = app.test_client()
    for path in ("/", "/login", "/docs/", "/admin/", "/wp-login.php"):
        client.get(path)
    assert [one["source"] for one in records] == ["pages"] * 5


def test_no_rule_of_an_api_redirects(app):
    """Werkzeug redirects to a rule that ends with a slash; such an answer would be logged as an API call."""
    ends = [rule.rule for rule in app.url_map.iter_rules() if rule.rule.endswith("/") and rule.rule != "/"]
    rules = {rule.rule for rule in app.url_map.iter_rules()}
    covered = [rule for rule in ends if any(contract.covers(rule) for contract in CONTRACTS)]
    assert [rule for rule in covered if rule.rstrip("/") not in rules] == []


def in_the_database(folder, records):
    """All of the log as text. The installation's own spools stay empty: later tests would read them again."""
    spool = Spool(folder)
    for one in records:
        assert spool.append(one)
    spool.close()
    drain(folder)
    with db.engines["log"].connect() as connection:
        return "\n".join(
            str(tuple(row)) for table in db.metadatas["log"].sorted_tables
            for row in connection.execute(sa.select(table)))


def test_no_value_of_a_body_reaches_the_database(api, core, records, tmp_path, alder, customer, lamp):
    wrong = [CANARY, [CANARY], {CANARY: CANARY}]
    names = ("name", "email", "phone", "company", "address", "status", "metadata")
    for value in wrong[:2]:
        for name in names:
            api.post("/customers", {"name": "Ada", name: value})
        for name in ("customerId", "currency", "validUntil", "notes", "discount", "tax"):
            api.post("/budgets", {"customerId": f"customer_{customer}", "items": [item(lamp)], name: value})
        for name in ("productId", "description", "quantity", "unitPrice", "tax"):
            api.post("/budgets", {"customerId": f"customer_{customer}", "items": [item(lamp, **{name: value})]})
        for name in ("name", "currencies_id", "companies_id", "credit", "tz", "c_country"):
            core.rpc("clients.create", {"name": "Ada", "currencies_id": 978, "companies_id": alder, name: value})
            core("PATCH", f"/clients/{customer}", json={name: value})
    written = in_the_database(tmp_path, records)
    assert "items[0].quantity" in written
    assert CANARY not in written


def named_fields(fields):
    for one in fields.values():
        if one.writable:
            yield from named_fields(one.fields) if isinstance(one, One | Many) else (one,)


@pytest.mark.once("reads declarations")
@pytest.mark.parametrize("exposure", [
    one.exposure for contract in CONTRACTS for one in contract.operations if one.exposure and one.takes_body
], ids=lambda one: f"{one.contract.name}.{one.name}")
def test_every_reference_of_a_body_says_which_noun_it_names(exposure):
    nouns = {one.noun for one in resources()} | {"test clock"}       # which no contract offers
    for one in named_fields(exposure.fields):
        if one.name.endswith(("_id", "_ids")):
            assert one.refers in nouns, f"blueprints/api/{exposure.contract.name}: add refers= to the field {one.name}"


@pytest.mark.once("has no database")
def test_a_noun_is_one_word_in_the_log():
    assert [slug(noun) for noun in ("customer", "API key", "webhook endpoint")] == [
        "customer", "api_key", "webhook_endpoint"]


def test_a_call_that_touched_nothing_adds_nothing_to_its_record():
    assert Part().record() == {}
