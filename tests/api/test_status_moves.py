"""What may follow which status, from every status by every way: contracts 3.5 and 3.6, written down once more.

The ways are the Merchant API, the Core API by REST and by JSON-RPC, the dashboard, the page for customers, and the
worker that collects. What is refused changes nothing.
"""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update

from database import db, transaction
from domain import clock
from domain.vault import vault
from models.audit import AuditEntry
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Payment
from outbound.payments.collecting import Collector
from tests import cast, paying
from tests.admin.conftest import Visitor
from tests.api.core.conftest import Program, token_of
from tests.api.merchant.conftest import Shop
from tests.api.test_every_operation import token_for_tests
from tests.ordered import make_order, make_row, reload_order, reload_row

PRELIMINARY, FINAL = ("draft", "pending", "rejected"), ("cancelled", "complete")
LIVE = ("active", "failed", "suspended", "paused", "review")
LEADS_TO = {                                     # of a subscription
    "cancel": dict.fromkeys(PRELIMINARY, "cancelled") | dict.fromkeys(LIVE, "complete"),
    "pause": {"active": "paused", "failed": "paused"},
    "resume": {"paused": "active"},
}
EDITABLE = ("scheduled", "soft-declined", "hard-declined")
SET_TO = {status: dict.fromkeys(EDITABLE, status) for status in ("skipped", "cancelled", "scheduled")}
BY_HAND = ("active", "failed", "suspended", "review")        # without a kept payment method customers pay each time
COLLECTED = {(order, row) for order in ("active", "failed") for row in ("scheduled", "soft-declined")}


@pytest.fixture
def world(app, alder):
    """The programs and the browser of one user, who has no other merchant."""
    user = cast.make_user("ada@alder.example", "admin_user", merchant_ids=[alder], api_access=True)
    browser = Visitor(app)
    assert browser.sign_in("ada@alder.example").status_code == 303
    browser.get("/admin/account")
    token = token_of(user)
    return {"shop": Shop(app, token), "core": Program(app, token), "page": browser, "merchant": alder}


ORDER_CHANGES = {
    "merchant": lambda one, key, verb: one["shop"].put(f"/orders/{key}/{verb}_order").status_code == 200,
    "rest": lambda one, key, verb: one["core"]("POST", f"/orders/{key}/{verb}").status_code == 200,
    "rpc": lambda one, key, verb: "result" in one["core"].rpc(f"orders.{verb}", {"id": key}),
    "page": lambda one, key, verb: one["page"].post(f"/admin/orders/{key}/{verb}").status_code < 500,
}


def entries():
    return db.session.scalar(select(func.count()).select_from(AuditEntry))


@pytest.mark.parametrize("way", ORDER_CHANGES)
@pytest.mark.parametrize("verb", LEADS_TO)
def test_an_order_takes_the_status_that_the_verb_leads_to_and_no_other(world, way, verb):
    for status in OrderStatus:
        now = clock.now()
        key = make_order(world["merchant"], status=status, anchor_at=now, paused_at=now, next_sequence=2)
        before = entries()
        done = ORDER_CHANGES[way](world, key, verb)
        after, wanted = str(reload_order(key).status), LEADS_TO[verb].get(status)
        assert after == (wanted or status), (status, after)
        if way != "page":
            assert done == (wanted is not None), status
        if wanted is None:
            assert (entries(), reload_order(key).version) == (before, 1), status


ROW_CHANGES = {
    "merchant": lambda one, order, key, status: one["shop"].put(
        f"/scheduled_payments/{key}", {"scheduled_payment": {"status": status}}).status_code == 200,
    "merchant below": lambda one, order, key, status: one["shop"].put(
        f"/orders/{order}/scheduled_payments/{key}", {"scheduled_payment": {"status": status}}).status_code == 200,
    "rest": lambda one, order, key, status: one["core"](
        "PATCH", f"/scheduled-payments/{key}", json={"status": status}).status_code == 200,
    "rpc": lambda one, order, key, status: "result" in one["core"].rpc(
        "scheduled_payments.update", {"id": key, "status": status}),
    "verb": lambda one, order, key, status: "result" in one["core"].rpc("scheduled_payments.skip", {"id": key}),
    "page": lambda one, order, key, status: one["page"].post(
        f"/admin/scheduled-payments/{key}/skip").status_code < 400,
}
ONLY_SKIP = ("verb", "page")


