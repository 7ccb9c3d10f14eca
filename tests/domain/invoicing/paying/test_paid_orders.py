"""What an order and its invoice both bill is collected once, whichever of the two is paid, and however."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select

from database import db, transaction
from domain import clock, inputs
from domain.errors import Conflict
from domain.invoicing.paying import (
    card_charges,
    credit_balances,
    invoice_checkouts,
    invoice_links,
    paid_orders,
    recording,
    unpaid,
)
from domain.payments import booking, locking, paying_off
from domain.payments import paying as by_person
from domain.payments.bank import manual_payments
from domain.payments.checkout import budget_orders, checkouts
from domain.payments.gateways import Answer, Outcome
from domain.sales.budgets.budgets import LISTING as BUDGETS
from domain.sales.orders import orders
from models.invoice import InvoiceStatus
from models.order import ScheduledPayment
from models.payment import Payment, PaymentStatus
from outbound.payments import collecting, gateway_calls
from tests import cast, paying
from tests.domain.invoicing.paying.money import check_sums, give_back, status
from tests.domain.invoicing.sources.test_made_from import approved_budget, make
from tests.invoicing import actor_of, issue, locked, of

S = PaymentStatus


@pytest.fixture
def alder():
    return cast.make_merchant("Alder & Sons")


def bill(order_id):
    """The id of the issued invoice of an order."""
    key = make(actor_of(paying.of(order_id).merchant_id, test=True), order_id=order_id)
    issue(key, test=True)
    return key


def instalments(alder, **more):
    """The id of a pending order of 120.00, in a first payment and three others."""
    return paying.make_order(alder, "instalment", "120.00", **{"email": "ada@example.org"} | more)


def started(alder, **more):
    """The same, whose first payment was made by a card that pays what follows."""
    order = instalments(alder, **more)
    paying.pay(order)
    return order


def card_of(order_id):
    return paying.of(order_id).payment_method_id


def by_link(key):
    """Pay on the page of the gateway, under the link."""
    payment_id = opened(key)
    with transaction():
        payment = db.session.get(Payment, payment_id)
        booking.book(paying.SYSTEM, payment_id, Answer(
            outcome=Outcome.APPROVED, amount_minor=payment.amount_minor, currency=payment.currency))


def opened(key):
    """The id of a payment on the gateway's page that is not finished."""
    with transaction():
        own, invoice = locked(key, test=True)
        link = invoice_links.find(invoice_links.share(own, [invoice]))
        return invoice_checkouts.begin(own, invoice_links.locked(link.id), "test", "https://x.example").payment_id


def by_card(key):
    gateway_calls.finish(begun(key))


def begun(key):
    """A charge of the stored card whose row is committed; the gateway is not asked."""
    with transaction():
        own, invoice = locked(key, test=True)
        return card_charges.charge(own, invoice, inputs.parse(card_charges.CardInput, {}))


def by_hand(key, amount=None, *, gateway="manual"):
    """The id of a recorded payment."""
    minor = of(key).balance_minor if amount is None else amount
    with transaction():
        new = inputs.parse(recording.ReceiptInput, {
            "amount": Decimal(minor) / 100, "invoice_ids": [key], "gateway": gateway})
        return recording.record(actor_of(of(key).merchant_id, test=True), new).id


def by_credit(key):
    invoice = of(key)
    with transaction():
        own = actor_of(invoice.merchant_id, test=True)
        recording.record(own, inputs.parse(recording.ReceiptInput, {
            "amount": Decimal(invoice.balance_minor) / 100, "customer_id": invoice.customer_id, "currency": "EUR"}))
    with transaction():
        own, invoice = locked(key, test=True)
        credit_balances.use(own, invoice, credit_balances.CreditUse())


DOORS = [by_link, by_card, by_hand, by_credit]


