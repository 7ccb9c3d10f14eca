"""Keys that are rotated or paused: which secrets open them, from when and until when."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from database import db, transaction
from domain import clock
from domain.access import key_access
from domain.access.key_access import verified_hashes
from domain.actor import Actor
from domain.errors import Conflict, NotFound
from domain.integrations import api_keys, key_secrets
from domain.integrations.key_secrets import RotationInput
from models.audit import AuditEntry
from models.credential import Credential, FormerSecret
from tests import cast
from tests.api.conftest import Caller
from tests.api.public.test_envelope import assert_error


def rotate(key_id, hours=24):
    """The new text of a key."""
    who, row = Actor.operator(), db.session.get(Credential, key_id)
    new = key_secrets.fresh(row.mode)
    with transaction():
        key_secrets.rotate(*api_keys.LISTING.lock(who, key_id), new, RotationInput(grace_hours=hours))
    return new.text


def run(deed, key_id):
    with transaction():
        deed(*api_keys.LISTING.lock(Actor.operator(), key_id))


@pytest.fixture
def own(app, alder):
    """A key: its id, and a caller with its first text."""
    key_id, text = cast.make_key(alder, scopes=["READ_CUSTOMERS"], rate_limit_per_hour=50)
    return key_id, Caller(app, text)


def test_both_secrets_open_the_same_key_until_the_former_ones_time_is_over(app, own):
    key_id, former = own
    now = clock.now()
    with time_machine.travel(now, tick=False):
        newer = Caller(app, rotate(key_id, 2))
        assert former.get("/customers").headers["X-RateLimit-Remaining"] == "49"
        assert newer.get("/customers").headers["X-RateLimit-Remaining"] == "48"           # it is one key
        assert_error(newer.get("/budgets"), 403, "insufficient_scope")
    with time_machine.travel(now + timedelta(hours=2, microseconds=-1), tick=False):
        assert former.get("/customers").status_code == 200
    with time_machine.travel(now + timedelta(hours=2), tick=False):
        assert_error(former.get("/customers"), 401, "api_key_replaced")
        assert newer.get("/customers").status_code == 200


def test_without_grace_the_former_secret_ends_at_once(app, own):
    key_id, former = own
    assert former.get("/customers").status_code == 200
    newer = Caller(app, rotate(key_id, 0))
    assert_error(former.get("/customers"), 401, "api_key_replaced")
    assert newer.get("/customers").status_code == 200


def test_each_of_several_former_secrets_has_its_own_time(app, own):
    key_id, first = own
    second = Caller(app, rotate(key_id, 1))
    third = Caller(app, rotate(key_id, 3))
    assert [one.get("/customers").status_code for one in (first, second, third)] == [200, 200, 200]
    with time_machine.travel(clock.now() + timedelta(hours=2)):
        assert [one.get("/customers").status_code for one in (first, second, third)] == [401, 200, 200]


def test_a_key_has_a_bounded_number_of_former_secrets_that_work(own):
    key_id, _ = own
    for _ in range(key_secrets.MOST):
        rotate(key_id)
    with pytest.raises(Conflict, match="End them first"):
        rotate(key_id)
    run(key_secrets.end_former, key_id)
    rotate(key_id)
    assert len(key_secrets.former(key_id)) == 1


def test_the_former_secrets_can_be_ended_before_their_time(app, own):
    key_id, former = own
    newer = Caller(app, rotate(key_id))
    run(key_secrets.end_former, key_id)
    assert_error(former.get("/customers"), 401, "api_key_replaced")
    assert newer.get("/customers").status_code == 200
    with pytest.raises(Conflict, match="no former secret"):
        run(key_secrets.end_former, key_id)


def test_a_former_secret_is_bound_by_the_keys_own_state(app, own):
    key_id, former = own
    rotate(key_id)
    who = Actor.operator()
    with transaction():
        api_keys.update(*api_keys.LISTING.lock(who, key_id), {"allowed_ips": ["203.0.113.7"]})
    assert_error(former.get("/customers"), 403, "ip_not_allowed")
    run(api_keys.revoke, key_id)
    assert_error(former.get("/customers"), 401, "invalid_api_key")


def test_a_paused_key_is_refused_with_every_secret_until_it_is_resumed(app, own):
    key_id, former = own
    newer = Caller(app, rotate(key_id))
    run(api_keys.pause, key_id)
    for one in (former, newer):
        assert "resumed" in assert_error(one.get("/customers"), 401, "api_key_paused")["message"]
    with pytest.raises(Conflict, match="already paused"):
        run(api_keys.pause, key_id)
    run(api_keys.resume, key_id)
    assert [one.get("/customers").status_code for one in (former, newer)] == [200, 200]
    with pytest.raises(Conflict, match="not paused"):
        run(api_keys.resume, key_id)


def test_a_revoked_key_is_neither_rotated_nor_paused(own):
    key_id, _ = own
    run(api_keys.revoke, key_id)
    for deed in (lambda: rotate(key_id), lambda: run(api_keys.pause, key_id), lambda: run(api_keys.resume, key_id)):
        with pytest.raises(Conflict):
            deed()
    assert db.session.scalars(select(FormerSecret)).all() == []


def test_the_last_use_of_a_former_secret_is_kept_to_some_minutes(own):
    key_id, former = own
    rotate(key_id, 48)
    assert key_secrets.former(key_id)[0].used_at is None
    now = clock.now()
    for after, kept in ((0, 0), (4, 0), (6, 6)):
        with time_machine.travel(now + timedelta(minutes=after), tick=False):
            assert former.get("/customers").status_code == 200
            db.session.expire_all()
            assert key_secrets.former(key_id)[0].used_at == now + timedelta(minutes=kept)


def test_two_secrets_in_turn_are_verified_once_each(app, own, monkeypatch):
    key_id, former = own
    newer = Caller(app, rotate(key_id))
    seen, real = [], key_access.bcrypt.checkpw
    verified_hashes.forget()
    monkeypatch.setattr(key_access.bcrypt, "checkpw", lambda *given: seen.append(1) or real(*given))
    for _ in range(3):
        assert former.get("/customers").status_code == newer.get("/customers").status_code == 200
    assert len(seen) == 2


def test_a_wrong_secret_of_a_former_id_opens_nothing(app, own):
    key_id, former = own
    rotate(key_id)
    parts = key_access.key_format.parts(former.key)
    body = f"bk_live_{parts.public_id}{'0' * 30}"
    assert_error(Caller(app, body + key_access.key_format.checksum(body)).get("/customers"), 401, "invalid_api_key")


def test_no_secret_stands_in_the_trail_of_a_rotation(own):
    key_id, former = own
    newer = rotate(key_id)
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry.action == "api_key.rotated"
    said = f"{entry.before} {entry.after}"
    stored = db.session.get(Credential, key_id)
    for secret in (newer, former.key, stored.digest, stored.bcrypt_hash):
        assert secret not in said


def test_former_secrets_are_removed_long_after_their_end(own):
    key_id, _ = own
    rotate(key_id, 1)
    for days, gone in ((29, 0), (32, 1)):
        with time_machine.travel(clock.now() + timedelta(days=days)), transaction():
            assert key_secrets.forget_old() == gone


def test_a_key_of_another_merchant_cannot_be_rotated(alder, birch, own):
    key_id, _ = own
    foreign = replace(Actor.operator(), merchant_ids=frozenset({birch}))
    with pytest.raises(NotFound), transaction():
        api_keys.LISTING.lock(foreign, key_id)
