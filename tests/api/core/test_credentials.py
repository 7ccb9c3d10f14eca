"""Who may call: tokens by X-Api-Key, JSON Web Tokens, networks, and how often one may be wrong."""

import base64
import hmac
import json
import logging
import re
import time
from dataclasses import replace

import jwt
import pytest
import time_machine

from blueprints.auth.attempts import OF_ACCOUNT, attempts
from database import db, transaction
from domain import inputs, jwts, tokens, users
from domain.actor import Actor
from domain.vault import vault
from models.audit import AuditEntry
from models.credential import Credential
from models.user import User
from tests import cast
from tests.api.core.conftest import Program, token_of

PUBLIC = "iam.auth.jwt.authenticate"
REFUSED = {"code": -32005, "message": "Authentication failed"}
SECRET = "a secret for tests that is long enough"


@pytest.fixture
def ada(alder):
    """A user of Alder; the id."""
    return cast.make_user("ada@alder.example", merchant_ids=[alder])


@pytest.fixture
def caller(app, ada):
    return Program(app, token_of(ada))


@pytest.fixture(autouse=True)
def fresh_attempts():
    attempts.use("memory://")


@pytest.fixture
def login(app, ada):
    """A function that signs in over JSON-RPC; the whole answer."""
    def run(password=cast.PASSWORD, name="ada@alder.example"):
        params = {"login": name, "password": password}
        return app.test_client().post("/", json={"jsonrpc": "2.0", "method": PUBLIC, "params": params, "id": 1})

    return run


@pytest.fixture
def bearer(app):
    """A function that asks for a client with a JSON Web Token, in both protocols."""
    def run(token):
        headers = {"Authorization": f"Bearer {token}"}
        client = app.test_client()
        rpc = client.post("/", json={"jsonrpc": "2.0", "method": "clients.search", "id": 7}, headers=headers)
        return rpc, client.get("/clients", headers=headers)

    return run


def update_user(user_id, **changes):
    with transaction():
        users.update(Actor.operator(), db.session.get(User, user_id), changes)


def assert_refused(rpc, rest, *, http):
    """What both protocols say to a bad credential, to the letter."""
    assert rpc.status_code == http
    assert rpc.json == {"jsonrpc": "2.0", "id": 7, "error": REFUSED}
    assert rest.status_code == 401
    assert {name: rest.json["error"][name] for name in REFUSED} == REFUSED
    assert rest.json["error"]["data"]["code"] == "utoken-auth-failed"
    assert rest.headers["WWW-Authenticate"] == "Bearer"


# Tokens -------------------------------------------------------------------------------------------


def test_a_token_has_59_characters_and_is_made_with_its_user(ada):
    assert re.fullmatch(r"[a-z0-9]{59}", token_of(ada))


def test_a_token_is_encrypted_at_rest(ada):
    token = token_of(ada)
    row = db.session.query(Credential).filter_by(user_id=ada).one()
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
    assert db.session.query(Credential).filter_by(user_id=ada).one().ciphertext is None


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
    newer = "another secret that is quite as long as it must be"
    try:
        vault.configure((newer, SECRET), bcrypt_cost=4)
        assert caller.get("/clients").status_code == 200
        vault.configure((newer,), bcrypt_cost=4)
        assert caller.get("/clients").status_code == 200
        assert token_of(ada) == caller.token
    finally:
        vault.configure((SECRET,), bcrypt_cost=4)


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
def test_only_private_networks_are_listened_to(caller, address, status):
    reply = caller.get("/clients", environ_overrides={"REMOTE_ADDR": address})
    assert reply.status_code == status
    document = {"jsonrpc": "2.0", "method": "clients.search", "id": 7}
    rpc = caller("POST", "/", json=document, environ_overrides={"REMOTE_ADDR": address})
    assert rpc.status_code == status
    if status == 403:
        assert reply.json["error"]["data"]["code"] == "network-not-allowed"
        assert rpc.json["id"] == 7


def test_no_network_at_all_switches_the_api_off(app, caller, login):
    settings = app.extensions["countinghouse"]
    app.extensions["countinghouse"] = replace(settings, core_api_networks=())
    try:
        assert caller.get("/clients").status_code == 403
        assert login().status_code == 403
    finally:
        app.extensions["countinghouse"] = settings


# Throttles ----------------------------------------------------------------------------------------


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
    reply = app.test_client().post("/iam/auth/jwt/authenticate", json={"login": "ADA@alder.example ", "password": "x"})
    assert reply.status_code == 429


# JSON Web Tokens ----------------------------------------------------------------------------------


