"""An API key's expiry: moved by days, to a time or never, undone; its owner is told before it comes, each time once."""

import json
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.integrations import api_keys, key_expiry
from domain.people import merchants
from domain.people.keys import key_leaks, key_notices
from models.audit import AuditEntry
from models.credential import Credential
from models.outbox import Task
from models.webhook import Delivery
from tests import cast
from tests.outbound.conftest import make_endpoint

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
URL = "https://hooks.example.com/"


@pytest.fixture(autouse=True)
def _at_noon():
    with time_machine.travel(NOW, tick=False):
        yield


def key_until(merchant, days, **more):
    """A key that expires in so many days, made long ago."""
    with time_machine.travel(NOW - timedelta(days=100), tick=False):
        return cast.make_key(merchant, expires_at=(NOW + timedelta(days=days)).isoformat(), **more)[0]


def run(deed, key, *more, actor=None):
    with transaction():
        deed(*api_keys.LISTING.lock(actor or Actor.operator(), key), *more)


def row(key):
    db.session.expire_all()
    return db.session.get(Credential, key)


def extend(key, days):
    run(key_expiry.extend, key, key_expiry.ExtensionInput(days=days))


def tell(days=0.0):
    """Run the job so many days from now; how many notices it sent."""
    with time_machine.travel(NOW + timedelta(days=days), tick=False), transaction():
        return key_notices.tell_of_expiries()


def mails():
    return [one.payload["key_id"] for one in db.session.scalars(select(Task).where(Task.kind == "mail"))]


def test_an_extension_begins_at_the_expiry_and_ends_with_a_day(alder):
    key = key_until(alder, 10)
    extend(key, 30)
    assert row(key).expires_at == datetime(2027, 1, 9, 23, 59, 59, tzinfo=UTC)


@pytest.mark.parametrize("days", [None, -5], ids=["never", "over"])
def test_without_an_expiry_to_come_an_extension_begins_today(alder, days):
    key = key_until(alder, days) if days else cast.make_key(alder)[0]
    extend(key, 30)
    assert row(key).expires_at == datetime(2026, 12, 30, 23, 59, 59, tzinfo=UTC)
    assert api_keys.status_of(row(key)) == "ACTIVE"


def test_the_day_ends_in_the_zone_of_the_merchant(alder):
    with transaction():
        merchants.update(*merchants.LISTING.lock(Actor.operator(), alder), {"timezone": "America/New_York"})
    key = cast.make_key(alder)[0]
    extend(key, 1)
    assert row(key).expires_at == datetime(2026, 12, 2, 4, 59, 59, tzinfo=UTC)


def test_an_expiry_is_moved_to_a_time_or_never_and_put_back(alder):
    key = key_until(alder, -5)
    was = row(key).expires_at
    run(key_expiry.move, key, None)
    assert row(key).expires_at is None
    run(key_expiry.put_back, key, was)
    assert (row(key).expires_at, api_keys.status_of(row(key))) == (was, "EXPIRED")
    verbs = db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_type == "api_key")).all()
    assert sorted(verbs) == ["api_key.created", "api_key.updated", "api_key.updated"]


def test_what_cannot_be_is_refused(alder):
    key = key_until(alder, 10)
    user = cast.actor_for(alder)
    with pytest.raises(Invalid) as past:
        run(key_expiry.move, key, NOW - timedelta(days=1), actor=user)
    assert set(past.value.fields) == {"expires_at"}
    with pytest.raises(Invalid) as far:
        extend(key, 3650)
    assert set(far.value.fields) == {"days"}
    with pytest.raises(Invalid):
        run(key_expiry.put_back, key, NOW + timedelta(days=5000))
    run(api_keys.revoke, key)
    for deed in (key_expiry.move, key_expiry.put_back):
        with pytest.raises(Conflict, match="revoked"):
            run(deed, key, None)


def test_the_status_is_the_one_of_the_list(alder):
    keys = [key_until(alder, days) for days in (20, 20, -1, -1)]
    for key in (keys[1], keys[3]):
        run(api_keys.pause, key)
    keys.append(cast.make_key(alder)[0])
    run(api_keys.revoke, keys[-1])
    found = [api_keys.LISTING.read(Actor.operator(), key).status for key in keys]
    assert found == ["ACTIVE", "PAUSED", "EXPIRED", "EXPIRED", "REVOKED"]
    assert [api_keys.status_of(row(key)) for key in keys] == found


