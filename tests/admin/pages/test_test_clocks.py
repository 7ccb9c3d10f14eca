"""Test clocks in the dashboard: made, moved forward by steps, with what happened on them in order."""

from datetime import UTC, datetime, timedelta

import pytest

from blueprints.admin import test_clocks as page_of_clocks
from database import db, transaction
from domain.payments.collecting import test_clocks
from domain.sales.orders import orders
from models.test_clock import TestClock
from outbound.payments import advancing
from tests.admin.page_text import text_of
from tests.admin.test_worlds import switch
from tests.paying import START, active, actor_of, make_clock, statuses

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def tester(admin):
    """An administrator of Alder in the test world."""
    switch(admin, test=True)
    return admin


@pytest.fixture
def clock_id(alder):
    return make_clock(alder)


def stored(key):
    db.session.expire_all()
    return db.session.get(TestClock, key)


def move(tester, key, **form):
    reply = tester.post(f"/admin/test-clocks/{key}/advance", form)
    assert reply.status_code == 303
    return stored(key)


def test_clocks_are_in_the_navigation_of_the_test_world_only(admin, alder):
    assert 'href="/admin/test-clocks"' not in admin.get("/admin/").text
    switch(admin, test=True)
    assert 'href="/admin/test-clocks"' in admin.get("/admin/").text


def test_a_clock_is_made_in_the_test_world_only(admin, alder):
    form = {"now_at": "2026-01-31T12:00", "name": "A year ahead"}
    assert admin.post("/admin/test_clocks", form).status_code == 404
    assert admin.post("/admin/test-clocks", form).status_code == 422
    switch(admin, test=True)
    assert admin.post("/admin/test-clocks", form).status_code == 303
    row = db.session.query(TestClock).one()
    assert (row.name, row.merchant_id, row.test, row.now_at) == ("A year ahead", alder, True, NOON)
    assert "A year ahead" in admin.get("/admin/test-clocks").text


@pytest.mark.parametrize(("by", "days"), [("day", 1), ("week", 7), ("month", 28)])
def test_a_step_is_counted_from_where_the_clock_stands(tester, clock_id, by, days):
    assert move(tester, clock_id, by=by).target_at == START + timedelta(days=days)        # of 31 January


def test_a_step_is_counted_from_where_the_clock_will_be(tester, clock_id):
    move(tester, clock_id, by="day")
    assert move(tester, clock_id, by="day").target_at == START + timedelta(days=2)


def test_the_next_payment_is_a_step_where_there_is_one(tester, alder, clock_id):
    assert "To the next payment" not in tester.get(f"/admin/test-clocks/{clock_id}").text
    reply = tester.post(f"/admin/test-clocks/{clock_id}/advance", {"by": "next"})
    assert "Nothing is due on this clock." in text_of(tester.get(reply.headers["Location"]).text)
    active(alder, clock_id=clock_id)
    assert "To the next payment" in tester.get(f"/admin/test-clocks/{clock_id}").text
    assert move(tester, clock_id, by="next").target_at == page_of_clocks.next_due(clock_id)


def test_a_date_is_in_the_readers_zone_and_only_forward(tester, clock_id):
    assert move(tester, clock_id, to="2026-03-01T12:30").target_at == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
    for wrong, words in (("2026-01-01T12:00", "only moves forward"), ("2226-01-01T12:00", "100 years"),
                         ("", "The time"), ("tomorrow", "The time")):
        reply = tester.post(f"/admin/test-clocks/{clock_id}/advance", {"to": wrong})
        assert words in text_of(tester.get(reply.headers["Location"]).text), wrong
    assert stored(clock_id).target_at == datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


def test_who_may_only_read_is_offered_no_step(signed_in, alder, birch, clock_id):
    other = signed_in("admin_user", [birch])
    switch(other, test=True)
    assert other.get(f"/admin/test-clocks/{clock_id}").status_code == 404
    assert other.post(f"/admin/test-clocks/{clock_id}/advance", {"by": "day"}).status_code == 404
    assert stored(clock_id).target_at is None


