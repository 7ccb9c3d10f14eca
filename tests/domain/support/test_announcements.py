"""Announcements: planned, published, withdrawn, for all customers or for some."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from domain import clock
from domain.errors import Conflict, Invalid
from domain.support import announcements
from models.announcement import AnnouncementRecipient, AnnouncementStatus
from tests import cast
from tests.announced import act, change, make_announcement, stored
from tests.ticketed import customer_actor

LATER = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def ada(alder):
    return customer_actor(alder, cast.make_customer(alder))


@pytest.fixture
def bea(alder):
    return customer_actor(alder, cast.make_customer(alder, "Bea"))


def read(who):
    return [one.title for one in announcements.recent(who)]


def test_drafts_planned_and_withdrawn_ones_are_not_read(alder, ada):
    make_announcement(alder, "Draft", status="draft")
    make_announcement(alder, "Planned", published_at=LATER.isoformat())
    withdrawn = make_announcement(alder, "Withdrawn")
    act(withdrawn, announcements.withdraw)
    deleted = make_announcement(alder, "Deleted")
    act(deleted, announcements.delete)
    make_announcement(alder, "Shown")
    assert read(ada) == ["Shown"]


def test_a_planned_one_is_read_from_its_time_on(alder, ada):
    key = make_announcement(alder, "Planned", published_at=LATER.isoformat())
    staff = cast.actor_for(alder)
    assert announcements.LISTING.read(staff, key).state == "planned"
    with time_machine.travel(LATER - timedelta(seconds=1), tick=False):
        assert read(ada) == []
    with time_machine.travel(LATER, tick=False):
        assert read(ada) == ["Planned"]
        assert announcements.LISTING.read(staff, key).state == "published"


def test_published_without_a_time_is_published_now(alder, ada):
    key = make_announcement(alder, status="draft")
    assert stored(key).published_at is None
    act(key, announcements.publish)
    assert clock.now() - stored(key).published_at < timedelta(minutes=1)
    assert read(ada) == ["Maintenance"]
    with pytest.raises(Conflict):
        act(key, announcements.publish)


def test_publishing_keeps_a_time_to_come_and_not_one_that_is_past(alder):
    planned = make_announcement(alder, status="draft", published_at=LATER.isoformat())
    past = make_announcement(alder, status="draft", published_at="2020-01-01T00:00:00Z")
    for key in (planned, past):
        act(key, announcements.publish)
    assert stored(planned).published_at == LATER
    assert clock.now() - stored(past).published_at < timedelta(minutes=1)


def test_what_was_withdrawn_may_be_published_again(alder, ada):
    key = make_announcement(alder)
    act(key, announcements.withdraw)
    assert stored(key).status is AnnouncementStatus.WITHDRAWN
    with pytest.raises(Conflict):
        act(key, announcements.withdraw)
    act(key, announcements.publish)
    assert read(ada) == ["Maintenance"]
    with pytest.raises(Conflict):
        act(make_announcement(alder, status="draft"), announcements.withdraw)


def test_one_for_some_customers_is_read_by_those_alone(alder, ada, bea):
    key = make_announcement(alder, "For Ada", customer_ids=[ada.customer_id, ada.customer_id])
    assert (read(ada), read(bea)) == (["For Ada"], [])
    change(key, customer_ids=[bea.customer_id])
    assert (read(ada), read(bea)) == ([], ["For Ada"])
    change(key, title="For both")
    assert (read(ada), read(bea)) == ([], ["For both"])
    change(key, customer_ids=[])
    assert (read(ada), read(bea)) == (["For both"], ["For both"])
    assert cast.count(AnnouncementRecipient) == 0


def test_staff_reads_those_of_all_customers(alder, ada):
    make_announcement(alder, "For Ada", customer_ids=[ada.customer_id])
    make_announcement(alder, "For all")
    assert sorted(read(cast.actor_for(alder))) == ["For Ada", "For all"]


def test_customers_of_other_merchants_and_worlds_are_neither_named_nor_told(alder, birch, ada):
    test = cast.actor_for(alder).in_world(test=True)
    for other in (cast.make_customer(birch, "Cleo"), cast.make_customer(alder, "Tess", actor=test), 999):
        with pytest.raises(Invalid) as caught:
            make_announcement(alder, customer_ids=[ada.customer_id, other])
        assert list(caught.value.fields) == ["customer_ids"]
    make_announcement(birch, "Foreign")
    make_announcement(alder, "Test", actor=test)
    assert read(ada) == []


def test_the_newest_twenty_are_read_newest_first(alder, ada):
    for number in range(22):
        make_announcement(alder, f"N{number}", published_at=f"2026-01-{number + 1:02}T00:00:00Z")
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False):
        assert read(ada) == [f"N{number}" for number in range(21, 1, -1)]


@pytest.mark.parametrize(("sent", "field"), [
    ({"title": ""}, "title"), ({"content": " "}, "content"), ({"content": "x" * 1_000_000}, "content"),
    ({"status": "gone"}, "status"), ({"published_at": "soon"}, "published_at"), ({"customer_ids": "1"}, "customer_ids"),
    ({"customer_ids": list(range(1, 1002))}, "customer_ids"),
])
def test_what_is_wrong_is_named(alder, sent, field):
    with pytest.raises(Invalid) as caught:
        make_announcement(alder, **sent)
    assert list(caught.value.fields) == [field]