def test_a_login_gets_a_token_for_an_hour(login, bearer):
    reply = login()
    assert reply.headers["Deprecation"] == "true"
    result = reply.json["result"]
    assert set(result) == {"token", "expires_at"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0000", result["expires_at"])
    claims = jwt.decode(result["token"], options={"verify_signature": False})
    assert set(claims) == {"sub", "iat", "exp", "jti", "aud", "ver"}
    assert claims["exp"] - claims["iat"] == 3600
    rpc, rest = bearer(result["token"])
    assert rpc.json["result"] == rest.json == []
    assert rpc.headers["Deprecation"] == rest.headers["Deprecation"] == "true"


def test_a_call_with_an_api_key_is_not_deprecated(caller):
    assert "Deprecation" not in caller.get("/clients").headers


def test_a_deprecated_call_leaves_a_line_in_the_log(login, bearer, caplog):
    token = login().json["result"]["token"]
    with caplog.at_level(logging.WARNING):
        bearer(token)
    assert "deprecated" in caplog.text
    assert token not in caplog.text


def test_a_notification_with_a_token_is_marked_too(app, login):
    headers = {"Authorization": f"Bearer {login().json['result']['token']}"}
    reply = app.test_client().post("/", json={"jsonrpc": "2.0", "method": "clients.search"}, headers=headers)
    assert (reply.status_code, reply.headers["Deprecation"]) == (204, "true")


def test_both_protocols_refuse_a_wrong_password_alike(app, login):
    assert login("wrong").json == {"jsonrpc": "2.0", "id": 1, "error": REFUSED}
    rest = app.test_client().post("/iam/auth/jwt/authenticate", json={"login": "ada@alder.example", "password": "x"})
    assert rest.status_code == 401
    assert rest.json["error"]["code"] == -32005
    unknown = app.test_client().post("/iam/auth/jwt/authenticate", json={"login": "no@alder.example", "password": "x"})
    assert unknown.json == rest.json


@pytest.mark.parametrize(("params", "wrong"), [
    ({}, {"login": "Is required", "password": "Is required"}), ({"login": "a"}, {"password": "Is required"}),
    ({"login": 1, "password": None}, {"login": "Must be a string", "password": "Is required"}),
    ({"login": "a", "password": "b", "remember": 1}, {"remember": "Is not a parameter"}),
])
def test_a_login_without_its_parts_is_invalid(app, params, wrong):
    rest = app.test_client().post("/iam/auth/jwt/authenticate", json=params)
    assert (rest.status_code, rest.json["error"]["data"]) == (400, wrong)


@pytest.mark.parametrize("name", ["\x00", "\ud800", "a" * 100_000, "'"])
@pytest.mark.parametrize("password", ["\x00", "\ud800" * 20, "a" * 100_000])
def test_any_login_and_password_is_refused_politely(app, name, password):
    data = json.dumps({"login": name, "password": password})
    assert app.test_client().post("/iam/auth/jwt/authenticate", data=data).status_code == 401


def test_a_batch_of_logins_needs_no_credential_and_any_other_call_in_it_does(app, ada):
    call = {"jsonrpc": "2.0", "method": PUBLIC, "params": ["ada@alder.example", cast.PASSWORD], "id": 1}
    answers = app.test_client().post("/", json=[call, call | {"id": 2}]).json
    assert [set(one["result"]) for one in answers] == [{"token", "expires_at"}] * 2
    other = {"jsonrpc": "2.0", "method": "clients.search", "id": 2}
    for batch in ([call, other], [call, {}], [call, other | {"method": "nope"}]):
        reply = app.test_client().post("/", json=batch)
        assert (reply.status_code, reply.json) == (401, {"jsonrpc": "2.0", "id": None, "error": REFUSED})


def test_a_token_is_refreshed_while_it_is_valid_and_the_old_one_stays(app, login, bearer):
    with time_machine.travel("2026-03-01 12:00:00+00:00", tick=False) as clock:
        first = login().json["result"]["token"]
        clock.shift(1800)
        headers = {"Authorization": f"Bearer {first}"}
        reply = app.test_client().post("/iam/auth/jwt/refresh", headers=headers)
        assert reply.json["expires_at"] == "2026-03-01 13:30:00+0000"
        assert bearer(first)[1].status_code == 200
        clock.shift(1801)
        assert_refused(*bearer(first), http=200)
        assert app.test_client().post("/iam/auth/jwt/refresh", headers=headers).status_code == 401
        assert bearer(reply.json["token"])[1].status_code == 200


def test_an_api_key_cannot_be_refreshed(caller):
    assert caller("POST", "/iam/auth/jwt/refresh").status_code == 401
    assert caller.error("iam.auth.jwt.refresh")["code"] == -32005


@pytest.mark.parametrize("changes", [
    {"password": "quite another password"}, {"active": False}, {"role": "normal_user"},
])
def test_a_new_password_or_less_power_ends_tokens_at_once(ada, login, bearer, changes):
    token = login().json["result"]["token"]
    assert bearer(token)[1].status_code == 200
    typed = inputs.changes(users.UserInput, changes)
    update_user(ada, **typed)
    assert_refused(*bearer(token), http=200)


def test_the_addresses_of_the_user_hold_for_login_and_token(ada, login, bearer):
    token = login().json["result"]["token"]
    update_user(ada, allowed_ips=["203.0.113.7"])
    rpc, rest = bearer(token)
    assert rpc.json["error"]["data"]["code"] == "utoken-ip-not-allowed"
    assert rest.status_code == 401
    assert login().json["error"]["data"]["code"] == "utoken-ip-not-allowed"


def signed(claims):
    return jwt.encode(claims, vault.signing_keys[0], algorithm="HS256")


def claims_of(user_id, **more):
    now = int(time.time())
    given = {"sub": str(user_id), "iat": now, "exp": now + 600, "jti": "x", "aud": jwts.AUDIENCE, "ver": 1}
    return {name: value for name, value in (given | more).items() if value is not ...}


def hand_signed(header, claims, key, digest="sha256"):
    """A token as a forger makes it, who asks no library whether that is wise."""
    signing = f"{part(header)}.{part(claims)}"
    mac = hmac.digest(key, signing.encode(), digest)
    return f"{signing}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def part(data):
    return base64.urlsafe_b64encode(json.dumps(data).encode()).rstrip(b"=").decode()


def test_a_forged_token_would_work_with_the_right_secret(ada, bearer):
    """So that the refusals below are refusals of what they name."""
    assert bearer(signed(claims_of(ada)))[1].status_code == 200


@pytest.mark.parametrize("change", [
    {"exp": "9999999999"}, {"exp": ...}, {"exp": 10**12}, {"exp": 1}, {"exp": 1e300}, {"nbf": 10**10}, {"sub": "999"},
    {"sub": "9" * 30}, {"sub": "-1"}, {"sub": "1 OR 1=1"}, {"sub": ""}, {"sub": ...}, {"sub": "\u0661"},
    {"ver": 2}, {"ver": "1"}, {"ver": True}, {"ver": ...}, {"aud": "another"}, {"aud": ...}, {"jti": ...},
    {"iat": ...}, {"iat": "x"},
], ids=str)
def test_a_token_with_wrong_claims_is_refused(ada, bearer, change):
    assert_refused(*bearer(signed(claims_of(ada, **change))), http=200)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "RS256", "HS384", "HS512", "ES256", "", None, 5])