def test_the_page_follows_a_clock_on_its_way_and_rests_when_it_has_arrived(tester, clock_id):
    page = tester.get(f"/admin/test-clocks/{clock_id}").text
    assert "every 2s" not in page
    assert "Stands still. Nothing is due on it." in text_of(page)
    move(tester, clock_id, by="week")
    page = tester.get(f"/admin/test-clocks/{clock_id}").text
    assert 'hx-trigger="every 2s"' in page
    assert f'<progress class="whole-bar" max="{7 * 86400}" value="0"' in page
    with transaction():
        db.session.get(TestClock, clock_id).now_at = START + timedelta(days=3)
    assert f'max="{7 * 86400}" value="{3 * 86400}"' in tester.get(f"/admin/test-clocks/{clock_id}").text
    assert advancing.advance_due() is False
    assert "every 2s" not in tester.get(f"/admin/test-clocks/{clock_id}").text
    move(tester, clock_id, by="day")
    assert 'max="86400" value="0"' in tester.get(f"/admin/test-clocks/{clock_id}").text


def test_what_happened_is_told_in_its_order(tester, alder, clock_id):
    order_id = active(alder, "test_soft_then_ok", clock_id=clock_id)
    with transaction():
        orders.locked(order_id).customer_email = "grace@example.org"
    move(tester, clock_id, to="2026-03-10T12:00")
    advancing.advance_due()
    assert statuses(order_id)[:2] == ["complete", "recovered"]
    text = text_of(tester.get(f"/admin/test-clocks/{clock_id}").text)
    text = text[text.index("What happened"):]
    wanted = [
        "finished moving this clock", "10.00 EUR paid", "Tried again by the schedule", "Mail waits to be sent: Receipt",
        "Event payment.approved", "recorded a failed payment of Order", "10.00 EUR declined",
        "Mail waits to be sent: Payment failed",
        "Event payment.declined", "began to move this clock to 10 Mar 2026", "created this clock",
    ]
    at = 0
    for one in wanted:
        assert one in text[at:], (one, text)
        at = text.index(one, at)
    assert "28 Feb 2026" in text, "by the clock's time"


def test_who_sees_only_own_orders_or_no_audit_log_is_told_less(signed_in, tester, alder, clock_id):
    active(alder, clock_id=clock_id)
    seller = signed_in("normal_user", [alder], email="sales@alder.example")
    switch(seller, test=True)
    text = text_of(seller.get(f"/admin/test-clocks/{clock_id}").text)
    assert "10.00 EUR paid" in text
    assert "created this clock" not in text
    agent = signed_in("restricted_user", [alder], email="agent@alder.example")
    switch(agent, test=True)
    text = text_of(agent.get(f"/admin/test-clocks/{clock_id}").text)
    assert "No order follows this clock." in text
    assert "10.00 EUR paid" not in text


def test_the_orders_of_a_clock_and_the_clock_of_an_order_lead_to_each_other(tester, alder, clock_id):
    order_id = active(alder, clock_id=clock_id, customer_name="Grace Hopper")
    page = tester.get(f"/admin/test-clocks/{clock_id}").text
    assert f'<a href="/admin/orders/{order_id}">Grace Hopper</a>' in page
    assert "28 Feb 2026" in page, "its next payment"
    link = f'<a href="/admin/test-clocks/{clock_id}">Clock {clock_id}</a>'
    assert link in tester.get(f"/admin/orders/{order_id}").text


def test_a_clock_with_orders_is_not_deleted(tester, alder, clock_id):
    active(alder, clock_id=clock_id)
    reply = tester.post(f"/admin/test-clocks/{clock_id}/delete", {"version": stored(clock_id).version})
    assert reply.status_code in (303, 409, 422)
    assert stored(clock_id).deleted_at is None


def test_an_advance_by_the_page_is_the_domains(tester, alder, clock_id):
    with transaction():
        own, row = test_clocks.RESOURCE.listing.lock(actor_of(alder), clock_id)
        test_clocks.advance(own, row, START + timedelta(days=5))
    assert move(tester, clock_id, by="day").target_at == START + timedelta(days=6)
