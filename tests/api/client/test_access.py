"""Who may call the Client API: tokens, their limits by address, and what the log keeps."""

import pytest

from blueprints.api.rate_limits import rate_limits
from database import db, transaction
from domain import settings
from domain.access import customer_tokens
from domain.actor import Actor
from domain.people import customers, merchants
from models.audit import AuditEntry
from models.credential import Credential
from models.merchant import Merchant
from tests import cast
from tests.api.client.conftest import ClientProgram, token_of

REQUIRED = {"error": "Authentication required", "code": 401}
WRONG = {"error": "Invalid API token", "code": 401}


def set_limit(calls):
    with transaction():
        settings.update(Actor.operator(), {"client_api_limit_per_minute": calls})


def test_the_status_needs_no_token(stranger):
    reply = stranger.get("/status")
    assert reply.status_code == 200
    assert reply.json.keys() == {"status", "version", "time"}
    assert (reply.json["status"], reply.json["version"]) == ("ok", "1.0")
    assert reply.json["time"].endswith("+00:00")
    assert len(reply.json["time"]) == len("2024-01-15T12:00:00+00:00")


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Basic abc"}])
def test_a_call_without_a_token_is_401(stranger, headers):
    reply = stranger.get("/profile", headers=headers)
    assert (reply.status_code, reply.json) == (401, REQUIRED)
    assert reply.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("token", ["x", "0" * 64, "A" * 64, "0" * 4000, "é"])
def test_an_unknown_token_is_401(app, token, program):
    for reply in (
        program.client.get("/api/v1/profile", headers={"Authorization": f"Bearer {token}"}),
        program.client.get("/api/v1/profile", query_string={"api_token": token}),
    ):
        assert (reply.status_code, reply.json) == (401, WRONG)


def test_the_token_may_be_a_query_parameter_and_the_header_wins(program, stranger):
    assert stranger.get(f"/profile?api_token={program.token}").status_code == 200
    assert program.get("/profile?api_token=wrong").status_code == 200
    both = stranger.get(f"/profile?api_token={program.token}", headers={"Authorization": "Bearer wrong"})
    assert (both.status_code, both.json) == (401, WRONG)


def test_the_token_in_a_query_is_stored_nowhere(app, program, stranger, records):
    stranger.get(f"/profile?api_token={program.token}&x=1")
    stranger.get(f"/nothing?api_token={program.token}")
    found = records[-2:]
    assert [one["status"] for one in found] == [200, 404]
    assert program.token not in str(found)
    assert all("api_token=***" in one["query"] for one in found)


def test_keys_and_tokens_of_other_contracts_do_not_open_it(app, alder, stranger, program):
    key = cast.make_key(alder)[1]
    assert stranger.get("/profile", headers={"Authorization": f"Bearer {key}"}).json == WRONG
    for path in ("/v1/api/public/customers", "/api/v1/customers"):
        assert app.test_client().get(path, headers={"Authorization": f"Bearer {program.token}"}).status_code == 401


def test_a_new_token_ends_the_one_before(app, ada, program):
    newer = ClientProgram(app, token_of(ada))
    assert newer.get("/profile").status_code == 200
    assert program.get("/profile").json == WRONG


def test_a_token_is_kept_as_a_digest_only(ada, program):
    row = db.session.query(Credential).filter_by(customer_id=ada).one()
    assert program.token not in str([getattr(row, one.key) for one in Credential.__table__.columns])
    assert len(program.token) == 64


@pytest.mark.parametrize("end", ["revoked", "archived", "deleted", "merchant"])
def test_an_ended_token_is_401(alder, ada, program, end):
    with transaction():
        actor, row = customers.LISTING.lock(cast.actor_for(alder), ada)
        if end == "revoked":
            customer_tokens.revoke(actor, row)
        elif end == "archived":
            customers.archive(actor, row)
        elif end == "deleted":
            customers.delete(actor, row)
        else:
            merchants.archive(Actor.operator(), db.session.get(Merchant, alder))
    assert (program.get("/profile").status_code, program.get("/profile").json) == (401, WRONG)


