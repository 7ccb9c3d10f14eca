"""The time line of an order: payments, changes, mails and calls in one list, newest first, a page at a time."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from blueprints.admin import order_events, order_timeline
from database import db, transaction
from domain import clock
from domain.payments import paying
from domain.payments.orders import order_verbs
from domain.sales.orders import orders
from models.audit import AuditEntry
from models.outbox import Task, TaskStatus
from models.payment import Payment, PaymentReason, PaymentStatus, Refund, RefundStatus
from outbound.payments import gateway_calls
from tests import cast, payment_rows, sql_statements
from tests.admin.page_text import text_of
from tests.admin.test_worlds import switch
from tests.ordered import make_order
from tests.paying import active, actor_of, change, declined, make_clock, rows
from tests.paying import make_order as make_test_order
from tests.payment_rows import customer_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def tester(admin):
    """An administrator of Alder in the test world, which the test bank pays in."""
    switch(admin, test=True)
    return admin


def shown(page):
    """The words of its time line."""
    part = page[page.index('id="timeline"'):]
    return text_of(part[:part.index("</section>")])


def timeline(visitor, order_id, **query):
    return shown(visitor.get(f"/admin/orders/{order_id}", query_string=query).text)


def test_what_happened_is_said_in_sentences_the_newest_first(tester, alder):
    order_id = active(alder, "test_soft_decline", customer_name="Grace Hopper")
    with transaction():
        orders.locked(order_id).customer_email = "grace@example.org"
    with transaction():
        attempt = paying.execute(actor_of(alder), rows(order_id)[1])
    gateway_calls.finish(attempt)
    text = timeline(tester, order_id)
    wanted = (
        "Mail waits to be sent: Payment failed To grace@example.org",
        "10.00 EUR declined: ", "Started by hand · Decline: not enough money · It may succeed later",
        "10.00 EUR paid On the payment page · Approve", "created this order",
    )
    places = [text.find(one) for one in wanted]
    assert -1 not in places, text
    assert places == sorted(places), text


def test_the_kinds_narrow_it(tester, alder):
    order_id = active(alder)
    only = timeline(tester, order_id, kind="payments")
    assert "10.00 EUR paid" in only
    assert "created this order" not in only
    changes = timeline(tester, order_id, kind="changes")
    assert "10.00 EUR paid" not in changes
    assert "created this order" in changes
    assert timeline(tester, order_id, kind="nonsense") == timeline(tester, order_id)


def test_who_may_not_see_a_kind_is_not_offered_it(signed_in, alder):
    order_id = active(alder)
    seller = signed_in("normal_user", [alder], email="sales@alder.example")
    switch(seller, test=True)
    text = timeline(seller, order_id)
    assert "Changes" not in text
    assert "API calls" not in text
    assert "created this order" not in text
    assert timeline(seller, order_id, kind="changes") == text


def test_payments_that_a_cancelled_order_dropped_are_one_entry(tester, alder):
    order_id = make_test_order(alder, "instalment", price="90.00")
    with transaction():
        order_verbs.cancel(actor_of(alder), orders.locked(order_id))
    assert "cancelled 4 scheduled payments" in timeline(tester, order_id)


def test_the_bookkeeping_of_an_attempt_is_no_change(tester, alder):
    row_id = declined(alder)
    order_id = db.session.get(Payment, 1).order_id
    with transaction():
        attempt = paying.retry(actor_of(alder), rows(order_id)[1])
    assert attempt.request.scheduled_payment_id == row_id
    assert "processing" not in timeline(tester, order_id, kind="changes")


def many(order_id, merchant_id, number):
    """Payments and audit entries, several of each second."""
    with transaction():
        db.session.execute(insert(Payment), [
            payment_rows.columns(
                merchant_id, order_id, 100 + place, gateway="manual", reason=PaymentReason.MANUAL,
                created_at=NOON + timedelta(seconds=place // 3))
            for place in range(number)])
        db.session.execute(insert(AuditEntry), [
            {"at": NOON + timedelta(seconds=place // 4), "merchant_id": merchant_id, "test": False, "actor": "system",
             "action": "order.updated", "object_type": "order", "object_id": order_id, "source": "system",
             "before": {"note": f"n{place}"}, "after": {"note": f"n{place + 1}"}}
            for place in range(number)])


def test_every_entry_is_on_one_page_exactly(admin, alder):
    order_id = make_order(alder)
    many(order_id, alder, 70)
    address, seen, pages = f"/admin/orders/{order_id}", [], 0
    while address:
        page = admin.get(address).text
        pages += 1
        text = shown(page)
        seen += re.findall(r"(\d\.\d\d) EUR paid|to n(\d+)", text)
        found = re.search(r'href="([^"]+before=[^"]+)"[^>]*>Earlier<', page)
        address = found and found[1].replace("&amp;", "&")
    assert pages == 4
    amounts = [(f"{(100 + place) / 100:.2f}", "") for place in range(70)]
    assert sorted(seen) == sorted(amounts + [("", str(place + 1)) for place in range(70)])


@pytest.mark.parametrize("text", ["", "1", "1-2", "a-b-c", "1-2-3-4", "-1-2-3", "9" * 45 + "-1-1", "٣-1-1"])
def test_a_place_that_is_none_is_the_beginning(admin, alder, text):
    order_id = make_order(alder)
    many(order_id, alder, 3)
    assert "1.02 EUR paid" in timeline(admin, order_id, before=text)


def test_a_place_survives_its_text():
    position = (NOON.replace(microsecond=123_456), 3, 77)
    assert order_timeline.place(order_timeline.text_of(position)) == position


class Call:
    """A row of the request log."""

    def __init__(self, number, at, method="GET", request_id="r", status=200):
        self.id, self.at, self.method, self.request_id, self.status = number, at, method, request_id, status
        self.key_id, self.endpoint, self.duration_us, self.error_code = None, "/v1/orders/{id}", 12_000, None
        self.failed = status >= 400


def test_a_call_that_made_a_change_stands_below_it_and_reads_in_a_row_are_one(admin, alder, monkeypatch):
    order_id = make_order(alder)
    with transaction():
        db.session.execute(insert(AuditEntry), [
            {"at": NOON, "merchant_id": alder, "test": False, "actor": "api_key_1", "action": "order.updated",
             "object_type": "order", "object_id": order_id, "source": "core", "request_id": "made",
             "before": {"note": "a"}, "after": {"note": "b"}}])
    calls = [Call(9 - place, NOON - timedelta(minutes=place + 1)) for place in range(5)]
    calls.insert(0, Call(10, NOON - timedelta(milliseconds=3), "PATCH", "made"))
    calls.append(Call(1, NOON - timedelta(hours=1), "POST", "bad", 422))
    monkeypatch.setattr(order_events.traffic, "calls_of", lambda *_: calls)
    text = timeline(admin, order_id)
    assert "to b A caller without a key called PATCH /v1/orders/{id} · 200 in 12 ms" in text
    assert "called GET /v1/orders/{id} 5 times" in text
    assert "called POST /v1/orders/{id} 422 in 12 ms" in text
    alone = timeline(admin, order_id, kind="calls")
    assert "called PATCH /v1/orders/{id} 200 in 12 ms" in alone


def test_mails_are_shown_with_what_became_of_them(admin, alder):
    order_id = make_order(alder, customer_email="ada@example.org")
    ends = {TaskStatus.DONE: "Mail sent", TaskStatus.FAILED: "Mail could not be sent", TaskStatus.PENDING: "Mail waits"}
    with transaction():
        for place, status in enumerate(ends):
            db.session.add(Task(
                kind="mail", lane=f"l{place}", pool="p", test=False, merchant_id=alder, about=f"order_{order_id}",
                payload={"mail": "receipt", "order_id": order_id}, status=status, due_at=clock.now(), attempts=0,
                created_at=clock.now(), last_error="550 no such user" if status is TaskStatus.FAILED else None))
    text = timeline(admin, order_id, kind="mails")
    assert all(word in text for word in ends.values()), text
    assert "550 no such user" in text


def test_refunds_and_payments_without_an_end_are_told(admin, alder):
    order_id = make_order(alder)
    ends = {
        PaymentStatus.UNKNOWN: "1.00 EUR: the outcome is unknown", PaymentStatus.PENDING: "1.01 EUR is being collected",
        PaymentStatus.REQUIRES_ACTION: "1.02 EUR waits for the customer to confirm",
        PaymentStatus.APPROVED: "1.03 EUR paid",
    }
    with transaction():
        for place, status in enumerate(ends):
            db.session.add(Payment(
                merchant_id=alder, test=False, order_id=order_id, customer_id=customer_of(order_id),
                gateway="stripe", reason=PaymentReason.SCHEDULE,
                status=status, currency="EUR", amount_minor=100 + place, key=f"k{place}", created_at=NOON,
                updated_at=NOON, look_up_at=NOON + timedelta(hours=1),
                refunded_minor=40 if status is PaymentStatus.APPROVED else 0))
        db.session.flush()
        paid_id = db.session.query(Payment.id).filter_by(status=PaymentStatus.APPROVED).scalar()
        for place, status in enumerate((RefundStatus.APPROVED, RefundStatus.DECLINED, RefundStatus.UNKNOWN)):
            db.session.add(Refund(
                merchant_id=alder, test=False, payment_id=paid_id, status=status, currency="EUR",
                amount_minor=20 + place, key=f"r{place}", reason="Broken lamp", created_at=NOON, updated_at=NOON))
    text = timeline(admin, order_id)
    assert all(one in text for one in ends.values()), text
    assert "The gateway is asked again 20 Nov 2026, 13:00" in text
    assert "0.40 EUR refunded" in text
    for one in ("0.20 EUR refunded Broken lamp", "0.21 EUR could not be refunded", "0.22 EUR is being refunded"):
        assert one in text, text


def test_another_orders_entries_are_not_shown(admin, alder, birch):
    mine, other = make_order(alder), make_order(birch)
    many(other, birch, 2)
    assert "paid" not in timeline(admin, mine)
    assert admin.get(f"/admin/orders/{other}").status_code == 404


def test_an_order_of_a_test_clock_says_whose_time_it_shows(tester, alder):
    order_id = active(alder, clock_id=make_clock(alder))
    assert "the time of the order's test clock" in timeline(tester, order_id).replace("&#39;", "'")
    change(order_id, "test_ok")


def statements_of(run):
    with sql_statements.recorded() as asked:
        run()
    return [one for one in asked if one[0].startswith("SELECT")]


def test_each_source_walks_an_index_and_sorts_nothing(admin, alder, on_postgresql):
    if on_postgresql:
        pytest.skip("asks SQLite for its plan")
    order_id = make_order(alder)
    wanted = {"payments": "ix_payments_order_id_created_at", "audit_entries": "ix_audit_entries_object",
              "outbox_tasks": "ix_outbox_tasks_about"}
    found = statements_of(lambda: admin.get(f"/admin/orders/{order_id}"))
    for table, index in wanted.items():
        mine = [one for one in found if f"FROM {table}" in one[0] and "LIMIT" in one[0] and "JOIN orders" not in one[0]]
        assert mine, table
        for statement, values in mine[:1]:
            steps = sql_statements.plan_of(statement, values)
            assert any(index in step for step in steps), steps
            assert not any("TEMP B-TREE" in step for step in steps), steps


def test_the_same_page_costs_as_many_statements_with_a_long_history(admin, alder):
    short, long = make_order(alder), make_order(alder)
    many(long, alder, 300)
    admin.get(f"/admin/orders/{short}")
    few = len(statements_of(lambda: admin.get(f"/admin/orders/{short}")))
    assert len(statements_of(lambda: admin.get(f"/admin/orders/{long}"))) <= few + 2


def test_days_are_named(monkeypatch, app):
    monkeypatch.setattr(order_timeline, "zone", lambda: UTC)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    names = [order_timeline.day_words((NOON - timedelta(days=days)).date()) for days in (0, 1, 2, 400)]
    assert names == ["Today", "Yesterday", "Wednesday 18 November", "Thursday 16 October 2025"]


def test_a_customers_name_stays_text(admin, alder):
    order_id = make_order(alder, customer_id=cast.make_customer(alder, "<b>Bo</b>"))
    assert "<b>Bo</b>" not in admin.get(f"/admin/orders/{order_id}").text
