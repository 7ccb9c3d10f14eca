"""Reports of leaked keys: the same answer for every text, the key paused, its owner told, the secret kept nowhere."""

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import inspect, select

from blueprints.api.public.leaked_keys import REPORTS_PER_MINUTE
from database import db, transaction
from domain.access import key_format
from domain.actor import Actor
from domain.errors import Conflict
from domain.integrations import api_keys, key_secrets
from domain.integrations.key_secrets import RotationInput
from domain.people.keys import key_leaks
from models import all_tables
from models.audit import AuditEntry
from models.credential import Credential, Mode
from models.outbox import Task
from models.webhook import Delivery
from tests import cast
from tests.api.conftest import Caller
from tests.api.public.test_envelope import assert_error
from tests.outbound.conftest import make_endpoint

PATH = "/v1/api/public/leaked-keys"
DOCUMENT = Path(__file__).parents[3] / "docs" / "leaked-keys.md"
URL = "https://git.example.org/shop/settings.py#L3"


def report(app, key, ip="203.0.113.9", **more):
    return app.test_client().post(
        PATH, json={"key": key, **more}, environ_base={"REMOTE_ADDR": ip}, base_url="https://localhost")


def row(key_id):
    db.session.expire_all()
    return db.session.get(Credential, key_id)


def rotate(key_id, hours=24):
    new = key_secrets.fresh(Mode.LIVE)
    with transaction():
        key_secrets.rotate(*api_keys.LISTING.lock(Actor.operator(), key_id), new, RotationInput(grace_hours=hours))
    return new.text


def run(deed, key_id, *more):
    with transaction():
        deed(*api_keys.LISTING.lock(Actor.operator(), key_id), *more)


def mails():
    return [one.payload["key_id"] for one in db.session.scalars(
        select(Task).where(Task.kind == "mail")) if one.payload["mail"] == "key_leaked"]


def test_a_reported_key_is_paused_and_its_owner_told(app, alder):
    make_endpoint(alder, "https://hooks.example.com/")
    key_id, text = cast.make_key(alder, name="Shop")
    assert report(app, text, url=URL).status_code == 200
    assert_error(Caller(app, text).get("/customers"), 401, "api_key_paused")
    found = row(key_id)
    assert (found.paused, found.leak_paused, found.leak_url) == (True, True, URL)
    assert found.leaked_at is not None
    assert mails() == [key_id]
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "api_key.leaked")).one()
    assert (entry.actor, entry.source, entry.ip, entry.merchant_id) == ("leak report", "public", "203.0.113.9", alder)
    event = json.loads(db.session.scalars(select(Delivery)).one().body)
    assert (event["event"], event["data"]["id"], event["data"]["leak_url"]) == ("api_key.leaked", key_id, URL)


def test_the_answer_is_the_same_whatever_was_reported(app, alder):
    _, text = cast.make_key(alder)
    _, test = cast.make_key(alder, mode="test")
    (revoked_id, revoked), (deleted_id, deleted) = cast.make_key(alder), cast.make_key(alder)
    run(api_keys.revoke, revoked_id)
    run(api_keys.delete, deleted_id)
    unknown = key_format.generate(Mode.LIVE)
    texts = (text, text, test, revoked, deleted, unknown, text[:-1] + "!", "password", "é")
    replies = [report(app, one) for one in texts]
    assert {reply.status_code for reply in replies} == {200}
    assert {json.dumps(reply.json["data"]) for reply in replies} == {'{"received": true}'}
    assert len({frozenset(reply.headers.keys()) for reply in replies}) == 1


def test_the_text_of_the_key_is_kept_nowhere(app, alder, records):
    key_id, text = cast.make_key(alder)
    report(app, text, url=f"https://paste.example.org/?key={text}")
    unknown = key_format.generate(Mode.LIVE)
    report(app, unknown, url=unknown)
    assert row(key_id).leak_url == "https://paste.example.org/?key=bk_***"
    kept = [json.dumps(records, default=str)]
    for kind in all_tables.CLASSES.values():
        if hasattr(kind, "__table__") and not kind.__table__.info.get("bind_key"):
            for one in db.session.scalars(select(kind)):
                kept.append(str([getattr(one, column.key) for column in inspect(kind).column_attrs]))
    assert not [one for one in kept if text in one or unknown in one]


