"""Logos: one in use, those of before kept for thirty days, a picture of another merchant never put back."""

from datetime import timedelta

import pytest
import time_machine

from database import db, transaction
from domain import clock
from domain.errors import Conflict, Invalid
from domain.people import logos, merchants
from models.audit import AuditEntry
from models.logo import Logo
from models.merchant import Merchant
from tests import cast
from tests.pictures import jpeg, png


@pytest.fixture
def alder():
    return cast.make_merchant("Alder & Sons")


@pytest.fixture
def birch():
    return cast.make_merchant("Birch")


def do(merchant_id, deed, *given):
    with transaction():
        own, merchant = merchants.LISTING.lock(cast.actor_for(merchant_id), merchant_id)
        made = deed(own, merchant, *given)
        db.session.flush()
        return made.digest if isinstance(made, Logo) else None


def used(merchant_id):
    db.session.expire_all()
    return db.session.get(Merchant, merchant_id).logo_digest


def entries():
    return db.session.query(AuditEntry).filter_by(action="merchant.updated").count()


def test_a_logo_is_changed_removed_and_put_back(alder):
    first, second = do(alder, logos.put, png()), do(alder, logos.put, jpeg())
    assert used(alder) == second != first
    assert logos.shown(first) is None
    assert logos.shown(second) is not None
    do(alder, logos.put_back, first)
    assert (used(alder), logos.shown(second)) == (first, None)
    do(alder, logos.remove)
    assert (used(alder), logos.shown(first)) == (None, None)
    do(alder, logos.put_back, first)
    assert used(alder) == first
    do(alder, logos.put_back, None)
    assert used(alder) is None
    assert db.session.query(Logo).count() == 2
    assert entries() == 6


def test_the_same_file_again_changes_nothing(alder):
    assert do(alder, logos.put, png()) == do(alder, logos.put, png())
    do(alder, logos.remove)
    do(alder, logos.remove)
    assert db.session.query(Logo).count() == 1
    assert entries() == 2


def test_a_picture_of_another_merchant_cannot_be_put_back(alder, birch):
    theirs = do(birch, logos.put, png())
    with pytest.raises(Conflict):
        do(alder, logos.put_back, theirs)
    assert (used(alder), used(birch)) == (None, theirs)


def test_two_merchants_may_have_the_same_picture_and_one_may_remove_it(alder, birch):
    digest = do(alder, logos.put, png())
    assert do(birch, logos.put, png()) == digest
    do(alder, logos.remove)
    assert logos.shown(digest).merchant_id == birch


def test_what_is_not_in_use_is_kept_for_thirty_days(alder):
    first = do(alder, logos.put, png())
    do(alder, logos.put, jpeg())
    for days, left in ((29, 2), (31, 1)):
        with time_machine.travel(clock.now() + timedelta(days=days)):
            with transaction():
                logos.forget_old()
            assert db.session.query(Logo).count() == left
    with pytest.raises(Conflict, match="not kept any more"):
        do(alder, logos.put_back, first)


@pytest.mark.parametrize("text", ["", "not base64!", "aGVsbG8=", "A" * 300_000, "ünsinn"])
def test_text_that_is_no_picture_is_refused(alder, text):
    with pytest.raises(Invalid) as refused:
        do(alder, logos.put_text, text)
    assert set(refused.value.fields) == {"image"}
    assert used(alder) is None
