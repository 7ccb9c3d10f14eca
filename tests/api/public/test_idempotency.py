"""Idempotency-Key: its first response is repeated for a day, for its merchant only."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from database import db, transaction
from domain import clock, replies
from models import AuditEntry, Customer, IdempotentReply
from tests import cast
from tests.api.conftest import Caller
from tests.api.public.test_envelope import assert_error

ADA = {"name": "Ada"}


def keyed(key):
    return {"Idempotency-Key": key}


def test_the_same_key_and_body_get_the_first_answer_byte_by_byte(api):
    first = api.post("/customers", ADA, headers=keyed("one"))
    again = api.post("/customers", ADA, headers=keyed("one"))
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.data == first.data
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.mimetype == "application/json"
    assert (again.headers.get("Idempotent-Replayed"), first.headers.get("Idempotent-Replayed")) == ("true", None)
    assert cast.count(Customer) == 1


def test_a_replay_has_a_request_id_of_its_own_and_spends_a_call(api):
    first = api.post("/customers", ADA, headers=keyed("one"))
    again = api.post("/customers", ADA, headers=keyed("one"))
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]
    assert int(again.headers["X-RateLimit-Remaining"]) == int(first.headers["X-RateLimit-Remaining"]) - 1


def test_a_replay_leaves_no_second_audit_entry(api):
    for _ in range(3):
        api.post("/customers", ADA, headers=keyed("one"))
    assert db.session.scalar(select(func.count()).select_from(AuditEntry).where(
        AuditEntry.action == "customer.created")) == 1


def test_another_key_is_another_request(api):
    api.post("/customers", ADA, headers=keyed("one"))
    api.post("/customers", ADA, headers=keyed("two"))
    api.post("/customers", ADA)
    assert cast.count(Customer) == 3


@pytest.mark.parametrize("body", [
    b'{"name":"Ada"}', b' {"name" :\n"Ada"} ', b'{"\\u006eame": "\\u0041da"}',
])
def test_the_same_body_in_another_spelling_is_the_same_request(api, body):
    first = api.post("/customers", data=b'{"name": "Ada"}', content_type="application/json", headers=keyed("one"))
    again = api.post("/customers", data=body, content_type="application/json", headers=keyed("one"))
    assert (again.status_code, again.data) == (201, first.data)
    assert cast.count(Customer) == 1


def test_a_number_is_its_value_and_the_order_of_names_does_not_count(api):
    for body in (b'{"name": "L", "price": 2}', b'{"price": 2.00, "name": "L"}', b'{"name": "L", "price": 20e-1}'):
        reply = api.post("/products", data=body, content_type="application/json", headers=keyed("one"))
        assert (reply.status_code, reply.json["data"]["id"]) == (201, "product_1")


def test_both_prefixes_are_one_address(app, api):
    first = api.post("/customers", ADA, headers=keyed("one"))
    api.prefix = "/api/public"
    assert api.post("/customers", ADA, headers=keyed("one")).data == first.data


@pytest.mark.parametrize("body", [b'{"name": "Eve"}', b'{"name": "Ada", "email": null}', b"nonsense but json? no"])
def test_another_body_under_the_same_key_is_409(api, body):
    api.post("/customers", data=b'{"name": "Ada"}', content_type="application/json", headers=keyed("one"))
    reply = api.post("/customers", data=body, content_type="application/json", headers=keyed("one"))
    if body.startswith(b"{"):
        assert_error(reply, 409, "idempotency_conflict", {})
    else:
        assert_error(reply, 400, "invalid_json")
    assert cast.count(Customer) == 1


def test_another_path_under_the_same_key_is_409(app, api):
    api.post("/customers", {"name": "Lamp"}, headers=keyed("one"))
    assert_error(api.post("/products", {"name": "Lamp"}, headers=keyed("one")), 409, "idempotency_conflict")


def test_a_refused_body_does_not_use_the_key_up(api):
    assert_error(api.post("/customers", {"name": ""}, headers=keyed("one")), 422, "validation_error")
    assert api.post("/customers", ADA, headers=keyed("one")).status_code == 201
    assert cast.count(IdempotentReply) == 1


def test_a_conflict_does_not_use_the_key_up(api):
    api.post("/products", {"name": "Lamp", "price": 1, "sku": "L1"})
    second = {"name": "Other", "price": 1, "sku": "L1"}
    assert_error(api.post("/products", second, headers=keyed("one")), 409, "conflict")
    api.delete("/products/product_1")
    assert api.post("/products", second, headers=keyed("one")).status_code == 201


def test_a_crash_does_not_use_the_key_up(api, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("domain.audit.record", lambda *_, **__: 1 / 0)
        assert api.post("/customers", ADA, headers=keyed("one")).status_code == 500
    reply = api.post("/customers", ADA, headers=keyed("one"))
    assert reply.status_code == 201
    assert "Idempotent-Replayed" not in reply.headers


def test_a_crash_while_the_answer_is_kept_undoes_the_effect(api, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(replies, "keep", lambda *_: 1 / 0)
        assert api.post("/customers", ADA, headers=keyed("one")).status_code == 500
    assert cast.count(Customer) == 0


@pytest.mark.parametrize("key", ["k" * 255, "a", "0", "' OR 1=1 --", "%", "_", "ключ".encode().decode("latin-1"), "é"])
def test_a_key_of_1_to_255_characters_is_taken(api, key):
    for _ in range(2):
        assert api.post("/customers", ADA, headers=keyed(key)).status_code in (201, 400)
    assert cast.count(Customer) <= 1
    if key.isascii():
        assert cast.count(Customer) == 1


@pytest.mark.parametrize("key", ["k" * 256, "k" * 5000, "", "\x7f", "a\tb", "a\x00b"])
def test_a_key_that_cannot_be_kept_is_400(api, key):
    body = assert_error(api.post("/customers", ADA, headers=keyed(key)), 400, "invalid_parameter")
    assert body["details"].keys() == {"Idempotency-Key"}
    assert cast.count(Customer) == 0


def test_after_a_day_the_key_is_free_again(api):
    first = api.post("/customers", ADA, headers=keyed("one"))
    with time_machine.travel(clock.now() + timedelta(hours=23, minutes=59)):
        assert api.post("/customers", ADA, headers=keyed("one")).data == first.data
    with time_machine.travel(clock.now() + timedelta(hours=24, minutes=1)):
        assert api.post("/customers", {"name": "Eve"}, headers=keyed("one")).status_code == 201
    assert cast.count(Customer) == 2
    assert cast.count(IdempotentReply) == 1


def test_old_answers_are_removed_a_bounded_number_at_a_time(api):
    for number in range(5):
        api.post("/customers", ADA, headers=keyed(str(number)))
    with time_machine.travel(clock.now() + timedelta(hours=25)):
        for expected in (3, 2, 0):
            with transaction():
                assert replies.forget_old(limit=3) == expected


def test_the_keys_of_merchants_are_independent(api, rival):
    mine = api.post("/customers", ADA, headers=keyed("one"))
    theirs = rival.post("/customers", {"name": "Eve"}, headers=keyed("one"))
    assert (mine.json["data"]["name"], theirs.json["data"]["name"]) == ("Ada", "Eve")
    assert rival.post("/customers", {"name": "Eve"}, headers=keyed("one")).data == theirs.data


def test_test_and_live_keys_of_a_merchant_are_independent(app, api, alder):
    api.post("/customers", ADA, headers=keyed("one"))
    testing = Caller(app, cast.make_key(alder, mode="test")[1])
    reply = testing.post("/customers", {"name": "Eve"}, headers=keyed("one"))
    assert (reply.status_code, reply.json["data"]["name"]) == (201, "Eve")


def test_keys_of_one_merchant_share_what_was_sent(app, api, alder):
    first = api.post("/customers", ADA, headers=keyed("one"))
    other = Caller(app, cast.make_key(alder)[1])
    assert other.post("/customers", ADA, headers=keyed("one")).data == first.data


def test_a_replay_still_asks_for_scope_and_limit(app, caller, api, alder):
    api.post("/customers", ADA, headers=keyed("one"))
    reader = caller(alder, scopes=["READ_CUSTOMERS"])
    assert_error(reader.post("/customers", ADA, headers=keyed("one")), 403, "insufficient_scope")


def test_only_creations_are_replayed(api):
    api.post("/customers", ADA)
    for name, expected in (("Eve", '"2"'), ("Ada", '"3"')):
        reply = api.put("/customers/customer_1", {"name": name}, headers=keyed("one"))
        assert reply.headers["ETag"] == expected
    assert api.delete("/customers/customer_1", headers=keyed("one")).status_code == 200
    assert api.delete("/customers/customer_1", headers=keyed("one")).status_code == 404


def test_the_log_knows_that_a_key_was_sent(api, records):
    api.post("/customers", ADA, headers=keyed("one"))
    api.post("/customers", ADA)
    assert [one["idempotent"] for one in records] == [True, False]
