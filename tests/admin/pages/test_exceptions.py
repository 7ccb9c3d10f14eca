"""The work list of exceptions: each kind has its tab, its count and the button that mends it."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from database import db, transaction
from domain import clock
from domain.payments import paying as verbs
from domain.sales.orders import orders
from models.order import OrderStatus, ScheduledPayment
from models.outbox import Task
from models.payment import GatewayAccount, Payment, PaymentStatus
from models.statement_row import StatementRow, StatementState
from outbound.gateways.test_bank import test_bank
from outbound.payments import collecting, gateway_calls
from tests import excepted, paying
from tests.domain.payments.bank.formats.camt_files import document, entry, import_file

HERE = "/admin/exceptions"


@pytest.fixture
def tests(admin):
    """An administrator of Alder who looks at the test world."""
    admin.post("/admin/mode", {"test": "on"})
    return admin


def collect(order_id):
    """Collect the order's next payment now."""
    with transaction():
        attempt = verbs.execute(paying.actor_of(orders.locked(order_id).merchant_id), paying.rows_of(order_id)[1])
    gateway_calls.finish(attempt)
    return paying.rows(order_id)[1]


def declined(merchant, method="test_hard_decline", **more):
    """The declined payment of an active order."""
    return collect(paying.active(merchant, method, **more))


def counts(page):
    """The number in each tab."""
    tabs = page.partition('aria-label="Kinds of exceptions"')[2].partition("</nav>")[0]
    return dict(re.findall(r">([^<>]+)<span class=\"count[ \w]*\">([\d,]+)</span>", tabs))


def waiting(page):
    """The number beside the entry of the navigation."""
    found = re.search(r"Exceptions <span class=\"count hot\">([\d,]+)</span>", page)
    return found[1] if found else None


def test_without_exceptions_the_page_says_that_nothing_needs_anybody(tests):
    page = tests.get(HERE).text
    assert "Nothing needs you here" in page
    assert set(counts(page).values()) == {"0"}
    assert waiting(page) is None


def test_each_kind_is_in_its_tab_and_what_needs_a_person_is_counted(tests, alder):
    hard = declined(alder, customer_name="Hard Hanna")
    declined(alder, "test_soft_decline", customer_name="Soft Sam")
    paying.unknown(alder)
    collect(paying.active(alder, "test_requires_action", customer_name="Step Stella"))
    page = tests.get(HERE).text
    assert {name: int(number) for name, number in counts(page).items() if number != "0"} == {
        "All": 4, "Declined": 1, "Will retry": 1, "Unknown outcome": 1, "Waiting for the customer": 1}
    assert waiting(page) == "3"
    assert "Hard Hanna" in page
    assert "Card needed" in page
    assert f'href="/admin/scheduled-payments/{hard.id}"' in page
    assert "Soft Sam" not in tests.get(f"{HERE}/declined").text
    assert "Soft Sam" in tests.get(f"{HERE}/retried").text
    assert "Step Stella" in tests.get(f"{HERE}/to_confirm").text


def test_what_nothing_collects_is_listed_once_it_is_due(tests, alder):
    order_id = paying.active(alder, "test_ok", customer_name="Transfer Tom")
    row = paying.rows_of(order_id)[1]
    assert "Transfer Tom" not in tests.get(f"{HERE}/not_collected").text
    with transaction():
        order = orders.locked(order_id)
        order.payment_method_id = None
        db.session.get(ScheduledPayment, row.id).collect_at = paying.START
    with transaction():
        order = orders.locked(order_id)
        order.payment_method = None
        assert collecting.begin(order, db.session.get(ScheduledPayment, row.id)) is None
    page = tests.get(f"{HERE}/not_collected").text
    assert counts(page)["Not collected"] == "1"
    assert "Transfer Tom" in page
    assert f'href="/admin/scheduled-payments/{row.id}"' in page
    assert "Transfer Tom" in tests.get(f"{HERE}/not_collected.csv").text
    with transaction():
        orders.locked(order_id).status = OrderStatus.PAUSED
    assert "Transfer Tom" not in tests.get(f"{HERE}/not_collected").text


def test_the_live_world_and_other_merchants_see_nothing_of_it(tests, signed_in, alder, birch):
    declined(alder, customer_name="Hard Hanna")
    tests.post("/admin/mode", {})
    assert "Hard Hanna" not in tests.get(f"{HERE}/declined").text
    stranger = signed_in(merchants=[birch], email="b@birch.example")
    stranger.post("/admin/mode", {"test": "on"})
    page = stranger.get(f"{HERE}/declined").text
    assert "Hard Hanna" not in page
    assert waiting(page) is None