def days_later(days=400):
    """What the worker does on each day that something is due, until then."""
    end = clock.now() + timedelta(days=days)
    for month in range(1, days // 31 + 1):
        with time_machine.travel(end - timedelta(days=days - 31 * month), tick=False):
            paying.collect_due()


def taken(order_id):
    """What the order's own payments took, in all."""
    return sum(sum(amounts) for amounts in paying.charged(order_id).values())


def credit_of(order_id):
    return credit_balances.of(paying.of(order_id).customer_id, "EUR", test=True)


@pytest.mark.parametrize("door", DOORS)
def test_instalments_whose_invoice_was_paid_are_not_collected(alder, door):
    order = started(alder)
    first = taken(order)
    key = bill(order)
    assert of(key).balance_minor == 12000 - first
    door(key)
    assert (paying.of(order).status, status(key)[0]) == ("complete", InvoiceStatus.PAID)
    days_later()
    assert (taken(order), credit_of(order)) == (first, 0)
    check_sums()


@pytest.mark.parametrize("door", DOORS)
def test_the_period_of_a_subscription_that_its_invoice_paid_is_not_collected_and_the_next_one_is(alder, door):
    order = paying.active(alder)
    assert taken(order) == 1000
    door(bill_next(order, alder))
    assert paying.statuses(order)[:2] == ["complete", "complete"]
    assert paying.of(order).status == "active"
    days_later(40)
    assert taken(order) == 1000                              # of the first, before the invoice
    days_later(70)
    assert taken(order) == 2000
    check_sums()


def bill_next(order_id, alder):
    """The invoice of a period of an order whose first payment has an invoice of its own."""
    first = make(actor_of(alder, test=True), payment_id=paying.payments(order_id)[0].id)
    issue(first, test=True)
    return bill(order_id)


@pytest.mark.parametrize("door", [by_link, by_hand])
@pytest.mark.parametrize("billing", ["single_payment", "subscription", "instalment"])
def test_an_order_that_nobody_has_paid_goes_on_once_its_invoice_is_paid(alder, billing, door):
    order = paying.make_order(alder, billing, "120.00")
    door(bill(order))
    assert paying.of(order).status == ("active" if billing == "subscription" else "complete")
    row = paying.rows(order)[0]
    assert (row.paid_minor, row.status) == (row.amount_minor, "complete")
    with pytest.raises(Conflict):
        paying.pay(order)
    assert taken(order) == 0


def test_what_is_left_after_a_part_is_what_is_collected(alder):
    order = started(alder)
    key = bill(order)
    by_hand(key, 5000)
    assert [one.paid_minor for one in paying.rows(order)] == [0, 4000, 1000, 0]
    days_later()
    assert (taken(order), status(key)[0]) == (12000 - 5000, InvoiceStatus.PAID)
    assert (paying.of(order).status, credit_of(order)) == ("complete", 0)
    check_sums()


def test_the_orders_own_payments_pay_the_invoice_which_is_overdue_no_more(alder):
    order = paying.make_order(alder, "single_payment", "120.00")
    key = bill(order)
    paying.pay(order)
    assert (status(key)[0], taken(order)) == (InvoiceStatus.PAID, 12000)
    with time_machine.travel(clock.now() + timedelta(days=90), tick=False):
        assert unpaid.overdue(of(key).customer_id) == []
    with pytest.raises(Conflict, match="pen"):
        opened(key)


def test_a_draft_of_a_budget_takes_what_its_order_was_paid_when_it_is_issued(alder):
    budget, actor = approved_budget(alder), cast.actor_for(alder)
    key = make(actor, budget_id=budget)
    with transaction():
        order = budget_orders.convert(*BUDGETS.lock(actor, budget))
        row = db.session.scalar(select(ScheduledPayment).where(ScheduledPayment.order_id == order.id))
        manual_payments.record(actor, order, row, row.amount_minor, reference=None)
    issue(key)
    assert of(key).balance_minor == 0
    check_sums()


def test_an_order_that_is_made_of_a_budget_whose_invoice_was_paid_is_complete(alder):
    budget, actor = approved_budget(alder), cast.actor_for(alder)
    key = make(actor, budget_id=budget)
    issue(key)
    with transaction():
        recording.record(actor, inputs.parse(recording.ReceiptInput, {
            "amount": Decimal(of(key).total_minor) / 100, "invoice_ids": [key]}))
    with transaction():
        order = budget_orders.convert(*BUDGETS.lock(actor, budget)).id
    assert (paying.of(order).status, paying.statuses(order)) == ("complete", ["complete"])


def test_what_was_paid_back_is_owed_again_of_what_is_still_open(alder):
    order = started(alder)
    key = bill(order)
    payment = by_hand(key, 2000)
    assert paying.rows(order)[1].paid_minor == 2000
    give_back(payment)
    assert paying.rows(order)[1].paid_minor == 0
    days_later()
    assert (taken(order), status(key)[1]) == (12000, 12000)


# Both at once -------------------------------------------------------------------------------------


def collect_next(order_id):
    """An attempt of the worker whose row is committed: the process ended before the gateway was asked."""
    row = next(one for one in paying.rows(order_id) if one.collect_at is not None)
    with time_machine.travel(row.collect_at + timedelta(hours=1), tick=False), transaction():
        return collecting.begin(*locking.lock_row(row.id))


def after(**time):
    return time_machine.travel(clock.now() + timedelta(**time), tick=False)


@pytest.mark.parametrize("begin", [opened, begun])
def test_while_the_invoice_is_being_paid_nothing_of_the_order_is_begun(alder, begin):
    order = started(alder)
    begin(key := bill(order))
    assert collect_next(order) is None
    row = next(one for one in paying.rows(order) if one.collect_at is not None)
    assert row.collect_at > row.due_at                       # later
    for attempt in (
        lambda own, order: by_person.execute(own, paying.rows_of(order.id)[1]),
        lambda own, order: paying_off.begin(own, order),
    ):
        with pytest.raises(Conflict, match="under way"), transaction():
            attempt(actor_of(alder, test=True), orders.locked(order))
    assert status(key)[1] == taken(order)


def test_while_the_first_payment_of_an_order_runs_its_invoice_waits_and_the_reverse(alder):
    order = paying.make_order(alder, "single_payment", "120.00")
    key = bill(order)
    with transaction():
        checkouts.begin(actor_of(alder, test=True), orders.locked(order), "test", "https://x.example")
    for begin in (opened, begun):
        with pytest.raises(Conflict):
            begin(key)
    other = paying.make_order(alder, "single_payment", "120.00", customer_name="Bea", email="bea@example.org")
    opened(bill(other))
    with pytest.raises(Conflict, match="under way"), transaction():
        checkouts.begin(actor_of(alder, test=True), orders.locked(other), "test", "https://x.example")


def test_while_the_order_is_being_collected_its_invoice_waits(alder):
    order = started(alder)
    key = bill(order)
    attempt = collect_next(order)
    for begin in (opened, begun):
        with pytest.raises(Conflict, match="under way"):
            begin(key)
    gateway_calls.finish(attempt)
    by_link(key)
    days_later()
    assert (paying.of(order).status, status(key)[2], credit_of(order)) == ("complete", 0, 0)
    check_sums()


def test_a_transfer_that_comes_while_the_order_is_collected_makes_the_surplus_credit(alder):
    order = started(alder)
    first = taken(order)
    key = bill(order)
    attempt = collect_next(order)
    by_hand(key)
    gateway_calls.finish(attempt)
    amount = attempt.request.amount_minor
    assert (taken(order), credit_of(order)) == (first + amount, amount)
    assert (paying.of(order).status, status(key)[2]) == ("complete", 0)
    days_later()
    assert taken(order) == first + amount
    check_sums()


def test_a_transfer_that_comes_while_a_card_is_declined_settles_the_payment(alder):
    order = started(alder)
    paying.change(order, "test_soft_decline")
    first = taken(order)
    key = bill(order)
    attempt = collect_next(order)
    by_hand(key)
    gateway_calls.finish(attempt)
    assert (paying.of(order).status, taken(order), credit_of(order)) == ("complete", first, 0)


def test_an_attempt_that_never_arrived_is_not_made_once_the_invoice_was_paid(alder):
    order = started(alder)
    first = taken(order)
    key = bill(order)
    attempt = collect_next(order)
    by_hand(key)
    with after(days=100):
        paying.collect_due()
    assert db.session.get(Payment, attempt.payment_id).status is S.DECLINED
    assert (taken(order), paying.of(order).status, credit_of(order)) == (first, "complete", 0)


def test_what_is_left_after_an_attempt_that_never_arrived_is_collected(alder):
    order = started(alder)
    key = bill(order)
    collect_next(order)
    by_hand(key, of(key).balance_minor - 500)
    with after(days=100):
        paying.collect_due()
        paying.collect_due()
    assert (paying.of(order).status, status(key)[2], credit_of(order)) == ("complete", 0, 0)
    check_sums()


def test_a_charge_of_the_invoice_that_never_arrived_is_made_later_and_the_order_waits(alder):
    order = started(alder)
    first = taken(order)
    key = bill(order)
    begun(key)
    assert collect_next(order) is None
    with after(minutes=6):
        while collecting.look_up_due():
            pass
    assert (status(key)[2], paying.of(order).status) == (0, "complete")
    days_later()
    assert taken(order) == first


def test_what_was_paid_while_the_order_was_locked_is_counted_by_the_worker(alder, monkeypatch):
    order = started(alder)
    key = bill(order)
    lock = locking.lock
    monkeypatch.setattr(locking, "lock", lambda model, key, *, skip=False: None if skip else lock(model, key))
    by_hand(key)
    assert (paying.of(order).status, of(key).to_count) == ("active", True)
    monkeypatch.undo()
    with transaction():
        assert paid_orders.count_next() == 1
    with transaction():
        assert paid_orders.count_next() == 0
    assert (paying.of(order).status, of(key).to_count) == ("complete", False)


def test_before_anything_is_collected_it_is_counted_in_any_case(alder, monkeypatch):
    order = started(alder)
    first = taken(order)
    key = bill(order)
    monkeypatch.setattr(paid_orders, "follow", lambda *_: None)
    by_hand(key)
    monkeypatch.undo()
    days_later()
    assert (taken(order), paying.of(order).status) == (first, "complete")


def test_an_invoice_takes_no_payments_of_other_orders(alder):
    birch = cast.make_merchant("Birch")
    others = [paying.active(alder, email="bea@example.org"), started(birch)]
    own = started(alder, initial=30)
    paid = sum(one.amount_minor for one in paying.payments(own))
    key = bill(own)
    assert (of(key).paid_minor, of(key).balance_minor) == (paid, of(key).total_minor - paid)
    assert sum(one.allocated_minor for other in others for one in paying.payments(other)) == 0
