"""API keys: format, authentication, and refusals that reveal nothing."""

import re
import zlib
from datetime import UTC, datetime, timedelta

import bcrypt
import pytest
import time_machine
from sqlalchemy import select

from database import db, transaction
from domain.access import key_access, key_format
from domain.access.key_access import verified_hashes
from domain.actor import Actor
from domain.integrations import api_keys
from domain.people import merchants
from domain.vault import vault
from models.credential import Credential, Mode
from tests import cast
from tests.api.conftest import Caller
from tests.api.public.test_envelope import assert_error

SCOPES = ["READ_BUDGETS", "WRITE_BUDGETS", "READ_CUSTOMERS", "WRITE_CUSTOMERS", "READ_PRODUCTS", "WRITE_PRODUCTS"]


def change(merchant_id, key_id, **changes):
    """As an admin would, in a transaction of its own."""
    actor = cast.actor_for(merchant_id, source="cli")
    with transaction():
        api_keys.update(actor, api_keys.LISTING.get(actor, key_id, lock=True), changes)


def revoke(merchant_id, key_id):
    actor = cast.actor_for(merchant_id)
    with transaction():
        api_keys.revoke(actor, api_keys.LISTING.get(actor, key_id, lock=True))


def with_checksum(body):
    return body + key_format.checksum(body)


@pytest.fixture
def bcrypts(monkeypatch):
    """The secrets that reached bcrypt."""
    seen, real = [], bcrypt.checkpw

    def spy(secret, hashed):
        seen.append(secret)
        return real(secret, hashed)

    monkeypatch.setattr(key_access.bcrypt, "checkpw", spy)
    return seen


@pytest.mark.parametrize("mode", list(Mode))
def test_a_key_has_an_id_a_secret_and_a_checksum_in_base62(mode):
    key = key_format.generate(mode)
    assert re.fullmatch(rf"bk_{mode}_[0-9A-Za-z]{{48}}", key)
    number = 0
    for digit in key[-6:]:
        number = number * 62 + key_format.BASE62.index(digit)
    assert number == zlib.crc32(key[:-6].encode())
    parts = key_format.parts(key)
    assert (parts.mode, len(parts.public_id), len(parts.secret)) == (mode, 12, 30)


def test_the_checksum_is_a_known_crc_32():
    assert zlib.crc32(b"123456789") == 0xCBF43926      # the check value of the CRC catalogue
    assert key_format.checksum("123456789") == "3jZRME"
    assert key_format.checksum("") == "000000"


def test_keys_do_not_repeat():
    assert len({key_format.generate(Mode.LIVE) for _ in range(1000)}) == 1000


def test_only_hashes_and_what_may_be_shown_is_stored(app, alder):
    key_id, key = cast.make_key(alder)
    row = db.session.get(Credential, key_id)
    assert row.prefix == key[:12]
    assert row.last_four == key[-4:]
    assert row.bcrypt_hash.startswith("$2b$04$")
    values = [str(getattr(row, column.key)) for column in Credential.__table__.columns]
    secret = key_format.parts(key).secret
    assert not [one for one in values if secret in one or key in one]


def test_a_key_opens_the_api(app, alder):
    assert Caller(app, cast.make_key(alder)[1]).get("/customers").status_code == 200


@pytest.mark.parametrize("spoil", [
    lambda key: key[:-1] + ("0" if key[-1] != "0" else "1"),
    lambda key: key[:-1],
    lambda key: key + "0",
    lambda key: key.swapcase(),
    lambda key: key.upper(),
    lambda key: key.replace("bk_live_", "bk_test_"),
    lambda key: key.replace("bk_live_", ""),
    lambda key: key.replace("bk_live_", "sk_live_"),
    lambda key: key[:12],
    lambda key: key * 100,
    lambda key: "bk_live_%%%%%%%%%%%%" + key[20:],
    lambda key: "bk_live_____________" + key[20:],
    lambda key: "bk_live_' OR 1=1 -- " + key[20:],
    lambda key: key[:20] + "\xe9" + key[21:],
    lambda key: key + ", Bearer " + key,
    lambda key: f'"{key}"',
])
def test_anything_but_the_whole_key_is_401_and_not_echoed(app, alder, spoil):
    wrong = spoil(cast.make_key(alder)[1])
    reply = Caller(app, wrong).get("/customers")
    body = assert_error(reply, 401, "invalid_api_key")
    assert body["details"] == {"keyPrefix": wrong.strip()[:12]}
    assert len(wrong) <= 12 or wrong not in reply.get_data(as_text=True)


def test_a_key_in_another_place_opens_nothing(app, alder):
    key = cast.make_key(alder)[1]
    client = app.test_client()
    for url in (f"?api_key={key}", f"?api_token={key}", f"?Authorization=Bearer%20{key}", f"?key={key}"):
        assert client.get("/v1/api/public/customers" + url).status_code == 401
    for headers in ({"X-Api-Key": key}, {"Authorization": key}, {"Authorization": f"Token {key}"},
                    {"Proxy-Authorization": f"Bearer {key}"}, {"Cookie": f"api_key={key}; Authorization=Bearer {key}"}):
        assert client.get("/v1/api/public/customers", headers=headers).status_code == 401