@pytest.mark.parametrize(("way", "wanted"), [
    (way, wanted) for way in ROW_CHANGES for wanted in SET_TO if wanted == "skipped" or way not in ONLY_SKIP])
def test_a_payment_takes_the_status_that_was_asked_for_only_where_it_may(world, way, wanted):
    for status in ScheduledStatus:
        order = make_order(world["merchant"], status=OrderStatus.ACTIVE, anchor_at=clock.now(), next_sequence=2)
        key = make_row(world["merchant"], order, status=status)
        before = entries()
        done = ROW_CHANGES[way](world, order, key, wanted)
        after, may = str(reload_row(key).status), SET_TO[wanted].get(status)
        assert after == (may or status), (status, after)
        if way != "page":
            is_same = status == wanted and way != "verb"                      # asked for again, nothing happens
            assert done == (may is not None or is_same), status
        if may is None:
            assert (entries(), reload_row(key).version) == (before, 1), status


@pytest.mark.parametrize("wanted", sorted(set(map(str, ScheduledStatus)) - SET_TO.keys()))
@pytest.mark.parametrize("way", [way for way in ROW_CHANGES if way not in ONLY_SKIP])
def test_nobody_says_what_only_a_payment_decides(world, way, wanted):
    order = make_order(world["merchant"], status=OrderStatus.ACTIVE, anchor_at=clock.now(), next_sequence=2)
    key = make_row(world["merchant"], order)
    assert not ROW_CHANGES[way](world, order, key, wanted)
    assert (str(reload_row(key).status), reload_row(key).version) == ("scheduled", 1)


@pytest.fixture
def paid(world):
    """An order of the test world with a payment to come."""
    return paying.active(world["merchant"])


def stand(order, status, row_status=None):
    """Give the order and its payments these statuses, as if nothing else had happened."""
    with transaction():
        due = clock.now() - timedelta(minutes=1)
        db.session.execute(delete(Payment))
        db.session.execute(update(Order).where(Order.id == order).values(status=status, paused_at=due))
        db.session.execute(delete(ScheduledPayment).where(ScheduledPayment.sequence > 1))
        db.session.execute(update(ScheduledPayment).where(ScheduledPayment.sequence == 1).values(
            status=row_status or ScheduledStatus.SCHEDULED, due_at=due, collect_at=due, paid_minor=0,
            retry_count=0, declined_at=None))


@pytest.mark.parametrize("status", OrderStatus)
def test_the_worker_asks_for_nothing_but_what_waits_of_an_order_that_is_collected(paid, status):
    for row in ScheduledStatus:
        stand(paid, status, row)
        Collector().round()
        assert cast.count(Payment) == ((status, row) in COLLECTED), row


@pytest.mark.parametrize("verb", ["execute", "retry"])
def test_a_person_collects_only_what_may_be_collected(app, world, paid, verb):
    user = cast.make_user("test@alder.example", merchant_ids=[world["merchant"]])
    from_state = {"execute": ("scheduled",), "retry": ("soft-declined", "hard-declined")}[verb]
    program = Program(app, token_for_tests(user))
    row = paying.rows(paid)[1].id
    for status in OrderStatus:
        for row_status in ScheduledStatus:
            stand(paid, status, row_status)
            answer = program.rpc(f"scheduled_payments.{verb}", {"id": row})
            may = row_status in from_state and status in ("active", "failed", "suspended", "review")
            assert ("result" in answer) == may, (status, row_status, answer)
            assert cast.count(Payment) == may, (status, row_status)


@pytest.mark.parametrize("status", OrderStatus)
def test_a_customer_pays_only_an_order_that_waits_for_it(app, world, status):
    order = paying.make_order(world["merchant"])
    with transaction():
        db.session.execute(update(Order).where(Order.id == order).values(status=status, anchor_at=clock.now()))
    browser = app.test_client(use_cookies=False)
    reply = browser.post(f"/pay/{vault.decrypt(paying.of(order).link_token)}", data={"method": "test"})
    may = status in ("pending", "rejected", *BY_HAND)
    assert cast.count(Payment) == may, reply.status_code
    assert ("/pay/test/" in reply.headers.get("Location", "")) == may
    assert paying.of(order).status is status
