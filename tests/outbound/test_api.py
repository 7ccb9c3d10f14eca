"""Webhooks by the APIs and by command: tests of receivers, endpoints, deliveries."""

import json
import re

import pytest
from sqlalchemy import select

from database import db, transaction
from domain.access import tokens
from domain.actor import Actor
from domain.inputs import parse
from domain.integrations import signatures, webhooks
from domain.people import users
from models.webhook import Attempt, Delivery, Endpoint
from outbound import client
from tests import cast
from tests.outbound.conftest import make_endpoint

PATH = "/v1/api/public/webhooks/test"


@pytest.fixture
def caller(app, alder, receiver):
    """A function that asks for a test with a key of this webhook URL."""

    def make(path="/200", **more):
        _, key = cast.make_key(alder, webhook_url=receiver.url(path) if path else None, **more)
        client, headers = app.test_client(), {"Authorization": f"Bearer {key}"}
        return lambda json=None, **kw: client.post(PATH, json=json, headers=headers, **kw)

    return make


# POST /webhooks/test -----------------------------------------------------------------------------------


def test_the_answer_has_the_documented_form(caller):
    reply = caller()({"event": "connection_test", "data": {"hello": "world"}})
    assert reply.status_code == 200
    data = reply.json["data"]
    assert set(data) == {"message", "timestamp", "apiKey", "deliveryId", "delivered", "statusCode"}
    assert (data["message"], data["delivered"], data["statusCode"]) == ("delivered", True, 200)
    assert re.fullmatch(r"delivery_\d+", data["deliveryId"])
    assert len(data["apiKey"]) == 12


def test_the_receiver_gets_what_was_asked_for_signed(caller, receiver):
    caller()({"event": "connection_test", "data": {"hello": "world"}})
    (seen,) = receiver.seen
    body = json.loads(seen["body"])
    assert (body["event"], body["data"]) == ("connection_test", {"hello": "world"})
    assert seen["headers"]["X-Billoget-Event"] == "connection_test"
    secret = signatures.opened(db.session.scalars(select(Endpoint)).one().secret)
    assert seen["headers"]["X-Billoget-Signature"] == signatures.billoget(secret, seen["body"].encode())


def test_nothing_need_be_sent(caller, receiver):
    assert caller()().json["data"]["delivered"] is True
    assert json.loads(receiver.seen[0]["body"])["event"] == "webhook.test"


def test_a_key_without_a_url_gets_200_and_the_reason(caller):
    data = caller(path=None)().json["data"]
    assert (data["delivered"], data["statusCode"], data["deliveryId"]) == (False, None, None)
    assert data["message"] == "No webhook URL configured"


@pytest.mark.parametrize(("path", "status"), [("/status/500", 500), ("/status/410", 410), ("/redirect/307", 307)])
def test_a_refusal_by_the_receiver_is_reported(caller, path, status):
    reply = caller(path)()
    assert reply.status_code == 200
    assert (reply.json["data"]["delivered"], reply.json["data"]["statusCode"]) == (False, status)


def test_a_receiver_that_does_not_respond_is_reported(caller, monkeypatch):
    real = client.post
    monkeypatch.setattr(client, "post", lambda *given, **more: real(*given, **more, deadline=0.3))
    data = caller("/hang")().json["data"]
    assert (data["delivered"], data["statusCode"]) == (False, None)
    assert "within" in data["message"]


def test_a_test_is_a_delivery_with_its_attempt_and_is_never_repeated(caller, work):
    caller("/status/500")()
    work()
    assert cast.count(Delivery) == cast.count(Attempt) == 1
    assert db.session.scalars(select(Delivery)).one().task is None


def test_a_test_key_may_test(caller, receiver):
    assert caller(mode="test")().json["data"]["delivered"] is True


def test_a_key_without_the_scope_may_not(caller, receiver):
    reply = caller(scopes=["READ_BUDGETS"])()
    assert reply.status_code == 403
    assert reply.json["details"]["scope"] == "WEBHOOKS"
    assert receiver.seen == []


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize("body", [{"event": ""}, {"event": "a" * 101}, {"event": 7}, {"event": "a\nb"}, [1], "text"])
def test_what_makes_no_sense_is_refused_and_nothing_is_sent(caller, receiver, body):
    assert caller()(body).status_code in (400, 422)
    assert receiver.seen == []


def test_a_key_tests_its_webhook_at_most_ten_times_a_minute(caller, receiver):
    ask = caller(rate_limit_per_hour=1000)
    replies = [ask() for _ in range(12)]
    assert [one.status_code for one in replies] == [200] * 10 + [429] * 2
    assert 1 <= int(replies[-1].headers["Retry-After"]) <= 60
    limits = cast.each_header_once(replies[-1]).headers
    assert (
        limits["X-RateLimit-Limit"], limits["X-RateLimit-Remaining"], limits["X-RateLimit-Window"],
    ) == ("10", "0", "60")
    assert len(receiver.seen) == 10


def test_another_key_of_the_merchant_has_no_ten_of_its_own(caller):
    first, second = caller(), caller()
    assert [first().status_code for _ in range(11)][-1] == 429
    assert second().status_code == 429