def test_the_bearer_key_decides_whatever_other_headers_say(app, alder, birch):
    cast.make_customer(birch, "Birch customer")
    mine, theirs = cast.make_key(alder)[1], cast.make_key(birch)[1]
    reply = Caller(app, mine).get("/customers", headers={"X-Api-Key": theirs})
    assert reply.json["data"] == []


def test_the_scheme_is_read_in_any_case(app, alder):
    key = cast.make_key(alder)[1]
    reply = app.test_client().get("/v1/api/public/customers", headers={"Authorization": f"bEARER  {key}"})
    assert reply.status_code == 200


def test_unknown_wrong_and_revoked_keys_get_equal_answers(app, alder):
    key_id, key = cast.make_key(alder)
    start = key[:20]
    wrong = with_checksum(start + ("A" if key[20] != "A" else "B") + key[21:50])
    unknown = with_checksum("bk_live_" + key[8:12] + "zzzzzzzz" + key[20:50])
    malformed = key[:-1] + ("0" if key[-1] != "0" else "1")

    def answer(text):
        reply = Caller(app, text).get("/customers")
        kept = {name: value for name, value in reply.headers.items() if name != "X-Request-Id"}
        return reply.status_code, kept, {**reply.json, "timestamp": 0, "requestId": 0}

    answers = [answer(wrong), answer(unknown), answer(malformed)]
    revoke(alder, key_id)
    answers.append(answer(key))
    assert answers[0][0] == 401
    assert all(one == answers[0] for one in answers)


def test_a_revoked_key_is_refused_from_its_next_call_on(app, alder):
    key_id, key = cast.make_key(alder)
    api = Caller(app, key)
    assert api.get("/customers").status_code == 200
    revoke(alder, key_id)
    assert_error(api.get("/customers"), 401, "invalid_api_key")


def test_an_expired_key_says_so_and_the_boundary_belongs_to_the_expired(app, alder):
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    api = Caller(app, cast.make_key(alder, expires_at=moment.isoformat())[1])
    with time_machine.travel(moment - timedelta(microseconds=1), tick=False):
        assert api.get("/customers").status_code == 200
    with time_machine.travel(moment, tick=False):
        body = assert_error(api.get("/customers"), 401, "api_key_expired")
    assert "Create a new one" in body["message"]


def test_a_revoked_and_expired_key_is_just_invalid(app, alder):
    moment = datetime.now(UTC) + timedelta(hours=1)
    key_id, key = cast.make_key(alder, expires_at=moment.isoformat())
    revoke(alder, key_id)
    with time_machine.travel(moment + timedelta(hours=1)):
        assert_error(Caller(app, key).get("/customers"), 401, "invalid_api_key")


def test_the_keys_of_a_merchant_that_is_switched_off_open_nothing(app, alder, birch):
    mine, theirs = (Caller(app, cast.make_key(one)[1]) for one in (alder, birch))
    operator = Actor.operator()
    with transaction():
        merchants.archive(operator, merchants.LISTING.get(operator, alder))
    assert_error(mine.get("/customers"), 401, "invalid_api_key")
    assert theirs.get("/customers").status_code == 200
    with transaction():
        merchants.activate(operator, merchants.LISTING.get(operator, alder))
    assert mine.get("/customers").status_code == 200