def test_a_retry_from_the_list_recovers_the_order(tests, alder):
    row = declined(alder, "test_soft_decline")
    paying.change(row.order_id, "test_ok")
    assert "Retry now" in tests.get(f"{HERE}/retried").text
    assert tests.post(f"/admin/scheduled-payments/{row.id}/retry").status_code == 303
    assert paying.statuses(row.order_id)[1] == "recovered"
    assert paying.of(row.order_id).status is OrderStatus.ACTIVE
    assert "was tried again" in tests.get(f"{HERE}/retried").text


def test_several_are_retried_at_once_and_all_that_match(tests, alder):
    rows = [declined(alder, "test_soft_decline", customer_name=f"Sam {one}") for one in range(3)]
    for row in rows:
        paying.change(row.order_id, "test_ok")
    reply = tests.post(f"{HERE}/retried/bulk", {"verb": "retry", "ids": [str(rows[0].id), str(rows[1].id)]})
    assert reply.status_code == 303
    assert [paying.statuses(row.order_id)[1] for row in rows] == ["recovered", "recovered", "soft-declined"]
    other = declined(alder, customer_name="Hard Hanna")
    page = tests.post(f"{HERE}/retried/bulk", {"verb": "retry", "matching": "1"}).text
    assert "Retry now: 1 scheduled payment" in page
    run = re.search(r'name="run" value="([^"]+)"', page)[1].replace("&#34;", '"')
    tests.post(f"{HERE}/retried/bulk", {"verb": "retry", "matching": "1", "run": run})
    assert paying.statuses(rows[2].order_id)[1] == "recovered"
    assert paying.statuses(other.order_id)[1] == "hard-declined"


def test_the_customer_is_asked_for_another_card_once_a_day(tests, alder):
    row = declined(alder, email="hanna@example.org")
    page = tests.get(f"{HERE}/declined").text
    assert "Ask for a card" in page
    assert "Retry now" not in page.partition("<tbody>")[2].partition("</tbody>")[0]
    tests.post(f"/admin/scheduled-payments/{row.id}/ask_for_card")
    mails = [one for one in db.session.scalars(select(Task)) if one.payload.get("mail") == "another_card"]
    assert [one.payload["scheduled_payment_id"] for one in mails] == [row.id]
    tests.post(f"/admin/scheduled-payments/{row.id}/ask_for_card")
    assert "within the last 24 hours" in tests.get(f"{HERE}/declined").text
    assert db.session.query(Task).filter(Task.lane == f"another_card_{row.id}").count() == 1


def test_an_unknown_outcome_is_looked_up_at_once(tests, alder):
    key = paying.unknown(alder)
    assert "Look up now" in tests.get(f"{HERE}/unknown").text
    assert tests.post(f"/admin/payments/{key}/look_up").status_code == 303
    db.session.expire_all()
    payment = db.session.get(Payment, key)
    assert payment.status is PaymentStatus.APPROVED
    assert len(test_bank.book.charges([payment.order_id])) == 1
    assert "asked the gateway about" in tests.get(f"/admin/payments/{key}?tab=history").text
    assert tests.post(f"/admin/payments/{key}/look_up").status_code == 303
    assert "is already approved" in tests.get(f"{HERE}/unknown").text


def test_an_unsure_movement_is_set_aside_from_the_list_and_put_back(admin, alder):
    import_file(paying.actor_of(alder, test=False), document(entry("3.00")))
    movement = db.session.query(StatementRow).one()
    assert waiting(admin.get("/admin/").text) == "1"
    admin.post(f"{HERE}/movements/bulk", {"verb": "ignore", "ids": str(movement.id)})
    page = admin.get(f"{HERE}/movements").text
    assert "Nothing needs you here" in page
    undo = re.search(r'data-undo="([^"]+)"', page)[1].replace("&amp;", "&")
    admin.post(undo)
    db.session.expire_all()
    assert db.session.get(StatementRow, movement.id).state is StatementState.UNSURE


def test_a_gateway_on_hold_says_what_waits_and_is_resumed(tests, alder):
    actor = paying.actor_of(alder)
    order_id = paying.active(alder)
    key = excepted.make_on_hold(actor, gateway="test")
    late = excepted.make_on_hold(actor, parked_until=clock.now() - timedelta(minutes=1))
    with transaction():
        for number in (7, 8):
            db.session.add(ScheduledPayment(
                merchant_id=alder, test=True, order_id=order_id, sequence=number, currency="EUR", amount_minor=1000,
                status="scheduled", due_at=clock.now(), collect_at=clock.now() - timedelta(hours=1),
                created_at=clock.now(), updated_at=clock.now()))
    page = tests.get(f"{HERE}/on_hold").text
    assert "connection refused" in page
    assert re.search(r'data-l="Payments that wait"[^>]*>2<', page)
    assert counts(page)["Gateways on hold"] == "1"
    assert tests.post(f"/admin/gateway-accounts/{key}/resume").status_code == 303
    account = db.session.get(GatewayAccount, key)
    assert (account.failures_in_row, account.parked_at, account.parked_until) == (0, None, None)
    tests.post(f"/admin/gateway-accounts/{late}/resume")
    assert "The gateway is not on hold." in tests.get(f"{HERE}/on_hold").text


