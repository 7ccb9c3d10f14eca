"""Users' tokens by X-Api-Key, allowed networks, and the limit for wrong tokens."""

import json
import re
from dataclasses import replace

import pytest
from sqlalchemy.exc import OperationalError

from blueprints.auth.attempts import OF_ACCOUNT
from database import db, transaction
from domain.access import tokens, user_access
from domain.actor import Actor
from domain.people import users
from domain.vault import vault
from models.audit import AuditEntry
from models.credential import Credential
from models.user import User
from tests import cast
from tests.api.core.conftest import Program, sign_in, token_of
from tests.api.core.refusals import NEWER_SECRET, REFUSED, SECRET, assert_refused, update_user

# Tokens -------------------------------------------------------------------------------------------


def test_a_token_has_59_characters_and_is_made_with_its_user(ada):
    assert re.fullmatch(r"[a-z0-9]{59}", token_of(ada))


def test_a_token_is_encrypted_at_rest(ada):
    token = token_of(ada)
    row = db.session.query(Credential).filter_by(user_id=ada, mode="live").one()
    assert all(token not in str(getattr(row, column.name)) for column in Credential.__table__.columns)
    assert vault.decrypt(row.ciphertext) == token


def test_every_reveal_is_in_the_audit_trail(ada):
    token_of(ada)
    token_of(ada)
    entries = db.session.query(AuditEntry).filter_by(action="user.token_revealed").all()
    assert [(entry.object_id, entry.actor) for entry in entries] == [(ada, "system")] * 2


def test_a_new_token_ends_the_old_one_at_once(app, ada, caller):
    assert caller.get("/clients").status_code == 200
    with transaction():
        new = tokens.issue(Actor.system(), db.session.get(User, ada))
    assert caller.get("/clients").status_code == 401
    assert Program(app, new).get("/clients").status_code == 200


def test_a_revoked_token_opens_nothing_and_is_still_known_to_the_log(ada, caller, records):
    with transaction():
        tokens.revoke(Actor.system(), db.session.get(User, ada))
    records.clear()
    assert caller.get("/clients").status_code == 401
    assert records[0]["user_id"] == ada
    assert records[0]["key_id"] is not None
    assert db.session.query(Credential).filter_by(user_id=ada, mode="live").one().ciphertext is None


@pytest.mark.parametrize("changes", [{"active": False}, None])
def test_a_deactivated_or_deleted_user_is_refused_on_the_next_call(ada, caller, changes):
    assert caller.get("/clients").status_code == 200
    if changes:
        update_user(ada, **changes)
    else:
        with transaction():
            users.delete(Actor.operator(), db.session.get(User, ada))
    assert caller.get("/clients").status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a" * 59, "a" * 5000, "é" * 59, "%", "' OR 1=1 --"])
def test_a_bad_key_is_401_in_both_protocols_with_the_id(app, ada, token):
    client, headers = app.test_client(), {"X-Api-Key": token.encode("utf-8").decode("latin-1")}
    rpc = client.post("/", json={"jsonrpc": "2.0", "method": "clients.search", "id": 7}, headers=headers)
    assert_refused(rpc, client.get("/clients", headers=headers), http=401)


