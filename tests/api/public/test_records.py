"""Records of the request log: each request once, without secrets."""

import json

import pytest

from analytics.log.spool import encode
from blueprints.api.call import Call, _template
from database import transaction
from domain.integrations import api_keys
from operations.demo.traffic import OPERATIONS
from tests import cast
from tests.api.conftest import Caller
from tests.api.core.conftest import Program, token_of

FIELDS = {
    "at_us", "duration_us", "contract", "operation", "method", "endpoint", "path", "query", "status", "error_code",
    "request_bytes", "response_bytes", "ip", "user_agent", "request_id", "key_id", "merchant_id", "user_id",
    "customer_id", "idempotent", "source", "mode",
}


def test_a_record_says_everything_about_a_call(api, alder, records):
    body = b'{"name": "Ada"}'
    reply = api.post("/customers", data=body, content_type="application/json", headers={"User-Agent": "Tester/1"},
                     environ_base={"REMOTE_ADDR": "203.0.113.7"})
    (record,) = records
    assert record.keys() == FIELDS | {"objects"}
    assert record["duration_us"] > 0
    assert record | {"at_us": 0, "duration_us": 0} == {
        "at_us": 0, "duration_us": 0, "contract": "public", "operation": "customers.create", "method": "POST",
        "endpoint": "/v1/api/public/customers", "path": "/v1/api/public/customers", "query": "", "status": 201,
        "error_code": None, "request_bytes": len(body), "response_bytes": len(reply.data), "ip": "203.0.113.7",
        "user_agent": "Tester/1", "request_id": reply.json["meta"]["requestId"], "key_id": 1, "merchant_id": alder,
        "user_id": None, "customer_id": 1, "idempotent": False, "source": "api", "mode": "live",
        "objects": [("customer", 1)]}


def test_the_endpoint_is_the_template_and_the_path_what_was_asked(api, records):
    api.get("/customers/customer_77")
    assert (records[-1]["endpoint"], records[-1]["path"], records[-1]["operation"]) == (
        "/v1/api/public/customers/{id}", "/v1/api/public/customers/customer_77", "customers.get")


def test_every_request_is_recorded_once_whatever_became_of_it(app, api, caller, alder, records, monkeypatch):
    poor, reader = caller(alder, rate_limit_per_hour=1), caller(alder, scopes=["READ_BUDGETS"])
    away = caller(alder, allowed_ips=["203.0.113.1"])
    calls = [
        (lambda: api.get("/customers"), 200, "customers.list", None),
        (lambda: api.post("/customers", {"name": "Ada"}), 201, "customers.create", None),
        (lambda: api.post("/customers", {}), 422, "customers.create", "validation_error"),
        (lambda: api.post("/customers", data="{", content_type="application/json"), 400, "customers.create",
         "invalid_json"),
        (lambda: api.post("/customers", data="x", content_type="text/plain"), 415, "customers.create",
         "unsupported_media_type"),
        (lambda: api.get("/customers?page=0"), 400, "customers.list", "invalid_parameter"),
        (lambda: api.get("/customers/customer_99"), 404, "customers.get", "not_found"),
        (lambda: api.get("/nothing"), 404, "unmatched", "not_found"),
        (lambda: api("PATCH", "/customers"), 405, "unmatched", "method_not_allowed"),
        (lambda: app.test_client().get("/v1/api/public/customers"), 401, "customers.list", "unauthorized"),
        (lambda: Caller(app, "bk_live_wrong").get("/customers"), 401, "customers.list", "invalid_api_key"),
        (lambda: reader.get("/customers"), 403, "customers.list", "insufficient_scope"),
        (lambda: away.get("/customers"), 403, "customers.list", "ip_not_allowed"),
        (lambda: poor.get("/customers"), 200, "customers.list", None),
        (lambda: poor.get("/customers"), 429, "customers.list", "rate_limit_exceeded"),
        (lambda: api.put("/customers/customer_1", {}, headers={"If-Match": '"9"'}), 412, "customers.update",
         "precondition_failed"),
        (lambda: api("HEAD", "/customers"), 200, "customers.list", None),
    ]
    replies = [call() for call, *_ in calls]
    assert [(one["status"], one["operation"]) for one in records] == [(status, name) for _, status, name, _ in calls]
    assert [one["error_code"] for one in records] == [code for *_, code in calls]
    for reply, one in zip(replies, records, strict=True):
        if reply.status_code >= 400:
            assert one["error_code"] == reply.json["error"], "the log says what the caller was told"
    assert len({one["request_id"] for one in records}) == len(calls)
    monkeypatch.setattr("domain.audit.record", lambda *_, **__: 1 / 0)
    api.post("/customers", {"name": "x"})
    assert (records[-1]["status"], records[-1]["error_code"]) == (500, "internal_error")


def test_the_core_contract_is_logged_with_the_code_that_it_returned(app, alder, records):
    core = Program(app, token_of(cast.make_user("core@alder.example", "admin_user", [alder])))
    stranger = Program(app, "x" * 59)
    for reply, code in (
        (core.get("/clients/99"), "not_found"), (stranger.get("/clients"), "utoken-auth-failed"),
    ):
        data = reply.json["error"]["data"]
        assert (data["code"], records[-2 if code == "not_found" else -1]["error_code"]) == (code, code)
    core("POST", "/clients", json={})
    assert records[-1]["error_code"] == "invalid"        # Core says which fields, and gives that no code
    failed = core.rpc("clients.get", {"id": 99})["error"]
    assert records[-1]["error_code"] == str(failed["code"])


