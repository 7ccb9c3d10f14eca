"""The mails about API keys: to whom, in which words, and not for a key that was extended or revoked meanwhile."""

from datetime import timedelta

import pytest
import time_machine

from blueprints.pay.mails import composing
from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.integrations import api_keys, key_expiry, key_secrets
from domain.people.keys import key_leaks, key_notices
from models.credential import Credential, Mode
from tests import cast
from tests.pay.mailed import BASE, waiting


@pytest.fixture
def key(alder):
    """A key of whose expiry its owner was told, ten days before."""
    cast.make_user("boss@alder.example", merchant_ids=[alder])
    with time_machine.travel(clock.now() - timedelta(days=20)):
        key = cast.make_key(alder, name="Web shop", expires_at=(clock.now() + timedelta(days=30)).isoformat())[0]
    with transaction():
        assert key_notices.tell_of_expiries() == 1
    return key


def mail(kind="key_expires"):
    (task,) = waiting(kind)
    return composing.compose(task.payload, task.merchant_id, BASE)


def test_the_admins_are_told_which_key_expires_when_and_where_it_is_extended(key):
    written = mail()
    row = db.session.get(Credential, key)
    assert written.to == "boss@alder.example"
    assert written.subject == "The API key Web shop expires in 10 days"
    assert f"{BASE}/admin/keys/{key}/expiry" in written.text
    assert f"{row.prefix}…{row.last_four}, live" in written.text
    assert f"{row.expires_at:%-d %B %Y}" in written.text


@pytest.mark.parametrize("deed", ["extended", "revoked", "deleted"])
def test_nothing_is_sent_about_a_key_that_does_not_expire_any_more(key, deed):
    with transaction():
        found = api_keys.LISTING.lock(Actor.operator(), key)
        if deed == "extended":
            key_expiry.extend(*found, key_expiry.ExtensionInput(days=30))
        else:
            (api_keys.revoke if deed == "revoked" else api_keys.delete)(*found)
    assert mail() is None


@pytest.fixture
def leaked(alder):
    """A key that was marked as leaked."""
    cast.make_user("boss@alder.example", merchant_ids=[alder])
    key, maker = cast.make_key(alder, name="Web shop")[0], cast.make_user("dev@alder.example", "normal_user", [alder])
    with transaction():
        own, row = api_keys.LISTING.lock(Actor.operator(), key)
        row.created_by_user_id = maker
        key_leaks.mark(own, row, key_leaks.FoundInput(url="https://git.example.org/shop.py"))
    return key


def test_the_admins_and_who_made_a_key_are_told_that_it_has_leaked(leaked):
    written = mail("key_leaked")
    assert written.to == "boss@alder.example, dev@alder.example"
    assert written.subject == "The API key Web shop has leaked and is paused"
    for words in (f"{BASE}/admin/keys/{leaked}", "https://git.example.org/shop.py"):
        assert words in written.text, words


def test_nothing_is_sent_about_a_key_that_was_rotated_meanwhile(leaked):
    new = key_secrets.fresh(Mode.LIVE)
    with transaction():
        key_secrets.rotate(*api_keys.LISTING.lock(Actor.operator(), leaked), new, key_secrets.RotationInput())
    assert mail("key_leaked") is None
