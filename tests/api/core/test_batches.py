"""Batches: each call is executed by itself, and the batch is counted and logged as one request."""

from zoneinfo import ZoneInfo

import pytest

from analytics.log import drain
from analytics.queries import queries
from analytics.queries.filters import EVERYTHING, Filter
from analytics.rollups import periods
from database import db, transaction
from domain import settings
from domain.actor import Actor
from models.customer import Customer
from tests import cast
from tests.api.core.conftest import Program, token_of

NEW = {"name": "Ada", "currencies_id": 978}


def call(method, params=None, key=1):
    document = {"jsonrpc": "2.0", "method": method, "params": params or {}}
    return document if key is None else document | {"id": key}


def batch(program, *calls):
    return program("POST", "/", json=list(calls))


@pytest.fixture
def limited():
    """Five calls a minute and user."""
    with transaction():
        settings.update(Actor.operator(), {"core_rate_limit_per_minute": 5})


def test_each_call_is_a_transaction_of_its_own(core, alder):
    answers = batch(
        core, call("clients.create", NEW | {"companies_id": alder, "name": "One"}, 1),
        call("clients.create", NEW | {"companies_id": alder, "name": ""}, 2),
        call("clients.create", NEW | {"companies_id": alder, "name": "Two"}, 3),
        call("clients.update", {"id": 99, "name": "x"}, 4), call("clients.search", {}, 5),
    ).json
    assert [one["id"] for one in answers] == [1, 2, 3, 4, 5]
    assert [one.get("error", {}).get("code") for one in answers] == [None, -32602, None, -32001, None]
    assert [row["name"] for row in answers[4]["result"]] == ["One", "Two"]


def test_a_call_that_crashes_takes_nothing_else_with_it(core, alder, monkeypatch):
    from domain import audit

    def crash(actor, action, row, **more):
        if row.name == "Two":
            raise RuntimeError("the disk is gone")
        return record(actor, action, row, **more)

    record = audit.record
    monkeypatch.setattr(audit, "record", crash)
    answers = batch(core, *(
        call("clients.create", NEW | {"companies_id": alder, "name": name}, name) for name in ("One", "Two", "Three")
    )).json
    assert [one.get("error") for one in answers] == [None, {"code": -32603, "message": "Internal error"}, None]
    assert [row.name for row in db.session.query(Customer).order_by(Customer.id)] == ["One", "Three"]


def test_notifications_in_a_batch_are_run_in_order_and_silent(core, alder):
    reply = batch(
        core, call("clients.create", NEW | {"companies_id": alder}, None),
        call("clients.update", {"id": 1, "name": "B"}), call("clients.create", {"name": ""}, None),
        call("nope", {}, None), call("clients.get", {"id": 1}, "x"),
    )
    assert [(one["id"], one["result"] if one["id"] == 1 else one["result"]["name"]) for one in reply.json] == [
        (1, 1), ("x", "B")]


def test_a_batch_of_notifications_is_204_and_done(core, alder, records):
    records.clear()
    reply = batch(core, call("clients.create", NEW | {"companies_id": alder}, None), call("nope", {}, None))
    assert (reply.status_code, reply.data) == (204, b"")
    assert not {"Content-Encoding", "Content-Type"} & set(reply.headers.keys())
    assert records[-1]["response_bytes"] == 0
    assert db.session.query(Customer).count() == 1
    assert [one["error_code"] for one in records[0]["children"]] == [None, "-32601"]


def test_calls_may_share_an_id(core):
    assert [one["id"] for one in batch(core, call("clients.search"), call("clients.search")).json] == [1, 1]


def test_zones_of_a_batch_do_not_leak_from_call_to_call(core, alder):
    core.result("clients.create", NEW | {"companies_id": alder})
    answers = batch(core, call("clients.get", {"id": 1, "__tz": "Asia/Tokyo"}), call("clients.get", {"id": 1})).json
    assert [one["result"]["c_dt"][-5:] for one in answers] == ["+0900", "+0000"]


# Limits -------------------------------------------------------------------------------------------


def test_a_batch_of_n_calls_costs_n(core, limited):
    reply = batch(core, *[call("clients.search")] * 3)
    assert (reply.headers["X-RateLimit-Limit"], reply.headers["X-RateLimit-Remaining"]) == ("5", "2")
    refused = batch(core, *[call("clients.search")] * 3)
    assert refused.status_code == 429
    assert refused.json["error"]["code"] == -32002
    assert refused.json["error"]["data"]["code"] == "rate_limit_exceeded"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert core.get("/clients").status_code == 200
    assert core.rpc("clients.search", key=9)["id"] == 9
    assert core.get("/clients").status_code == 429