def test_a_secret_of_before_that_still_works_is_one_of_the_key(app, alder):
    key_id, former = cast.make_key(alder)
    newer = rotate(key_id)
    report(app, former)
    assert row(key_id).paused
    third = rotate(key_id, 24)
    assert [Caller(app, one).get("/customers").status_code for one in (former, newer, third)] == [401, 401, 200]
    assert (row(key_id).leaked_at, row(key_id).leak_url, row(key_id).paused) == (None, None, False)


def test_a_secret_whose_time_is_over_pauses_nothing(app, alder):
    key_id, former = cast.make_key(alder)
    rotate(key_id, 0)
    report(app, former)
    assert not row(key_id).paused
    assert mails() == []


def test_reports_of_a_leak_that_is_known_change_nothing(app, alder):
    key_id, text = cast.make_key(alder)
    report(app, text)
    first = row(key_id).leaked_at
    run(api_keys.resume, key_id)
    report(app, text, url=URL)
    assert (row(key_id).leaked_at, row(key_id).paused, row(key_id).leak_url) == (first, False, None)
    assert mails() == [key_id]
    newer = rotate(key_id)
    report(app, newer)
    assert row(key_id).paused
    assert mails() == [key_id, key_id]


def test_a_key_that_its_owner_had_paused_stays_paused_when_it_is_rotated(app, alder):
    key_id, text = cast.make_key(alder)
    run(api_keys.pause, key_id)
    report(app, text)
    assert (row(key_id).paused, row(key_id).leak_paused) == (True, False)
    rotate(key_id)
    assert (row(key_id).paused, row(key_id).leaked_at) == (True, None)


def test_many_former_secrets_do_not_keep_a_leaked_key_from_being_rotated(app, alder):
    key_id, text = cast.make_key(alder)
    for _ in range(key_secrets.MOST):
        text = rotate(key_id)
    report(app, text)
    rotate(key_id)
    assert key_secrets.former(key_id) == []


@pytest.mark.parametrize("body", [
    [], "x", {}, {"key": ""}, {"key": 5}, {"key": None}, {"key": "x" * 201}, {"key": "x", "url": "x" * 501},
    {"key": "x", "token": "y"},
], ids=str)
def test_what_is_no_report_is_refused_without_repeating_it(app, alder, body):
    reply = app.test_client().post(PATH, json=body)
    assert reply.status_code in (400, 422)
    assert "x" * 50 not in reply.text


def test_an_address_reports_so_often_a_minute(app, alder):
    key_id, text = cast.make_key(alder)
    for _ in range(REPORTS_PER_MINUTE):
        assert report(app, "nothing").status_code == 200
    refused = report(app, text)
    assert_error(refused, 429, "rate_limit_exceeded")
    assert refused.headers["Retry-After"]
    assert not row(key_id).paused
    assert report(app, text, ip="203.0.113.10").status_code == 200
    assert row(key_id).paused


def test_staff_marks_a_key_once(alder):
    key_id, _ = cast.make_key(alder)
    run(key_leaks.mark, key_id, key_leaks.FoundInput(url=URL))
    assert (row(key_id).paused, row(key_id).leak_url) == (True, URL)
    with pytest.raises(Conflict, match="Rotate it"):
        run(key_leaks.mark, key_id, key_leaks.FoundInput())
    run(api_keys.revoke, key_id)
    with pytest.raises(Conflict, match="revoked"):
        run(key_leaks.mark, key_id, key_leaks.FoundInput())


# What scanners need ---------------------------------------------------------------------------------------------------


def documented():
    """What the Python of the document defines."""
    known: dict = {}
    exec(re.search(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)[1], known)
    return known


@pytest.mark.parametrize("mode", Mode)
def test_the_documented_pattern_and_checksum_find_our_keys(mode):
    known = documented()
    for _ in range(50):
        text = key_format.generate(mode)
        assert known["is_key"](text)
        assert known["PATTERN"].search(f'key = "{text}"')[0] == text
        assert not known["is_key"](text[:-1] + ("a" if text[-1] != "a" else "b"))
        assert not known["PATTERN"].search(f"x{text}")


def test_the_documented_sample_is_one_by_its_form_and_opens_nothing(app):
    (sample,) = set(documented()["PATTERN"].findall("")) or set(
        re.findall(r"`(bk_test_\w{48})`", DOCUMENT.read_text()))
    assert documented()["is_key"](sample)
    assert key_format.parts(sample) is not None
    assert key_leaks.reported(sample) is None
