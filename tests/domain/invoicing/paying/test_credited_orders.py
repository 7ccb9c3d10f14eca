"""What is credited of an order's invoice is not collected: the schedule is lowered, or the customer has credit."""

import pytest

from database import db, transaction
from domain.invoicing.paying import paid_orders
from domain.payments import locking, paying_off
from domain.payments import paying as by_person
from domain.sales.orders import orders
from models.invoice import InvoiceStatus
from models.payment import Payment
from outbound.payments import collecting, gateway_calls
from tests import cast, paying
from tests.domain.invoicing.paying.money import check_sums, status
from tests.domain.invoicing.paying.test_paid_orders import (
    after,
    bill,
    bill_next,
    by_hand,
    collect_next,
    credit_of,
    days_later,
    started,
    taken,
)
from tests.invoicing import actor_of, credit, of


@pytest.fixture
def alder():
    return cast.make_merchant("Alder & Sons")


def credit_some(key, net):
    """The id of a credit note over so much, without its tax, of the first line."""
    item = of(key).items[0]
    return credit(key, [{"item_id": item.id, "amount": net}], test=True)


def owed(order):
    return [one.amount_minor - one.paid_minor if one.status in ("scheduled", "soft-declined") else 0
            for one in paying.rows(order)]


def test_the_last_instalments_are_lowered_first_and_what_is_left_is_collected(alder):
    order = started(alder)
    key = bill(order)
    credit_some(key, 50)
    assert (owed(order), paying.statuses(order)[3]) == ([0, 4000, 3000, 0], "cancelled")
    assert (paying.of(order).total_minor, of(key).balance_minor, of(key).to_lower_minor) == (7000, 7000, 0)
    days_later()
    assert (taken(order), status(key)[:2], credit_of(order)) == (7000, (InvoiceStatus.PAID, 7000), 0)
    assert paying.of(order).status == "complete"
    check_sums()


def test_a_credit_over_all_ends_the_plan(alder):
    order = started(alder)
    key = bill(order)
    credit(key, test=True)
    assert (paying.of(order).status, set(paying.statuses(order)[1:])) == ("complete", {"cancelled"})
    days_later()
    assert (taken(order), status(key)[0]) == (0, InvoiceStatus.CANCELLED)


def test_what_was_paid_already_is_the_customers_credit(alder):
    order = started(alder, initial=90)
    key = bill(order)
    credit_some(key, 50)
    assert (paying.of(order).status, owed(order)) == ("complete", [0, 0, 0, 0])
    assert (of(key).balance_minor, credit_of(order)) == (-2000, 2000)
    days_later()
    assert taken(order) == 9000
    check_sums()


def test_of_a_schedule_that_was_paid_nothing_is_lowered(alder):
    order = started(alder)
    key = bill(order)
    days_later()
    credit_some(key, 50)
    assert (paying.of(order).total_minor, credit_of(order), of(key).to_lower_minor) == (12000, 5000, 0)


@pytest.mark.parametrize("billing", ["single_payment", "instalment"])
def test_an_order_that_nobody_has_paid_asks_for_less_and_is_cancelled_with_all_of_it(alder, billing):
    order = paying.make_order(alder, billing, "120.00", **({"initial": 60} if billing == "instalment" else {}))
    key = bill(order)
    credit_some(key, 70)
    assert (sum(owed(order)), paying.of(order).status) == (5000, "pending")
    assert paying.rows(order)[0].amount_minor == 5000
    credit(key, test=True)
    assert (paying.of(order).status, sum(owed(order))) == ("cancelled", 0)


def test_an_order_that_asks_for_less_is_paid_with_that(alder):
    order = paying.make_order(alder, "single_payment", "120.00")
    key = bill(order)
    credit_some(key, 70)
    paying.pay(order)
    assert (taken(order), paying.of(order).status, status(key)[0]) == (5000, "complete", InvoiceStatus.PAID)
    check_sums()


def test_of_a_subscription_the_period_that_the_invoice_bills_is_lowered_and_no_later_one(alder):
    order = paying.active(alder)
    key = bill_next(order, alder)
    credit_some(key, 4)
    assert (owed(order)[1], paying.of(order).later_minor) == (600, 1000)
    days_later(70)
    assert [sum(amounts) for amounts in paying.charged(order).values()] == [1000, 600, 1000]
    check_sums()