def test_a_notification_and_a_broken_document_cost_one(core, limited):
    core("POST", "/", json=call("clients.search", {}, None))
    core("POST", "/", data="{")
    assert core.get("/clients").headers["X-RateLimit-Remaining"] == "2"


def test_one_users_calls_are_not_anothers(program, core, alder, limited):
    other = program("other@alder.example", merchant_ids=[alder])
    assert batch(core, *[call("clients.search")] * 5).status_code == 200
    assert core.get("/clients").status_code == 429
    assert other.get("/clients").status_code == 200


def test_without_the_setting_there_is_no_limit(core):
    assert "X-RateLimit-Limit" not in core.get("/clients").headers


# The request log ----------------------------------------------------------------------------------


def test_a_single_call_is_one_row_under_its_method(core, records):
    records.clear()
    core.rpc("clients.get", {"id": 5})
    [row] = records
    assert {name: row[name] for name in ("contract", "operation", "method", "endpoint", "status", "error_code")} == {
        "contract": "core", "operation": "clients.get", "method": "POST", "endpoint": "rpc:clients.get",
        "status": 200, "error_code": "-32001",
    }
    assert "children" not in row
    assert row["user_id"] == 1
    assert row["key_id"] is not None


def test_a_batch_is_one_row_with_a_child_for_each_call(core, records):
    records.clear()
    batch(core, call("clients.search"), call("clients.get", {"id": 9}), {"x": 1}, call("nope", {}, None))
    [row] = records
    assert (row["endpoint"], row["operation"], row["status"], row["error_code"]) == (
        "rpc:batch", "rpc:batch", 200, "-32001")
    assert [(one["endpoint"], one["error_code"]) for one in row["children"]] == [
        ("rpc:clients.search", None), ("rpc:clients.get", "-32001"), ("rpc:(unknown)", "-32600"),
        ("rpc:(unknown)", "-32601"),
    ]
    assert all(one["duration_us"] >= 0 and one["method"] == "POST" for one in row["children"])


def test_names_of_unknown_methods_do_not_reach_the_log(core, records):
    records.clear()
    for name in ("bk_live_secret", "__class__", "rpc.discover", "clients.__init__", "x" * 5000):
        assert core.error(name)["code"] == -32601
    assert {row["endpoint"] for row in records} == {"rpc:(unknown)"}
    assert "bk_live_secret" not in str(records)


@pytest.mark.parametrize(("document", "code"), [("{", "-32700"), ("[]", "-32600"), ("5", "-32600"), ("[1]", "-32600")])
def test_a_broken_document_is_an_error_in_the_log(core, records, document, code):
    records.clear()
    core("POST", "/", data=document)
    assert [row["error_code"] for row in records] == [code]


def test_a_refused_caller_is_logged(app, records, core):
    records.clear()
    Program(app, "wrong").rpc("clients.search")
    assert [(row["status"], row["error_code"], row["endpoint"], row["key_id"]) for row in records] == [
        (401, "-32005", "rpc", None)]


def test_the_query_of_a_document_is_masked(core, records):
    records.clear()
    core("POST", "/?api_token=marked-secret&__tz=UTC", json=call("clients.search"))
    assert "marked-secret" not in str(records)


@pytest.mark.files
def test_the_figures_show_the_true_error_rate_of_each_method(install):
    app = install()
    with app.app_context():
        alder = cast.make_merchant()
        program = Program(app, token_of(cast.make_user("ops@example.org", all_merchants=True)))
        program.result("clients.create", NEW | {"companies_id": alder})
        for key in (1, 1, 8, 9):
            program.rpc("clients.get", {"id": key})
        batch(program, *(call("clients.get", {"id": key}) for key in (1, 1, 1, 7)))
        drain.catch_up(app.config["SETTINGS"].spool, within=10.0)
        window = periods.recent("1h", ZoneInfo("UTC"))
        question = Filter(scope=EVERYTHING, start=window.start, end=window.end)
        totals = queries.totals(question)
        assert (totals.requests, totals.errors) == (6, 3)
        used = {one.endpoint: (one.requests, one.errors) for one in queries.top_endpoints(question, window)}
        assert used["rpc:clients.get"] == (8, 3)
        assert used["rpc:clients.create"] == (1, 0)