def test_calls_are_counted_by_address_before_authentication(app, program, stranger):
    set_limit(5)
    codes = [stranger.get("/status").status_code, stranger.get("/profile").status_code,
             stranger.get("/nothing").status_code, stranger("DELETE", "/profile").status_code,
             program.get("/profile").status_code]
    assert codes == [200, 401, 404, 405, 200]
    for _ in range(3):
        over = program.get("/profile")
        assert (over.status_code, over.json) == (429, {"error": "Rate limit exceeded", "code": 429})
        assert int(over.headers["Retry-After"]) >= 1
        assert (over.headers["X-RateLimit-Limit"], over.headers["X-RateLimit-Remaining"]) == ("5", "0")
    assert stranger.get("/nothing").status_code == 429
    other = ClientProgram(app, program.token, address="192.0.2.7")
    assert other.get("/profile").headers["X-RateLimit-Remaining"] == "4"


def test_the_other_contract_of_the_same_prefix_is_not_counted(app, stranger):
    set_limit(1)
    for _ in range(3):
        assert app.test_client().get("/api/v1/customers").status_code == 401
    assert stranger.get("/status").status_code == 200


def test_the_limit_is_a_setting_and_nought_is_none(stranger):
    set_limit(1)
    stranger.get("/status")
    assert stranger.get("/status").status_code == 429
    set_limit(0)
    for _ in range(70):
        assert stranger.get("/status").status_code == 200
    rate_limits.forget()


@pytest.mark.parametrize(("path", "shape"), [
    ("/nothing", "client"), ("/profile/1", "client"), ("", "client"), ("/customers/1/nothing", "merchant"),
    ("/orders", "merchant"),
])
def test_an_unmatched_path_or_method_is_answered_by_the_contract_of_its_resource(stranger, path, shape):
    reply = stranger("DELETE", path)
    assert reply.status_code in (404, 405)
    assert ("code" in reply.json) == (shape == "client"), reply.text
    if shape == "client":
        words = {404: "Resource not found", 405: "Method not allowed"}[reply.status_code]
        assert reply.json == {"error": words, "code": reply.status_code}


def test_calls_are_logged_with_the_customer(program, ada, alder, records):
    program.get("/profile")
    row = records[-1]
    assert (row["contract"], row["endpoint"], row["customer_id"], row["merchant_id"]) == (
        "client", "/api/v1/profile", ada, alder)
    assert row["key_id"] == customer_tokens.of_customer(ada).id


def test_a_refused_call_is_logged_with_the_customer_as_well(alder, ada, program, records):
    with transaction():
        actor, row = customers.LISTING.lock(cast.actor_for(alder), ada)
        customer_tokens.revoke(actor, row)
    program.get("/profile")
    assert (records[-1]["status"], records[-1]["customer_id"]) == (401, ada)


def test_issuing_and_revoking_are_in_the_audit_trail(alder, ada):
    token_of(ada)
    with transaction():
        actor, row = customers.LISTING.lock(cast.actor_for(alder), ada)
        customer_tokens.revoke(actor, row)
    verbs = [one.action for one in db.session.query(AuditEntry).order_by(AuditEntry.id)][-2:]
    assert verbs == ["customer.token_issued", "customer.token_revoked"]


def test_refused_calls_are_logged_under_a_code_and_not_under_the_sentence(program, stranger, records):
    calls = [
        (stranger.get("/profile"), "token_missing"), (program.get("/invoices/1"), "not_found"),
        (program.get("/invoices?page=0"), "invalid_parameter"),
        (program.post("/profile"), "method_not_allowed"),
        (program.post("/tickets", data="{"), "invalid_json"),
        (program.post("/tickets", {"subject": "Hello"}), "invalid"),
        (program.put("/profile", {"colour": "red"}), "nothing_sent"),
    ]
    assert [row["error_code"] for row in records] == [code for _, code in calls]
    assert [row["message"] for row in records] == [reply.json["error"] for reply, _ in calls]