def test_what_an_admin_changes_holds_from_the_next_call_on(app, alder):
    key_id, key = cast.make_key(alder)
    api = Caller(app, key)
    assert api.get("/customers").status_code == 200
    change(alder, key_id, scopes=["READ_BUDGETS"])
    assert_error(api.get("/customers"), 403, "insufficient_scope")
    change(alder, key_id, scopes=SCOPES, allowed_ips=["203.0.113.7"])
    assert_error(api.get("/customers"), 403, "ip_not_allowed")
    change(alder, key_id, allowed_ips=[], rate_limit_per_hour=77)
    assert api.get("/customers").headers["X-RateLimit-Limit"] == "77"
    change(alder, key_id, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert_error(api.get("/customers"), 401, "api_key_expired")


@pytest.mark.parametrize("noun", ["budgets", "customers", "products"])
def test_each_scope_opens_its_own_verbs_and_no_others(app, caller, alder, noun):
    for scope in SCOPES:
        api = caller(alder, scopes=[scope])
        opens_read, opens_write = scope == f"READ_{noun.upper()}", scope == f"WRITE_{noun.upper()}"
        row = f"/{noun}/{noun[:-1]}_99"
        for reply, opened in (
            (api.get(f"/{noun}"), opens_read), (api.get(row), opens_read), (api("HEAD", f"/{noun}"), opens_read),
            (api.post(f"/{noun}", {}), opens_write), (api.put(row, {}), opens_write), (api.delete(row), opens_write),
        ):
            assert (reply.status_code != 403) == opened, (scope, noun, reply.request.method)


def test_a_budget_shows_its_customer_even_to_keys_that_may_not_list_customers(caller, alder):
    cast.make_budget(alder, cast.make_customer(alder, "Ada", email="ada@example.org"))
    shown = caller(alder, scopes=["READ_BUDGETS"]).get("/budgets/budget_1").json["data"]["customer"]
    assert shown == {"id": "customer_1", "name": "Ada", "email": "ada@example.org"}


def test_a_refusal_for_scope_spends_and_one_for_the_key_does_not(app, caller, alder):
    api = caller(alder, scopes=["READ_BUDGETS"], rate_limit_per_hour=10)
    assert api.get("/customers").headers["X-RateLimit-Remaining"] == "9"
    assert Caller(app, api.key[:-1] + "!").get("/budgets").status_code == 401
    assert api.get("/budgets").headers["X-RateLimit-Remaining"] == "8"


def test_test_keys_have_a_world_of_their_own_and_are_marked(app, alder, records):
    key = cast.make_key(alder, mode="test")[1]
    assert key.startswith("bk_test_")
    assert Caller(app, key).post("/customers", {"name": "Ada"}).status_code == 201
    assert records[-1]["mode"] == "test"
    assert Caller(app, cast.make_key(alder)[1]).get("/customers").json["pagination"]["total"] == 0
    assert records[-1]["mode"] == "live"


def test_bcrypt_runs_once_for_a_key_in_a_process(app, alder, bcrypts):
    api = Caller(app, cast.make_key(alder)[1])
    for _ in range(5):
        assert api.get("/customers").status_code == 200
    assert len(bcrypts) == 1
    assert len(bcrypts[0]) == 30


def test_bogus_keys_never_reach_bcrypt(app, alder, bcrypts):
    key = cast.make_key(alder)[1]
    for bogus in (
        "bk_live_" + "x" * 48, key[:-1] + "!", key_format.generate(Mode.LIVE),
        with_checksum(key[:20] + "x" * 30), with_checksum(key[:49] + ("A" if key[49] != "A" else "B")),
    ):
        assert Caller(app, bogus).get("/customers").status_code == 401
    assert bcrypts == []


def test_a_digest_that_fits_is_not_enough_when_bcrypt_disagrees(app, alder):
    key_id, key = cast.make_key(alder)
    other = bcrypt.hashpw(b"other", bcrypt.gensalt(4)).decode()
    with transaction() as session:
        session.get(Credential, key_id).bcrypt_hash = other
    assert_error(Caller(app, key).get("/customers"), 401, "invalid_api_key")


@pytest.fixture
def secrets_of_server(settings):
    """A function that changes the server's secrets; as they were, afterwards."""
    yield lambda *secrets: vault.configure(secrets, bcrypt_cost=4)
    vault.configure(settings.secret_keys, bcrypt_cost=4)


def test_keys_survive_a_rotation_and_get_a_digest_under_the_new_secret(app, alder, settings, secrets_of_server):
    key = cast.make_key(alder)[1]
    before = db.session.scalar(select(Credential.digest))
    secrets_of_server("n" * 40, settings.secret_keys[0])
    verified_hashes.forget()
    assert Caller(app, key).get("/customers").status_code == 200
    db.session.rollback()
    assert db.session.scalar(select(Credential.digest)) == vault.digest(key) != before
    secrets_of_server("n" * 40)
    assert Caller(app, key).post("/customers", {"name": "Ada"}).status_code == 201


def test_a_key_under_a_secret_that_is_gone_is_refused(app, alder, secrets_of_server):
    key = cast.make_key(alder)[1]
    secrets_of_server("n" * 40)
    assert_error(Caller(app, key).get("/customers"), 401, "invalid_api_key")


def test_wrong_and_unknown_keys_take_the_same_way(app, alder):
    """Both read one row and compute the same digests: time cannot tell them apart."""
    key = cast.make_key(alder)[1]
    wrong, unknown = with_checksum(key[:20] + "x" * 30), key_format.generate(Mode.LIVE)
    seen = []
    digests = vault.digests
    vault.digests = lambda value: seen.append(value) or digests(value)
    try:
        assert key_access.find(wrong) is None
        assert key_access.find(unknown) is None
    finally:
        del vault.digests
    assert seen == [wrong, unknown]


def test_a_key_is_found_by_its_unique_id_alone(app, alder):
    """So authentication does not grow with the number of keys."""
    assert Credential.__table__.c.public_id.unique
    clause = str(key_access._BY_PUBLIC_ID.select.whereclause)
    assert "credentials.public_id = :public_id" in clause
    assert "digest" not in clause
