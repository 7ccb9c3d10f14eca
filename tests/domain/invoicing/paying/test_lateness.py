"""An invoice that its order pays by its schedule is overdue by that, not by its own due date."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from database import db, transaction
from domain import clock
from domain.errors import Conflict
from domain.invoicing import invoice_facts, invoice_status, invoices_of_customer
from domain.invoicing.documents import invoice_document
from domain.invoicing.documents.layout import Layout
from domain.invoicing.invoice_listing import LISTING
from domain.invoicing.paying import lateness, next_payments, sending, unpaid
from domain.payments.bank import manual_payments
from domain.payments.checkout import budget_orders
from domain.payments.orders import order_verbs
from domain.payments.schedule import scheduled
from domain.people import merchants
from domain.sales.budgets.budgets import LISTING as BUDGETS
from domain.sales.orders import orders
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant
from tests import cast, paying
from tests.domain.hosting.test_unpaid_services import state, work
from tests.domain.invoicing.paying.test_paid_orders import bill, days_later, instalments, started
from tests.domain.invoicing.sources.test_made_from import approved_budget, make
from tests.invoicing import actor_of, issue, locked, make_issued, of

S = InvoiceStatus
SECOND = timedelta(seconds=1)


@pytest.fixture
def alder():
    return cast.make_merchant("Alder & Sons")


def rules(merchant, **more):
    given = {"invoice_reminders": "1: Please pay.\n8: Please pay now.", "unpaid_suspend_days": 3,
             "unpaid_stop_days": 3, "unpaid_throttle_days": 1} | more
    with transaction():
        merchants.update(cast.actor_for(merchant), db.session.get(Merchant, merchant), given)


def at(moment):
    return time_machine.travel(moment, tick=False)


def reads(key):
    """The status, as the program and as the database say."""
    found = invoice_status.of(of(key), clock.now())
    invoice = of(key)
    who = actor_of(invoice.merchant_id, test=invoice.test)
    assert LISTING.read(who, key).status == found
    return found


def remind():
    with transaction():
        return sending.remind_due()


def is_limited(key):
    invoice = of(key)
    return unpaid.of(invoice.customer_id, invoice.test) is not None


def end_of(moment):
    """The end of that day, where days are those of UTC."""
    return datetime.combine(moment.date(), datetime.max.time(), UTC).replace(microsecond=0) + SECOND


def by_transfer(alder, **more):
    """An order of instalments that goes on without a card, and its invoice."""
    order = instalments(alder, initial=30, **more)
    with transaction():
        row = paying.rows_of(order)[0]
        manual_payments.record(actor_of(alder, test=True), orders.locked(order), row, row.amount_minor, reference="1")
    return order, bill(order)


def row_now(order, number):
    return paying.rows(order)[number]


def test_while_instalments_are_collected_on_their_days_the_invoice_is_never_overdue(alder):
    rules(alder)
    order = started(alder)
    service = paying.active(alder, email="bea@example.org")
    with transaction():
        orders.locked(service).customer_id = paying.of(order).customer_id
    key, began = bill(order), clock.now()
    assert of(key).late_at is None
    for day in range(1, 80, 6):                              # its own date passes after 14 days
        with at(began + timedelta(days=day)):
            paying.collect_due()
            assert reads(key) in (S.UNPAID, S.PARTIALLY_PAID)
            assert (remind(), work(), is_limited(key)) == (0, (0, 0), False)
            assert unpaid.overdue(of(key).customer_id) == []
            assert [one.late for one in invoices_of_customer.owed(_customer(key), clock.now())] == [0]
            with pytest.raises(Conflict, match="not overdue"), transaction():
                sending.remind(*locked(key, test=True))
    assert of(key).overdue_at < began + timedelta(days=60)
    days_later()
    assert reads(key) is S.PAID


def _customer(key):
    invoice = of(key)
    return replace(actor_of(invoice.merchant_id, test=invoice.test), customer_id=invoice.customer_id)


def test_a_declined_instalment_makes_it_overdue_from_the_end_of_its_day_until_it_is_paid(alder):
    rules(alder)
    order = started(alder)
    service = paying.active(alder, email="bea@example.org")
    with transaction():
        orders.locked(service).customer_id = paying.of(order).customer_id
    paying.change(order, "test_soft_decline")
    key = bill(order)
    due = row_now(order, 1).due_at
    declined = due + timedelta(minutes=5)            # which may be the next day
    with at(declined):
        paying.collect_due()
        assert (paying.statuses(order)[1], reads(key)) == ("soft-declined", S.UNPAID)
    assert of(key).late_at == end_of(declined)
    with at(of(key).late_at):
        assert reads(key) is S.OVERDUE
        assert next_payments.of(of(key)).due_at == due
        assert remind() == 1
        assert unpaid.of(of(key).customer_id, True) is None
    with at(of(key).late_at + timedelta(days=3)):
        assert work()[0] == 1
        assert state(service)[0] == "suspended"
        assert is_limited(key)
        assert unpaid.of(of(key).customer_id, True).path() == next_payments.page_of(of(key))
        paying.change(order, "test_ok")
        with transaction():
            attempt = paying.rows_of(order)[1]
            attempt.collect_at = clock.now()
        paying.collect_due()
        assert (paying.statuses(order)[1], of(key).late_at, reads(key)) == ("recovered", None, S.PARTIALLY_PAID)
        assert (work(), state(service)[0], is_limited(key)) == ((0, 1), "active", False)
    assert of(key).reminded_days is None                     # the next late payment is reminded of anew


def test_without_a_card_each_payment_is_late_after_its_day(alder):
    rules(alder)
    order, key = by_transfer(alder)
    first = row_now(order, 1)
    assert of(key).late_at == end_of(first.due_at)
    with at(of(key).late_at - SECOND):
        assert (reads(key), remind()) == (S.PARTIALLY_PAID, 0)
    with at(of(key).late_at):
        assert (reads(key), remind()) == (S.OVERDUE, 1)
        found = next_payments.of(of(key))
        assert (found.minor, found.is_late, found.by_itself) == (first.amount_minor, True, False)
        with transaction():
            own, row = actor_of(alder, test=True), paying.rows_of(order)[1]
            manual_payments.record(own, orders.locked(order), row, row.amount_minor, reference="2")
        assert reads(key) is S.PARTIALLY_PAID
        assert of(key).late_at == end_of(row_now(order, 2).due_at)
        assert next_payments.of(of(key)).due_at == row_now(order, 2).due_at


def test_the_document_says_on_which_days_it_is_paid_in_parts(alder):
    order, key = by_transfer(alder)

    def layout():
        return Layout(invoice_document.document(invoice_facts.of_invoice(of(key))))

    open_rows = paying.rows(order)[1:]
    assert len(open_rows) > 1
    assert layout().strip()[1] == ("Next part", layout().formats.day(open_rows[0].due_at.date()))
    said = "; ".join(
        f"{layout().formats.money(row.amount_minor)} on {layout().formats.short_day(row.due_at.date())}"
        for row in open_rows)
    assert layout().texts()["notes"][0] == f"This invoice is paid in parts, as agreed: {said}."
    with transaction():
        order_verbs.cancel(actor_of(alder, test=True), orders.locked(order))
    assert layout().strip()[1] == ("Due", layout().formats.day(of(key).due_on))
    assert not any("in parts" in note for note in layout().texts()["notes"])


def test_another_day_for_a_payment_is_another_day_for_the_invoice(alder):
    order, key = by_transfer(alder)
    later = row_now(order, 1).due_at + timedelta(days=9)
    with transaction():
        scheduled.reschedule(actor_of(alder, test=True), paying.rows_of(order)[1], later)
    assert of(key).late_at == end_of(later)


def test_before_the_order_is_begun_the_invoices_own_date_counts(alder):
    order = instalments(alder)
    key = bill(order)
    assert of(key).late_at == of(key).overdue_at
    assert next_payments.of(of(key)) is None
    paying.pay(order)
    assert of(key).late_at is None


def test_a_subscription_that_pauses_makes_nothing_late_and_what_is_left_at_its_end_is(alder):
    order = paying.active(alder)
    first = make(actor_of(alder, test=True), payment_id=paying.payments(order)[0].id)
    issue(first, test=True)
    key = bill(order)
    with transaction():
        paying.of(order)
        order_verbs.pause(actor_of(alder, test=True), orders.locked(order))
    assert of(key).late_at is None
    end = clock.now() + timedelta(days=100)
    with at(end), transaction():
        order_verbs.cancel(actor_of(alder, test=True), orders.locked(order))
    assert (paying.of(order).status, of(key).late_at) == ("complete", end_of(end))


def test_an_invoice_that_is_issued_after_the_decline_is_late_after_its_own_day(alder):
    order = started(alder)
    paying.change(order, "test_hard_decline")
    due = row_now(order, 1).due_at
    with at(due + timedelta(minutes=5)):
        paying.collect_due()
    with at(due + timedelta(days=20)):
        key = bill(order)
        assert of(key).late_at == end_of(clock.now())


def test_the_invoice_of_a_budget_follows_the_order_that_is_made_of_it(alder):
    budget, actor = approved_budget(alder), cast.actor_for(alder)
    key = make(actor, budget_id=budget)
    issue(key)
    with transaction():
        order = budget_orders.convert(*BUDGETS.lock(actor, budget)).id
    assert lateness.order_of(of(key)).id == order
    assert of(key).late_at == of(key).overdue_at
    with transaction():
        order_verbs.cancel(actor, orders.locked(order))
    assert lateness.order_of(of(key)) is None


def test_an_invoice_without_an_order_is_late_by_its_date(alder):
    key = make_issued(alder)
    assert of(key).late_at == of(key).overdue_at
    assert (lateness.order_of(of(key)), next_payments.of(of(key))) == (None, None)


def test_a_change_that_is_taken_back_leaves_nothing_to_be_done(alder):
    order, key = by_transfer(alder)
    before = of(key).late_at

    def move_and_fail():
        with transaction():
            scheduled.reschedule(actor_of(alder, test=True), paying.rows_of(order)[1], before + timedelta(days=9))
            raise RuntimeError("taken back")

    with pytest.raises(RuntimeError, match="taken back"):
        move_and_fail()
    assert lateness.CHANGED not in db.session.info
    assert of(key).late_at == before


def test_the_order_of_a_test_clock_is_late_when_its_payment_is_late_there(alder):
    clock_id = paying.make_clock(alder)
    order = paying.make_order(alder, "instalment", "120.00", clock_id, initial=30)
    with transaction():
        row = paying.rows_of(order)[0]
        manual_payments.record(actor_of(alder, test=True), orders.locked(order), row, row.amount_minor, reference="1")
    key = bill(order)
    assert of(key).late_at is None
    with transaction():
        db.session.get(Invoice, key)
        paying.clock(clock_id).now_at = row_now(order, 1).due_at + timedelta(days=2)
        lateness.keep(orders.locked(order))
    assert reads(key) is S.OVERDUE