def test_an_open_dispute_is_listed_until_it_is_decided_and_that_is_undone(tests, alder):
    key = excepted.make_dispute(paying.actor_of(alder), "Disputing Dan")
    page = tests.get(f"{HERE}/disputes").text
    assert "Disputing Dan" in page
    assert "fraudulent" in page
    tests.post(f"{HERE}/disputes/bulk", {"verb": "lose", "ids": str(key)})
    page = tests.get(f"{HERE}/disputes").text
    assert "Nothing needs you here" in page
    assert "Lost" in tests.get("/admin/disputes").text
    tests.post(f"/admin/disputes/{key}/win")
    assert "is already lost" in tests.get("/admin/disputes").text
    tests.post(re.search(r'data-undo="([^"]+)"', page)[1].replace("&amp;", "&"))
    assert "Disputing Dan" in tests.get(f"{HERE}/disputes").text


def test_all_kinds_are_on_one_page_those_that_wait_for_a_person_first(tests, alder):
    soft = declined(alder, "test_soft_decline", customer_name="Soft Sam")
    for number in range(7):
        declined(alder, customer_name=f"Hard Hanna {number}")
    excepted.make_dispute(paying.actor_of(alder), "Disputing Dan")
    page = tests.get(HERE).text
    titles = re.findall(r'<h2 id="(\w+)">', page)
    assert titles == ["declined", "disputes", "retried"]
    assert page.count("Hard Hanna") >= 5
    assert 'href="/admin/exceptions/declined">All 7<' in page
    assert "Hard Hanna 6" not in page                            # the five oldest are shown
    assert f'action="/admin/scheduled-payments/{soft.id}/retry"' in page
    assert counts(page)["All"] == "9"
    assert 'aria-current="page">All<' in page
    assert 'aria-current="page">All<' not in tests.get(f"{HERE}/retried").text
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_all_exceptions_are_a_file_in_the_same_columns(tests, alder):
    declined(alder, customer_name="Hard Hanna")
    declined(alder, "test_soft_decline", customer_name="Soft =Sam")
    excepted.make_dispute(paying.actor_of(alder), "Disputing Dan")
    paying.unknown(alder)
    head, *lines = tests.get(f"{HERE}.csv").text.removeprefix("\ufeff").splitlines()
    assert head == "kind,id,customer,order,reason,since,amount,currency"
    assert [one.partition(",")[0] for one in lines] == ["Declined", "Will retry", "Unknown outcome", "Disputes"]
    assert "Hard Hanna" in lines[0]
    assert lines[0].endswith(",10.00,EUR")
    assert all(len(one.split(",")) == 8 for one in lines)
    assert "T" in lines[0].split(",")[5]


def test_another_merchant_sees_none_of_them(signed_in, alder, birch):
    declined(alder, customer_name="Hard Hanna")
    stranger = signed_in("admin_user", merchants=[birch], email="birch@example.org")
    stranger.post("/admin/mode", {"test": "on"})
    assert "Hard Hanna" not in stranger.get(HERE).text
    assert "Hard Hanna" not in stranger.get(f"{HERE}.csv").text
    live = signed_in("admin_user", merchants=[alder], email="live@example.org")
    assert "Hard Hanna" not in live.get(HERE).text + live.get(f"{HERE}.csv").text


def test_who_may_not_write_sees_no_button_and_sends_none(signed_in, alder):
    row = declined(alder, "test_soft_decline")
    restricted = signed_in("restricted_user", merchants=[alder])
    restricted.post("/admin/mode", {"test": "on"})
    assert "Retry now" not in restricted.get(f"{HERE}/retried").text
    assert restricted.post(f"/admin/scheduled-payments/{row.id}/retry").status_code in (403, 404)
    assert db.session.get(ScheduledPayment, row.id).paid_minor == 0


def test_a_tab_is_a_file_with_its_reasons(tests, alder):
    declined(alder, customer_name="Hard Hanna")
    head, line = tests.get(f"{HERE}/declined.csv").text.removeprefix("\ufeff").splitlines()
    assert head == "id,customer,order_id,reason,tries,next,declined_at,amount,currency"
    assert "Hard Hanna" in line
    assert ",1,Card needed," in line
