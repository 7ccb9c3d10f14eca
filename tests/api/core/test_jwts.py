"""JSON Web Tokens: issued by a login, marked as deprecated, refused when invalid."""

import base64
import hmac
import json
import logging
import re
import time

import jwt
import pytest
import time_machine

from blueprints.shared_counters import counters
from database import db, transaction
from domain import inputs
from domain.access import jwts, second_factors
from domain.people import users
from domain.people.logins.user_second_factors import OWN
from domain.vault import vault
from models.user import User
from tests import cast
from tests.admin.with_app import with_app, wrong_code
from tests.api.core.conftest import LOGIN
from tests.api.core.refusals import NEWER_SECRET, REFUSED, SECRET, assert_refused, update_user
from tests.client.authenticator import App


def test_a_login_gets_a_token_for_an_hour(login, bearer):
    reply = login()
    assert reply.headers["Deprecation"] == "@1767225600"
    result = reply.json["result"]
    assert set(result) == {"token", "expires_at"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+0000", result["expires_at"])
    claims = jwt.decode(result["token"], options={"verify_signature": False})
    assert set(claims) == {"sub", "iat", "exp", "jti", "aud", "ver"}
    assert claims["exp"] - claims["iat"] == 3600
    rpc, rest = bearer(result["token"])
    assert rpc.json["result"] == rest.json == []
    assert rpc.headers["Deprecation"] == rest.headers["Deprecation"] == "@1767225600"


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
    assert (reply.status_code, reply.headers["Deprecation"]) == (204, "@1767225600")


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
    ({"login": "a", "password": "b", "passwort": 1},
     {"passwort": "Is not known here; the nearest known name is password"}),
])
def test_a_login_without_its_parts_is_invalid(app, params, wrong):
    rest = app.test_client().post("/iam/auth/jwt/authenticate", json=params)
    assert (rest.status_code, rest.json["error"]["data"]) == (400, wrong)


@pytest.mark.parametrize("name", ["\x00", "\ud800", "a" * 100_000, "'"])
@pytest.mark.parametrize("password", ["\x00", "\ud800" * 20, "a" * 100_000])
def test_any_wrong_login_and_password_is_refused_without_a_crash(app, name, password):
    data = json.dumps({"login": name, "password": password})
    assert app.test_client().post("/iam/auth/jwt/authenticate", data=data).status_code == 401


def test_a_batch_of_logins_needs_no_credential_and_any_other_call_in_it_does(app, ada):
    call = {"jsonrpc": "2.0", "method": LOGIN, "params": ["ada@alder.example", cast.PASSWORD], "id": 1}
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
    """A forged token, made without the library's checks."""
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
    try:
        vault.configure((NEWER_SECRET, SECRET), bcrypt_cost=4)
        assert bearer(token)[1].status_code == 200
        vault.configure((NEWER_SECRET,), bcrypt_cost=4)
        assert_refused(*bearer(token), http=200)
    finally:
        vault.configure((SECRET,), bcrypt_cost=4)


def test_two_factor_asks_for_a_code_that_works_once(app, ada):
    def tried(password=cast.PASSWORD, **more):
        counters.forget()
        body = {"login": "ada@alder.example", "password": password, **more}
        return app.test_client().post("/iam/auth/jwt/authenticate", json=body).json

    phone, codes = with_app("ada@alder.example")
    for more in ({}, {"code": ""}, {"code": wrong_code(phone)}, {"code": None}):
        refused = tried(**more)["error"]
        assert (refused["code"], refused["data"]["code"]) == (-32005, "utoken-auth-failed")
        assert "fresh code" in refused["data"]["message"]
    assert tried(code=7)["error"]["data"]["code"] == "Must be a string"
    assert "fresh code" not in str(tried("wrong", code=phone.code()))
    for code in (phone.code(), codes[0]):
        assert "token" in tried(code=code), "the wrong password used nothing up"
        assert "error" in tried(code=code)
    counters.forget()
    call = {"jsonrpc": "2.0", "method": LOGIN, "params": ["ada@alder.example", cast.PASSWORD, codes[1]], "id": 1}
    assert "token" in app.test_client().post("/", json=call).json["result"]


def test_wrong_codes_of_a_login_are_limited(app, ada):
    phone, _ = with_app("ada@alder.example")
    body = {"login": "ada@alder.example", "password": cast.PASSWORD, "code": wrong_code(phone)}
    statuses = [app.test_client().post("/iam/auth/jwt/authenticate", json=body).status_code for _ in range(11)]
    assert statuses == [401] * 10 + [429]


def test_tokens_of_before_end_when_two_factor_is_turned_on(app, ada, bearer, login):
    token = login().json["result"]["token"]
    with transaction():
        OWN.prepare(cast.actor_for(1), ada)
        phone = App(second_factors.secret_of(db.session.get(User, ada)))
        OWN.turn_on(cast.actor_for(1), ada, phone.code(), session_id=0)
    assert bearer(token)[1].status_code == 401