def test_a_token_of_another_algorithm_is_refused(ada, bearer, algorithm):
    head, payload = part({"alg": algorithm, "typ": "JWT"}), part(claims_of(ada))
    signature = signed(claims_of(ada)).split(".")[2]
    for token in (f"{head}.{payload}.", f"{head}.{payload}.{signature}", f"{head}.{payload}"):
        assert_refused(*bearer(token), http=200)
    if algorithm in ("HS384", "HS512"):
        longer = hand_signed({"alg": algorithm, "typ": "JWT"}, claims_of(ada), vault.signing_keys[0],
                             algorithm.replace("HS", "sha"))
        assert_refused(*bearer(longer), http=200)


@pytest.mark.parametrize("header", [
    {"kid": "../../dev/null"}, {"kid": "' OR 1=1 --"}, {"kid": 5}, {"jku": "http://127.0.0.1/keys"},
    {"jwk": {"kty": "oct", "k": "AA"}}, {"crit": ["x"]}, {"typ": "at+jwt"}, {"typ": None},
], ids=str)
def test_a_token_cannot_bring_its_own_key(ada, bearer, header):
    payload = part(claims_of(ada))
    head = part({"alg": "HS256", "typ": "JWT", **header})
    assert_refused(*bearer(f"{head}.{payload}.AAAA"), http=200)


@pytest.mark.parametrize("secret", [
    "secret", "", "password", "changeme", "key", "jwt", "your-256-bit-secret", "countinghouse", "a" * 32, "0" * 32,
    SECRET,
])
def test_a_token_signed_with_a_guessed_secret_is_refused(ada, caller, bearer, secret):
    for key in (secret, caller.token):
        forged = hand_signed({"alg": "HS256", "typ": "JWT"}, claims_of(ada), key.encode())
        assert_refused(*bearer(forged), http=200)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.é.é", "a" * 5000, "eyJ" * 3, "." * 900])
def test_what_is_no_token_is_refused(ada, bearer, token):
    assert_refused(*bearer(token.encode("utf-8").decode("latin-1")), http=200)


def test_a_deeply_nested_header_is_refused(ada, bearer):
    for depth in (300, 700, 20_000):
        head = base64.urlsafe_b64encode(b"[" * depth).decode().rstrip("=")
        assert_refused(*bearer(f"{head}.e30.AAAA"), http=200)


def test_a_flipped_bit_breaks_a_token(ada, bearer):
    head, payload, signature = signed(claims_of(ada)).split(".")
    changed = part(claims_of(ada, sub="1" if ada != 1 else "2"))
    flipped = ("A" if signature[0] != "A" else "B") + signature[1:]
    for rest in (f"{changed}.{signature}", f"{payload}.{flipped}", f"{payload}.", payload):
        token = f"{head}.{rest}"
        assert_refused(*bearer(token), http=200)


def test_tokens_of_an_old_secret_hold_until_it_is_dropped(ada, login, bearer):
    token = login().json["result"]["token"]
    newer = "another secret that is quite as long as it must be"
    try:
        vault.configure((newer, SECRET), bcrypt_cost=4)
        assert bearer(token)[1].status_code == 200
        vault.configure((newer,), bcrypt_cost=4)
        assert_refused(*bearer(token), http=200)
    finally:
        vault.configure((SECRET,), bcrypt_cost=4)