def test_the_traffic_of_the_demonstration_is_logged_as_live_traffic_is(app, api, records):
    routes = {(method, _template(rule.rule)) for rule in app.url_map.iter_rules() for method in rule.methods}
    assert {(one.method, one.endpoint) for one in OPERATIONS.values()} <= routes
    api.post("/customers", {})
    codes = {code for _, status, code in OPERATIONS["customers.create"].failures if status == 422}
    assert codes == {records[-1]["error_code"]}


def test_a_key_is_named_also_where_it_was_refused(app, caller, alder, records):
    key_id, key = cast.make_key(alder)
    actor = cast.actor_for(alder)
    with transaction():
        api_keys.revoke(actor, api_keys.LISTING.get(actor, key_id, lock=True))
    Caller(app, key).get("/customers")
    Caller(app, key).get("/nothing")
    caller(alder, allowed_ips=["203.0.113.1"]).get("/customers")
    assert [(one["key_id"], one["merchant_id"]) for one in records] == [(1, alder), (1, alder), (2, alder)]


def test_a_wrong_key_belongs_to_no_merchant(app, alder, records):
    key = cast.make_key(alder)[1]
    Caller(app, key[:-1] + "!").get("/customers")
    app.test_client().get("/v1/api/public/customers")
    assert [(one["key_id"], one["merchant_id"]) for one in records] == [(None, None)] * 2


@pytest.mark.parametrize(("query", "kept"), [
    ("page=2&search=ada", "page=2&search=ada"), ("api_key=secret", "api_key=***"), ("nonsense=secret", "nonsense=***"),
    ("status=ACTIVE&token=secret&limit=5", "status=ACTIVE&token=***&limit=5"), ("Page=secret", "Page=***"),
    ("page=1&page=2", "page=1&page=2"), ("empty", "empty=***"), ("", ""),
])
def test_values_of_undeclared_parameters_are_masked(api, records, query, kept):
    api.get(f"/customers?{query}")
    assert records[-1]["query"] == kept


@pytest.mark.parametrize("path", ["/customers/customer_1", "/nothing"])
def test_where_nothing_is_declared_every_value_is_masked(api, records, path):
    api.get(f"{path}?page=2&search=ada")
    assert records[-1]["query"] == "page=***&search=***"


def test_a_query_and_a_path_have_an_end(api, records):
    api.get("/customers?" + "&".join(f"n{number}=1" for number in range(1000)))
    assert len(records[-1]["query"]) <= 500
    api.get("/" + "x" * 10_000)
    assert (len(records[-1]["path"]), records[-1]["endpoint"]) == (500, "(unmatched)")


SECRETS = {
    "authorization": "bk_live_AuthorizationSecret0123456789012345678901234567",
    "api_key": "ApiKeySecret77", "cookie": "CookieSecret77", "body": "BodySecret77", "query": "QuerySecret77",
    "idempotency": "IdempotencySecret77", "name": "bk_live_NameOfParameterSecret012345678901234567890123",
    "path": "bk_live_PathSecretPathSecretPathSecretPathSecretPathSecr",
    "agent": "bk_test_AgentSecret01234567890123456789",
}


def test_no_secret_reaches_a_field(api, records):
    headers = {
        "Authorization": f"Bearer {SECRETS['authorization']}", "X-Api-Key": SECRETS["api_key"],
        "Cookie": f"session={SECRETS['cookie']}", "Idempotency-Key": SECRETS["idempotency"],
        "User-Agent": f"curl {SECRETS['agent']}", "Referer": f"https://x.example/?k={SECRETS['query']}",
    }
    for path in ("/customers", "/customers/" + SECRETS["path"], "/" + SECRETS["path"]):
        api.post(f"{path}?api_token={SECRETS['query']}&{SECRETS['name']}=1",
                 {"name": SECRETS["body"], "password": SECRETS["body"]}, headers=headers)
        api.get(f"{path}?x={SECRETS['query']}", headers=headers)
    for record in records:
        written = encode(record).decode()
        found = [name for name, secret in SECRETS.items() if secret in written or secret[8:] in written]
        assert found == [], written


def test_control_characters_stay_on_one_line(api, records):
    api.get("/nothing%0d%0aINJECTED%1b[31m", headers={"User-Agent": "a\tb\x7f\x1b[31m"})
    written = encode(records[-1])
    assert b"\n" not in written
    assert all(char >= " " for field in ("path", "user_agent") for char in json.loads(written)[field])


def test_a_log_that_fails_breaks_no_answer(app, api, monkeypatch, caplog):
    monkeypatch.setattr(Call, "record", lambda *_: 1 / 0)
    assert api.get("/customers").status_code == 200
    assert any("could not be logged" in one.getMessage() for one in caplog.records)


def test_assets_and_probes_are_not_recorded(app, records):
    client = app.test_client()
    for path in ("/static/nothing.css", "/healthz", "/readyz", "/metrics"):
        client.get(path)
    assert records == []
    client.get("/login")
    assert [(one["contract"], one["source"]) for one in records] == [("admin", "pages")]