def test_a_period_of_a_subscription_that_was_credited_is_passed_over(alder):
    order = paying.active(alder)
    credit(bill_next(order, alder), test=True)
    assert paying.statuses(order) == ["complete", "cancelled", "scheduled"]
    days_later(70)
    assert [sum(amounts) for amounts in paying.charged(order).values()] == [1000, 1000]


def test_a_part_that_was_paid_is_kept_and_its_payment_is_complete_with_the_credit(alder):
    order = started(alder)
    key = bill(order)
    by_hand(key, 1000)
    credit_some(key, 110)
    assert (paying.statuses(order)[1], paying.of(order).status) == ("complete", "complete")
    assert (status(key)[0], credit_of(order)) == (InvoiceStatus.PAID, 0)
    check_sums()


# Both at once -------------------------------------------------------------------------------------


def test_what_is_being_collected_when_it_is_credited_is_the_customers_credit(alder):
    order = started(alder)
    key = bill(order)
    attempt = collect_next(order)
    credit_some(key, 110)
    assert (owed(order), of(key).to_lower_minor) == ([0, 0, 0, 0], 3000)
    gateway_calls.finish(attempt)
    assert (taken(order), credit_of(order), of(key).to_lower_minor) == (4000, 3000, 0)
    assert paying.of(order).status == "complete"
    days_later()
    assert taken(order) == 4000
    check_sums()


def test_what_is_declined_after_it_was_credited_is_lowered(alder):
    order = started(alder)
    paying.change(order, "test_soft_decline")
    key = bill(order)
    attempt = collect_next(order)
    credit_some(key, 110)
    gateway_calls.finish(attempt)
    assert owed(order) == [0, 1000, 0, 0]
    paying.change(order, "test_ok")
    days_later()
    assert (taken(order), status(key)[0], credit_of(order)) == (1000, InvoiceStatus.PAID, 0)


def test_an_attempt_that_never_arrived_is_not_made_again_over_what_was_credited(alder):
    order = started(alder)
    key = bill(order)
    attempt = collect_next(order)
    credit_some(key, 110)
    with after(days=100):
        paying.collect_due()
        paying.collect_due()
    assert str(db.session.get(Payment, attempt.payment_id).status) == "declined"
    assert (taken(order), status(key)[0], paying.of(order).status) == (1000, InvoiceStatus.PAID, "complete")


def test_all_that_is_left_is_credited_while_it_is_paid_off(alder):
    order = started(alder)
    key = bill(order)
    with transaction():
        attempt = paying_off.begin(actor_of(alder, test=True), orders.locked(order))
    credit_some(key, 50)
    assert of(key).to_lower_minor == 5000
    gateway_calls.finish(attempt)
    assert (taken(order), credit_of(order), of(key).to_lower_minor) == (12000, 5000, 0)
    check_sums()


def test_what_was_credited_while_the_order_was_locked_is_lowered_by_the_worker(alder, monkeypatch):
    order = started(alder)
    key = bill(order)
    lock = locking.lock
    monkeypatch.setattr(locking, "lock", lambda model, key, *, skip=False: None if skip else lock(model, key))
    credit_some(key, 50)
    assert (of(key).to_count, of(key).to_lower_minor, owed(order)) == (True, 5000, [0, 4000, 4000, 4000])
    monkeypatch.undo()
    with transaction():
        assert paid_orders.count_next() == 1
    assert (of(key).to_count, of(key).to_lower_minor, owed(order)) == (False, 0, [0, 4000, 3000, 0])


def test_before_anything_is_collected_it_is_lowered_in_any_case(alder, monkeypatch):
    order = started(alder)
    key = bill(order)
    monkeypatch.setattr(locking, "lock", _nobody_skips(locking.lock))
    credit_some(key, 110)
    monkeypatch.undo()
    with transaction():
        attempt = by_person.execute(actor_of(alder, test=True), paying.rows_of(order)[1])
    gateway_calls.finish(attempt)
    assert (taken(order), of(key).to_lower_minor, credit_of(order)) == (1000, 0, 0)
    assert not collecting.Collector().round()


def _nobody_skips(lock):
    return lambda model, key, *, skip=False: None if skip else lock(model, key)
