"""What is answered when the server has more requests than it can answer: in each contract's own form, and logged."""

import pytest

from server.connections import BUSY, REFUSED
from tests import cast

SENTENCE = BUSY[1]
PATHS = {
    "public": ("GET", "/v1/api/public/products"),
    "merchant": ("GET", "/api/v1/orders"),
    "client": ("GET", "/api/v1/invoices"),
    "core": ("GET", "/clients/1"),
    "json-rpc": ("POST", "/"),
    "unmatched": ("GET", "/v1/api/public/nothing"),
}
FORMS = {
    "public": lambda said: (said["error"], said["message"]) == ("unavailable", SENTENCE),
    "merchant": lambda said: said == {"base": [SENTENCE]},
    "client": lambda said: said == {"error": SENTENCE, "code": 503},
    "core": lambda said: said["error"]["data"] == {"code": "unavailable", "message": SENTENCE},
}


@pytest.mark.parametrize("name", PATHS)
def test_a_refusal_has_the_contracts_form_and_says_when_to_come_back(app, records, name):
    method, path = PATHS[name]
    del records[:]
    reply = app.test_client().open(path, method=method, environ_overrides={REFUSED: BUSY})
    assert (reply.status_code, reply.headers["Retry-After"]) == (503, "1")
    assert FORMS[{"json-rpc": "core", "unmatched": "public"}.get(name, name)](reply.json)
    assert [(row["status"], row["path"], row["request_id"]) for row in records] == [
        (503, path, reply.headers["X-Request-Id"])]


def test_the_log_says_whose_call_was_refused_and_which(api, alder, records):
    del records[:]
    assert api.get("/customers?limit=3", environ_overrides={REFUSED: BUSY}).status_code == 503
    row = records[-1]
    assert (row["merchant_id"], row["operation"], row["endpoint"], row["error_code"], row["query"]) == (
        alder, "customers.list", "/v1/api/public/customers", "unavailable", "limit=3")


def test_a_refused_call_costs_no_call_and_writes_nothing(caller, alder):
    api = caller(alder, rate_limit_per_hour=2)
    for _ in range(3):
        refused = api.post("/customers", {"name": "Ada"}, environ_overrides={REFUSED: BUSY})
        assert refused.status_code == 503
    found = api.get("/customers")
    assert (found.json["data"], found.headers["X-RateLimit-Remaining"]) == ([], "1")


@pytest.mark.parametrize(("path", "sentence"), [
    ("/login", SENTENCE), ("/admin/", SENTENCE), ("/pay/token", "The server is busy. Nothing was changed."),
])
def test_people_get_a_page(app, path, sentence):
    reply = app.test_client().get(path, environ_overrides={REFUSED: BUSY})
    assert (reply.status_code, reply.mimetype, reply.headers["Retry-After"]) == (503, "text/html", "1")
    assert sentence in reply.text
    assert cast.each_header_once(reply)