# Notices --------------------------------------------------------------------------------------------------------------


def test_the_owner_is_told_14_and_3_days_before_each_once(alder):
    key = key_until(alder, 20)
    assert [tell(days) for days in (0, 5.9, 6, 6.1, 16.9, 17, 17.1, 19.9, 21)] == [0, 0, 1, 0, 0, 1, 0, 0, 0]
    assert mails() == [key, key]


def test_after_a_standstill_only_the_notice_that_is_due_last_is_sent(alder):
    key_until(alder, 20)
    assert [tell(days) for days in (18, 18.1)] == [1, 0]


def test_after_an_extension_the_owner_is_told_again(alder):
    key = key_until(alder, 20)
    assert tell(18) == 1
    with time_machine.travel(NOW + timedelta(days=18), tick=False):
        extend(key, 30)
    assert [tell(days) for days in (18, 35, 36.5, 37, 47.5)] == [0, 0, 1, 0, 1]
    assert mails() == [key] * 3


def test_an_expiry_that_is_set_close_is_not_told_of_at_once(alder):
    cast.make_key(alder, expires_at=(NOW + timedelta(days=10)).isoformat())
    cast.make_key(alder, expires_at=(NOW + timedelta(days=2)).isoformat())
    assert [tell(days) for days in (0, 1.9, 7.1)] == [0, 0, 1]


def test_nobody_is_told_of_keys_that_are_revoked_deleted_or_of_a_merchant_who_is_not_active(alder, birch):
    revoked, deleted, _ = key_until(alder, 10), key_until(alder, 10), key_until(birch, 10)
    run(api_keys.revoke, revoked)
    run(api_keys.delete, deleted)
    with transaction():
        merchants.update(*merchants.LISTING.lock(Actor.operator(), birch), {"active": False})
    assert tell() == 0


def test_a_paused_key_is_told_of(alder):
    key = key_until(alder, 10)
    run(api_keys.pause, key)
    assert tell() == 1


def test_a_key_that_is_paused_because_it_leaked_is_not_told_of(alder):
    key = key_until(alder, 10)
    run(key_leaks.mark, key, key_leaks.FoundInput())
    assert tell() == 0
    run(api_keys.resume, key)
    assert tell() == 1


def test_many_keys_are_told_of_in_small_turns(alder):
    for _ in range(3):
        key_until(alder, 10)
    found = []
    for _ in range(3):
        with transaction():
            found.append(key_notices.tell_of_expiries(2))
    assert found == [2, 1, 0]


@pytest.mark.parametrize("test", [False, True], ids=["live", "test"])
def test_the_event_is_of_the_keys_world_and_shows_the_key(alder, test):
    for mode in ("live", "test"):
        cast.make_key(alder, webhook_url=URL + mode, mode=mode)
    make_endpoint(alder, URL)
    key = key_until(alder, 10, mode="test" if test else "live")
    assert tell() == 1
    found = [(one.event, one.resource, one.test, json.loads(one.body)) for one in db.session.scalars(select(Delivery))]
    assert {(event, resource, world) for event, resource, world, _ in found} == {
        ("api_key.expiring", f"api_key_{key}", test)}
    assert len(found) == (1 if test else 2)
    data = found[0][3]["data"]
    assert (data["id"], data["status"], data["mode"]) == (key, "ACTIVE", "test" if test else "live")
    assert found[0][3]["metadata"]["source"] == "system"
    task = db.session.scalars(select(Task).where(Task.kind == "mail")).one()
    assert task.test is test
    assert "bcrypt" not in json.dumps(found[0][3])


def test_a_merchant_who_wants_no_mail_still_has_the_event(alder):
    make_endpoint(alder, URL)
    with transaction():
        merchants.update(*merchants.LISTING.lock(Actor.operator(), alder), {"mails_off": ["key_expires"]})
    key_until(alder, 10)
    assert tell() == 1
    assert mails() == []
    assert cast.count(Delivery) == 1


def test_the_notice_is_in_the_trail_and_leaves_the_version(alder):
    key = key_until(alder, 10)
    assert tell() == 1
    entry = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.object_id, entry.merchant_id) == ("api_key.expiry_noticed", key, alder)
    assert row(key).version == 1
    assert clock.now() == NOW