# The Core API ------------------------------------------------------------------------------------------


@pytest.fixture
def core(app):
    """A function that calls the Core API as an admin of these merchants."""

    def make(*merchant_ids, role="admin_user"):
        given = {"email": f"{role}{merchant_ids[0]}@example.org", "password": cast.PASSWORD, "role": role,
                 "merchant_ids": list(merchant_ids), "api_access": True}
        new = users.hashed(Actor.operator(), parse(users.UserInput, given))
        with transaction():
            user = users.create(Actor.operator(), new)
            token = tokens.issue(Actor.operator(), user)
        client = app.test_client()
        return lambda method, path, **more: client.open(path, method=method, headers={"X-Api-Key": token}, **more)

    return make


def test_an_endpoint_is_managed_in_the_core_api(core, alder, receiver):
    ask = core(alder)
    made = ask("POST", "/webhooks", json={
        "companies_id": alder, "url": receiver.url("/200"), "events": ["customer.created"], "description": "Books",
    })
    assert made.status_code == 200, made.json
    assert made.json["secret"].startswith("whsec_")
    key = made.json["id"]
    shown = ask("GET", f"/webhooks/{key}").json
    assert "secret" not in shown
    assert (shown["status"], shown["events"], shown["description"]) == ("active", ["customer.created"], "Books")
    assert ask("POST", f"/webhooks/{key}/archive").status_code == 200
    assert ask("GET", f"/webhooks/{key}").json["status"] == "paused"
    ask("POST", f"/webhooks/{key}/activate")
    rotated = ask("POST", f"/webhooks/{key}/rotate").json
    assert rotated["secret"].startswith("whsec_")
    assert rotated["secret"] != made.json["secret"]
    assert ask("DELETE", f"/webhooks/{key}").status_code == 200
    assert ask("GET", f"/webhooks/{key}").status_code == 404


def test_deliveries_are_found_and_made_again(core, alder, receiver, work):
    ask = core(alder)
    make_endpoint(alder, receiver.url("/redirect/302"))
    cast.make_customer(alder)
    work()
    (found,) = ask("GET", "/webhooks/deliveries?status=failed").json
    assert (found["event"], found["status"], found["resource"]) == ("customer.created", "failed", "customer_1")
    assert found["attempts"][0]["status_code"] == 302
    assert ask("GET", "/webhooks/deliveries?status=done").json == []
    assert ask("POST", f"/webhooks/deliveries/{found['id']}/redeliver").status_code == 200
    work()
    assert len(receiver.seen) == 2


def test_both_have_json_rpc(core, alder, receiver):
    ask = core(alder)
    make_endpoint(alder, receiver.url("/200"))
    call = {"jsonrpc": "2.0", "id": 1, "method": "webhooks.search", "params": {}}
    assert [one["url"] for one in ask("POST", "/", json=call).json["result"]] == [receiver.url("/200")]
    assert ask("POST", "/", json=call | {"method": "webhooks.deliveries.search"}).json["result"] == []


def test_another_merchants_endpoints_and_deliveries_are_not_there(core, alder, receiver, work):
    make_endpoint(alder, receiver.url("/200"))
    cast.make_customer(alder)
    work()
    ask = core(cast.make_merchant("Birch"))
    for method, path in (
        ("GET", "/webhooks/1"), ("PUT", "/webhooks/1"), ("DELETE", "/webhooks/1"), ("POST", "/webhooks/1/archive"),
        ("POST", "/webhooks/1/activate"), ("POST", "/webhooks/1/rotate"), ("GET", "/webhooks/deliveries/1"),
        ("POST", "/webhooks/deliveries/1/redeliver"),
    ):
        body = {"json": {"description": "mine"}} if method == "PUT" else {}
        assert ask(method, path, **body).status_code in (404, 405), (method, path)
    assert ask("GET", "/webhooks").json == ask("GET", "/webhooks/deliveries").json == []
    refused = ask("POST", "/webhooks", json={"companies_id": alder, "url": "https://example.com/"})
    assert refused.status_code == 400


def test_an_endpoint_with_a_private_address_is_refused_by_its_field(core, alder):
    reply = core(alder)("POST", "/webhooks", json={"companies_id": alder, "url": "http://169.254.169.254/"})
    assert reply.status_code == 400
    assert "url" in json.dumps(reply.json)


def test_others_than_admins_have_no_endpoints(core, alder):
    for role in ("accountant_user", "normal_user"):
        assert core(alder, role=role)("GET", "/webhooks").status_code == 403


# By command --------------------------------------------------------------------------------------------


def test_key_create_prints_the_signing_secret(app, alder, receiver):
    run = app.test_cli_runner().invoke
    words = ["key", "create", "--merchant", str(alder), "--name", "Shop", "--json"]
    printed = json.loads(run(args=[*words, "--webhook-url", receiver.url("/200")]).stdout)
    assert printed["webhook_secret"].startswith("whsec_")
    with transaction():
        row = webhooks.of_key(int(printed["id"].removeprefix("api_key_")))
        assert signatures.opened(row.secret) == printed["webhook_secret"]
    assert json.loads(run(args=words).stdout)["webhook_secret"] is None