def test_no_credential_is_like_a_bad_key(app, ada):
    client = app.test_client()
    for headers in ({}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearerx"}):
        rpc = client.post("/", json={"jsonrpc": "2.0", "method": "clients.search", "id": 7}, headers=headers)
        assert_refused(rpc, client.get("/clients", headers=headers), http=401)


@pytest.mark.parametrize(("document", "known"), [
    ('{"jsonrpc": "2.0", "method": "clients.get", "id": "abc"}', "abc"),
    ('{"jsonrpc": "2.0", "method": "clients.get", "id": 10000000000000000000000}', 10**22),
    ('{"jsonrpc": "2.0", "method": "clients.get"}', None), ('[{"jsonrpc": "2.0", "method": "a", "id": 1}]', None),
    ("{", None), ("", None),
])
def test_a_refused_document_is_answered_once_with_its_id_if_it_has_one(app, document, known):
    reply = app.test_client().post("/", data=document, headers={"X-Api-Key": "wrong"})
    assert (reply.status_code, reply.json) == (401, {"jsonrpc": "2.0", "id": known, "error": REFUSED})


def test_a_key_of_another_contract_is_refused(app, alder):
    _, key = cast.make_key(alder)
    assert app.test_client().get("/clients", headers={"X-Api-Key": key}).status_code == 401
    assert app.test_client().get("/clients", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_with_both_credentials_the_key_decides(caller, login):
    token = login().json["result"]["token"]
    assert caller.get("/clients", headers={"Authorization": "Bearer wrong"}).status_code == 200
    reply = Program(caller.client.application, "wrong").get("/clients", headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 401
    assert "Deprecation" not in reply.headers


def test_a_token_survives_a_rotation_of_the_secret_and_the_end_of_the_old_one(app, ada, caller):
    try:
        vault.configure((NEWER_SECRET, SECRET), bcrypt_cost=4)
        assert caller.get("/clients").status_code == 200
        vault.configure((NEWER_SECRET,), bcrypt_cost=4)
        assert caller.get("/clients").status_code == 200
        assert token_of(ada) == caller.token
    finally:
        vault.configure((SECRET,), bcrypt_cost=4)


def test_the_operators_command_prints_a_token_that_works(app, alder):
    given = ["--email", "new@alder.example", "--password", cast.PASSWORD, "--merchant", str(alder), "--json"]
    printed = json.loads(app.test_cli_runner().invoke(args=["user", "create", *given]).stdout)
    assert Program(app, printed["api_token"]).get("/clients").status_code == 200


def test_a_merchant_that_is_switched_off_is_shut_for_its_users_programs(caller, core, alder):
    cast.make_customer(alder)
    assert len(caller.get("/clients").json) == 1
    core.result("merchants.archive", {"id": alder})
    assert caller.get("/clients").json == []
    assert caller.error("clients.get", {"id": 1})["code"] == -32001
    assert len(core.get("/clients").json) == 1


def test_when_users_cannot_be_read_both_protocols_say_so(caller, monkeypatch):
    def gone(_):
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    monkeypatch.setattr(user_access, "by_token", gone)
    rest = caller.get("/clients")
    rpc = caller("POST", "/", json={"jsonrpc": "2.0", "method": "clients.search", "id": 7})
    assert (rest.status_code, rpc.status_code) == (503, 503)
    assert (rpc.json["id"], rpc.json["error"]["code"]) == (7, -32002)
    assert rpc.json["error"]["data"] == rest.json["error"]["data"]
    assert rpc.headers["Retry-After"] == rest.headers["Retry-After"] == "1"


# Addresses ----------------------------------------------------------------------------------------


def test_a_user_calls_only_from_the_allowed_addresses(ada, caller):
    update_user(ada, allowed_ips=["203.0.113.0/24"])
    rest = caller.get("/clients")
    assert rest.status_code == 401
    assert rest.json["error"]["data"] == {"code": "utoken-ip-not-allowed", "message": "IP 127.0.0.1 is not allowed"}
    error = caller.rpc("clients.search")["error"]
    assert (error["code"], error["data"]["message"]) == (-32005, "IP 127.0.0.1 is not allowed")
    update_user(ada, allowed_ips=["203.0.113.0/24", "127.0.0.1"])
    assert caller.get("/clients").status_code == 200


def test_forwarded_addresses_of_nobody_trusted_do_not_count(ada, caller):
    update_user(ada, allowed_ips=["203.0.113.7"])
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Client-IP"):
        assert caller.get("/clients", headers={name: "203.0.113.7"}).status_code == 401


@pytest.mark.parametrize(("address", "status"), [
    ("203.0.113.7", 403), ("2001:db8::1", 403), ("", 403), ("10.1.2.3", 200), ("::ffff:10.1.2.3", 200),
    ("fd00::1", 200),
])
def test_only_callers_of_private_networks_are_accepted(caller, address, status):
    reply = caller.get("/clients", environ_overrides={"REMOTE_ADDR": address})
    assert reply.status_code == status
    document = {"jsonrpc": "2.0", "method": "clients.search", "id": 7}
    rpc = caller("POST", "/", json=document, environ_overrides={"REMOTE_ADDR": address})
    assert rpc.status_code == status
    if status == 403:
        assert reply.json["error"]["data"]["code"] == "network-not-allowed"
        assert rpc.json["id"] == 7


def test_no_network_at_all_switches_the_api_off(app, caller, login):
    usual = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(usual, core_api_networks=())
    try:
        assert caller.get("/clients").status_code == 403
        assert login().status_code == 403
    finally:
        app.config["SETTINGS"] = usual


# Throttles ----------------------------------------------------------------------------------------


def test_bad_keys_of_one_ipv6_site_are_throttled_together(app):
    def knock(number, site):
        return app.test_client().get("/clients", headers={"X-Api-Key": "wrong"}, environ_base={
            "REMOTE_ADDR": f"fd00:0:0:{site}::{number:x}"}).status_code

    assert [knock(number, 1) for number in range(101)] == [401] * 100 + [429]
    assert knock(1, 2) == 401


def test_bad_keys_are_throttled_and_good_ones_from_the_same_address_are_not(app, ada, caller):
    client = app.test_client()
    statuses = [client.get("/clients", headers={"X-Api-Key": f"wrong{number}"}).status_code for number in range(102)]
    assert statuses == [401] * 100 + [429] * 2
    rpc = client.post("/", json={"jsonrpc": "2.0", "method": "a", "id": 7}, headers={"X-Api-Key": "wrong"})
    assert (rpc.status_code, rpc.json["id"]) == (429, 7)
    assert 1 <= int(rpc.headers["Retry-After"]) <= 60
    assert client.get("/clients", headers={"Authorization": "Bearer wrong"}).status_code == 429
    assert caller.get("/clients").status_code == 200


def test_a_login_may_be_wrong_ten_times(login):
    answers = [login("wrong").json["error"] for _ in range(OF_ACCOUNT.amount + 1)]
    assert [one["code"] for one in answers] == [-32005] * 10 + [-32002]
    assert login().json["error"]["data"]["code"] == "rate_limit_exceeded"
    assert login(name="somebody@else.example").json["error"]["code"] == -32005


def test_the_sign_in_form_counts_the_same_tries(app, login):
    for _ in range(OF_ACCOUNT.amount):
        login("wrong")
    rest = app.test_client().post("/iam/auth/jwt/authenticate", json={"login": "ADA@alder.example ", "password": "x"})
    assert rest.status_code == 429
    assert sign_in(app.test_client(), "ada@alder.example").status_code == 429
