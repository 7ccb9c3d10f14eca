"""The envelope of the Public API: five keys in every error, {data, pagination, meta} otherwise."""

import re

import pytest

from domain.errors import CODES
from domain.people import customers
from tests import cast
from tests.api.conftest import Caller

REQUEST_ID = re.compile(r"req_[0-9a-f]{16}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
GOOD = {"name": "Ada"}


def assert_error(reply, status, code, details=...):
    """The five keys of a refusal, and what they must say; `details` without the list that repeats them with codes."""
    assert reply.status_code == status, reply.data
    assert reply.mimetype == "application/json"
    body = reply.json
    assert list(body) == ["error", "message", "details", "timestamp", "requestId"]
    assert body["error"] == code
    assert body["message"]
    assert isinstance(body["details"], dict)
    for one in body["details"].pop("fields", ()):
        assert body["details"][one["field"]] == one["message"]
        assert one["code"] in CODES, one
    assert MOMENT.fullmatch(body["timestamp"])
    assert REQUEST_ID.fullmatch(body["requestId"])
    assert reply.headers["X-Request-Id"] == body["requestId"]
    if details is not ...:
        assert body["details"] == details
    return body


def test_one_thing_comes_as_data_and_meta(api):
    body = api.post("/customers", GOOD).json
    assert list(body) == ["data", "meta"]
    assert REQUEST_ID.fullmatch(body["meta"]["requestId"])
    assert MOMENT.fullmatch(body["meta"]["timestamp"])


def test_a_list_comes_as_data_pagination_and_meta(api):
    body = api.get("/customers").json
    assert list(body) == ["data", "pagination", "meta"]
    assert body["data"] == []
    assert body["pagination"] == {"page": 1, "limit": 10, "total": 0, "hasMore": False}


def test_every_answer_says_its_request_id_in_a_header(api):
    ids = {api.get("/customers").headers["X-Request-Id"] for _ in range(5)}
    assert len(ids) == 5
    assert all(REQUEST_ID.fullmatch(one) for one in ids)


def test_a_deletion_answers_200_with_a_body(api):
    api.post("/customers", GOOD)
    reply = api.delete("/customers/customer_1")
    assert reply.status_code == 200
    assert reply.json["data"] == {"id": "customer_1", "deleted": True}


def test_both_prefixes_answer_alike(app, api, alder):
    api.post("/customers", GOOD)
    short = Caller(app, api.key, prefix="/api/public")
    assert short.get("/customers/customer_1").json["data"] == api.get("/customers/customer_1").json["data"]


@pytest.mark.parametrize("prefix", ["/v1/api/public", "/api/public"])
@pytest.mark.parametrize("path", ["", "/", "/nothing", "/customers/", "/customers/customer_1/more", "/Customers"])
def test_an_unknown_path_is_404_in_the_envelope(app, api, prefix, path):
    assert_error(Caller(app, api.key, prefix).get(path), 404, "not_found", {})


def test_an_unknown_path_is_404_without_a_key_as_well(app):
    assert_error(app.test_client().get("/v1/api/public/nothing"), 404, "not_found", {})


@pytest.mark.parametrize("path", ["//customers", "/customers//customer_1"])
def test_a_doubled_slash_is_an_unknown_path(api, path):
    assert_error(api.get(path), 404, "not_found", {})


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE", "TRACE", "OPTIONS", "BREW"])
def test_a_method_that_a_list_does_not_take_is_405_with_allow(api, method):
    reply = api(method, "/customers")
    assert_error(reply, 405, "method_not_allowed", {})
    assert set(reply.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST"}


@pytest.mark.parametrize("method", ["POST", "TRACE", "OPTIONS"])
def test_a_method_that_a_row_does_not_take_is_405_with_allow(api, method):
    reply = api(method, "/budgets/budget_1")
    assert_error(reply, 405, "method_not_allowed", {})
    assert set(reply.headers["Allow"].split(", ")) == {"GET", "HEAD", "PUT", "PATCH", "DELETE"}


@pytest.mark.parametrize("body", [b"", b" ", b"{", b"{'name': 'Ada'}", b'{"name": "Ada",}', b"nul", b'"', b"\xff\xfe"])
def test_a_body_that_is_not_json_is_400(api, body):
    reply = api.post("/customers", data=body, content_type="application/json")
    assert_error(reply, 400, "invalid_json")


@pytest.mark.parametrize("body", [b"null", b"[]", b'"text"', b"1", b"1.5", b"true", b'[{"name": "Ada"}]'])
def test_a_body_that_is_no_object_is_400(api, body):
    reply = api.post("/customers", data=body, content_type="application/json")
    assert_error(reply, 400, "invalid_json")


@pytest.mark.parametrize("number", [b"NaN", b"Infinity", b"-Infinity", b"1" * 5000, b"1e99999999999999999999"])
def test_numbers_that_json_does_not_have_are_refused(api, number):
    reply = api.post("/products", data=b'{"name": "Lamp", "price": ' + number + b"}", content_type="application/json")
    assert_error(reply, 400, "invalid_json")


def test_a_duplicate_key_in_an_object_is_400(api):
    reply = api.post("/customers", data=b'{"name": "Ada", "name": "Eve"}', content_type="application/json")
    assert_error(reply, 400, "invalid_json")


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [5_000, 100_000])
def test_nesting_that_breaks_parsers_is_400(api, opening, depth):
    reply = api.post("/customers", data=opening * depth, content_type="application/json")
    assert_error(reply, 400, "invalid_json")


def test_a_wrong_body_is_422_and_names_every_mistake_in_the_callers_words(api):
    reply = api.post("/budgets", {"customerId": 5, "validUntil": "soon", "items": [
        {"description": "Work", "quantity": 0, "unitPrice": 1},
        {"productId": "customer_1", "quantity": 1},
    ]})
    body = assert_error(reply, 422, "validation_error")
    assert body["details"].keys() == {
        "customerId", "validUntil", "items[0].quantity", "items[1].productId"}
    reply = api.post("/budgets", {"customerId": "customer_1", "validUntil": "soon", "items": [
        {"description": "Work", "quantity": 0, "unitPrice": -1}, 7,
    ]})
    body = assert_error(reply, 422, "validation_error")
    assert body["details"].keys() == {"validUntil", "items[0].quantity", "items[0].unitPrice", "items[1]"}


def test_a_refusal_never_repeats_what_was_sent(api):
    reply = api.post("/customers", {"name": "Ada", "email": "<script>hello</script>", "status": "canary-7"})
    assert reply.status_code == 422
    assert b"script" not in reply.data
    assert b"canary" not in reply.data


def test_a_body_over_a_mebibyte_is_413(api):
    body = b'{"name": "' + b"x" * 1024 * 1024 + b'"}'
    assert_error(api.post("/customers", data=body, content_type="application/json"), 413, "payload_too_large")


def test_of_sixty_thousand_unknown_keys_twenty_are_reported(api):
    body = {f"k{number}": 1 for number in range(60_000)}
    details = assert_error(api.post("/customers", body), 422, "validation_error")["details"]
    assert len(details) == 21
    assert details["name"] == "is required"


@pytest.mark.parametrize("kind", [
    "application/x-www-form-urlencoded", "text/plain", "application/xml", "application/x-yaml",
    "application/x-python-pickle", "multipart/form-data; boundary=x", "text/json",
])
def test_another_content_type_is_415(api, kind):
    assert_error(api.post("/customers", data=b'{"name": "Ada"}', content_type=kind), 415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/merge-patch+json", "application/json-patch+json; charset=utf-8"])
def test_patches_of_other_meanings_are_refused_and_change_nothing(api, kind):
    """A merge patch would keep the street of an address of which only the city is sent; ours replaces the address."""
    address = {"line1": "12 St James's Square", "city": "London"}
    made = api.post("/customers", json={"name": "Ada", "address": address}).json["data"]
    reply = api("PATCH", "/customers/" + made["id"], data=b'{"address": {"city": "Bath"}}', content_type=kind)
    assert_error(reply, 415, "unsupported_media_type")
    assert "replaces the former one whole" in reply.json["message"]
    kept = api.get("/customers/" + made["id"]).json["data"]["address"]
    assert (kept["line1"], kept["city"]) == ("12 St James's Square", "London")


@pytest.mark.parametrize("kind", [None, "application/json", "APPLICATION/JSON; charset=utf-8", "application/ld+json"])
def test_json_is_taken_under_its_names_and_under_none(api, kind):
    reply = api.post("/customers", data=b'{"name": "Ada"}', content_type=kind)
    assert reply.status_code == 201


def test_a_compressed_body_is_not_unpacked(api):
    reply = api.post("/customers", data=b"\x1f\x8b\x08\x00", content_type="application/json",
                     headers={"Content-Encoding": "gzip"})
    assert reply.status_code in (400, 415)


@pytest.mark.parametrize(("header", "code"), [
    (None, "unauthorized"), ("", "unauthorized"), ("Basic YTpi", "unauthorized"), ("Bearer", "invalid_api_key"),
    ("Bearer ", "invalid_api_key"), ("Bearer nonsense", "invalid_api_key"),
])
def test_without_a_usable_key_it_is_401_with_a_challenge(app, header, code):
    headers = {} if header is None else {"Authorization": header}
    reply = app.test_client().get("/v1/api/public/customers", headers=headers)
    body = assert_error(reply, 401, code)
    assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert not [name for name, _ in reply.headers if name.startswith("X-RateLimit")]
    if code == "unauthorized":
        assert body["details"] == {"expected": "Authorization: Bearer bk_live_..."}


def test_a_scope_that_lacks_is_403_and_named(caller, alder):
    reader = caller(alder, scopes=["READ_CUSTOMERS"])
    body = assert_error(reader.post("/budgets", {}), 403, "insufficient_scope")
    assert body["message"] == "API key does not have required scope: WRITE_BUDGETS"
    assert body["details"] == {"scope": "WRITE_BUDGETS"}


def test_the_call_over_the_limit_is_429(caller, alder):
    poor = caller(alder, rate_limit_per_hour=1)
    assert poor.get("/customers").status_code == 200
    body = assert_error(poor.get("/customers"), 429, "rate_limit_exceeded")
    assert body["details"].keys() == {"limit", "remaining", "resetAt"}
    assert MOMENT.fullmatch(body["details"]["resetAt"])


def test_a_crash_is_500_with_the_request_id_and_nothing_of_the_inside(api, monkeypatch, caplog):
    def broken(*_, **__):
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr(customers.LISTING.__class__, "page", broken)
    reply = api.get("/customers")
    body = assert_error(reply, 500, "internal_error", {})
    assert b"secret of the house" not in reply.data
    assert b"ZeroDivision" not in reply.data
    assert [one for one in caplog.records if body["requestId"] in one.getMessage() and one.exc_info]


def test_a_crash_of_a_write_changes_nothing(api, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr("domain.audit.record", broken)
        assert api.post("/customers", GOOD).status_code == 500
    assert api.get("/customers").json["pagination"]["total"] == 0
    assert api.post("/customers", GOOD).status_code == 201


def test_answers_may_not_be_kept_framed_or_guessed_at(api):
    for reply in (api.get("/customers"), api.get("/customers/customer_9"), api.get("/nothing")):
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Referrer-Policy"] == "no-referrer"
        assert reply.headers["X-Frame-Options"] == "DENY"
        assert "Access-Control-Allow-Origin" not in reply.headers
        assert "Set-Cookie" not in reply.headers


def test_what_differs_by_key_says_so_to_caches(api):
    assert "Authorization" in api.get("/customers").headers.get("Vary", "")


def test_head_is_get_without_a_body(api):
    reply = api("HEAD", "/customers")
    assert (reply.status_code, reply.data) == (200, b"")


@pytest.mark.parametrize("host", ["evil.example", "localhost:1", "[::1]"])
def test_a_host_header_is_never_repeated(api, host):
    for path in ("/customers", "/nothing", "/customers//x"):
        reply = api.get(path, headers={"Host": host})
        assert reply.status_code < 500
        assert host.encode() not in reply.data
        assert host not in str(reply.headers)


def test_times_are_whole_seconds_of_utc(api):
    data = api.post("/customers", GOOD).json["data"]
    assert MOMENT.fullmatch(data["createdAt"])
    assert MOMENT.fullmatch(data["updatedAt"])
    budget = api.post("/budgets", {"customerId": data["id"], "validUntil": "2199-05-01T10:00:00.75+02:00", "items": [
        {"description": "Work", "quantity": 1, "unitPrice": 1}]}).json["data"]
    assert budget["validUntil"] == "2199-05-01T08:00:00Z"
    assert budget["approvedAt"] is None


def test_a_method_override_changes_nothing(caller, alder):
    cast.make_customer(alder)
    reader = caller(alder, scopes=["READ_CUSTOMERS"])
    headers = {"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"}
    assert reader.get("/customers/customer_1?_method=DELETE", headers=headers).status_code == 400
    assert reader.get("/customers/customer_1", headers=headers).status_code == 200
    assert reader.get("/customers/customer_1").status_code == 200


def test_codes_of_refusals_are_spelt_alike(api):
    made = api.post("/customers", {"name": "Ada"}).json["data"]
    line = {"description": "Desk", "quantity": 1, "unitPrice": 10}
    invoice = api.post("/invoices", {"customerId": made["id"], "items": [line]}).json["data"]
    assert api.post(f"/invoices/{invoice['id']}/issue").status_code == 200
    assert_error(api.post(f"/invoices/{invoice['id']}/issue"), 409, "invoice_is_issued")
