"""What a bank takes back with a lost dispute is booked like a refund: on the payment, its invoices and in the books."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from database import db, transaction
from domain import clock
from domain.actor import Actor
from domain.invoicing.invoice_status import InvoiceStatus
from domain.payments import disputes, locking
from domain.payments.collecting import gateway_notifications
from domain.payments.gateways import DisputeNotice, Outcome
from domain.payments.reports import income
from domain.payments.reports.periods import Span
from models.books import BookEntry, BookKind
from models.payment import Dispute, DisputeStatus, Payment, Refund, RefundStatus
from tests import cast
from tests.domain.invoicing.paying.money import check_sums, credit_of, give_back, pay, status, use
from tests.invoicing import actor_of, make_issued, of

PAID = (InvoiceStatus.PAID, 12000, 0)
REFUNDED = (InvoiceStatus.REFUNDED, 0, 12000)


def notice(payment_id, status, minor=12000, currency="EUR", reference="dp_1"):
    """What a gateway tells of a dispute; the dispute's id."""
    told = DisputeNotice(reference=reference, amount_minor=minor, currency=currency, status=status)
    with transaction():
        payment = locking.lock_payment(payment_id)[2]
        return gateway_notifications.dispute(Actor.system(), payment, told, opened_at=clock.now()).id


def decide(merchant, dispute_id, verb):
    with transaction():
        verb(*disputes.LISTING.lock(actor_of(merchant), dispute_id))


def booked():
    """The kinds of the entries about refunds, in their order."""
    kinds = (BookKind.REFUND, BookKind.REFUND_FAILED)
    return list(db.session.scalars(select(BookEntry.kind).where(BookEntry.kind.in_(kinds)).order_by(BookEntry.id)))


def refunds():
    db.session.expire_all()
    found = db.session.scalars(select(Refund).order_by(Refund.id))
    return [(one.status, one.amount_minor, one.reason) for one in found]


@pytest.fixture
def invoice(alder):
    return make_issued(alder)


@pytest.fixture
def payment(alder, invoice):
    return pay(alder, 120, invoice)


def test_a_lost_dispute_takes_the_money_off_the_payment_its_invoice_and_the_books(alder, invoice, payment):
    key = notice(payment, DisputeStatus.OPEN)
    assert status(invoice) == PAID
    assert refunds() == []
    decide(alder, key, disputes.lose)
    assert status(invoice) == REFUNDED
    assert of(invoice).refunded_minor == 12000
    assert db.session.get(Payment, payment).refunded_minor == 12000
    assert refunds() == [(RefundStatus.APPROVED, 12000, "Dispute lost")]
    assert booked() == [BookKind.REFUND]
    check_sums()


def test_a_won_dispute_leaves_everything_as_it_is(alder, invoice, payment):
    decide(alder, notice(payment, DisputeStatus.OPEN), disputes.win)
    assert status(invoice) == PAID
    assert booked() == []


@pytest.mark.parametrize("first", [DisputeStatus.OPEN, DisputeStatus.LOST])
def test_a_gateway_tells_it_once_however_often_it_says_so(alder, invoice, payment, first):
    for told in (first, DisputeStatus.LOST, DisputeStatus.LOST, DisputeStatus.OPEN):
        notice(payment, told)
    assert db.session.query(Dispute).one().status is DisputeStatus.LOST
    assert len(refunds()) == 1
    assert status(invoice) == REFUNDED
    check_sums()


def test_what_was_decided_otherwise_comes_back_and_may_be_lost_again(alder, invoice, payment):
    key = notice(payment, DisputeStatus.LOST)
    notice(payment, DisputeStatus.WON)
    assert status(invoice) == PAID
    assert of(invoice).refunded_minor == 0
    decide(alder, key, disputes.reopen)
    assert refunds() == [(RefundStatus.DECLINED, 12000, "Dispute lost")]
    decide(alder, key, disputes.lose)
    assert status(invoice) == REFUNDED
    assert booked() == [BookKind.REFUND, BookKind.REFUND_FAILED, BookKind.REFUND]
    assert [one[0] for one in refunds()] == [RefundStatus.DECLINED, RefundStatus.APPROVED]
    check_sums()


def test_the_undo_of_a_person_gives_the_money_back_to_the_invoice(alder, invoice, payment):
    key = notice(payment, DisputeStatus.OPEN)
    action = disputes.RESOURCE.actions["lose"]
    decide(alder, key, action.run)
    decide(alder, key, lambda actor, row: action.undo(actor, row, {}))
    assert status(invoice) == PAID
    assert db.session.get(Payment, payment).refunded_minor == 0
    check_sums()


def test_no_more_is_taken_than_what_is_left_of_the_payment(alder, invoice, payment):
    give_back(payment, 100)
    notice(payment, DisputeStatus.LOST)
    assert db.session.get(Payment, payment).refunded_minor == 12000
    assert [one[1] for one in refunds()] == [10000, 2000]
    notice(payment, DisputeStatus.LOST, reference="dp_2")                 # nothing is left
    assert len(refunds()) == 2
    check_sums()


def test_a_refund_under_way_is_not_taken_twice(alder, invoice, payment):
    give_back(payment, 50, then=Outcome.PENDING)
    notice(payment, DisputeStatus.LOST)
    assert [one[1] for one in refunds()] == [5000, 7000]
    assert status(invoice)[1:] == (5000, 7000)


def test_a_part_that_is_disputed_opens_a_part_of_the_invoice(alder, invoice, payment):
    notice(payment, DisputeStatus.LOST, minor=2000)
    assert status(invoice)[1:] == (10000, 2000)
    assert db.session.get(Payment, payment).refunded_minor == 2000


def test_an_amount_in_another_currency_is_not_booked(alder, invoice, payment):
    notice(payment, DisputeStatus.LOST, currency="USD")
    assert status(invoice) == PAID
    assert refunds() == []


def test_the_credit_of_a_customer_is_taken_first(alder):
    who = cast.make_customer(alder)
    payment = pay(alder, 150, customer_id=who, currency="EUR")
    key = make_issued(alder, who)
    use(key)
    assert credit_of(who) == 3000
    notice(payment, DisputeStatus.LOST, minor=4000)
    assert credit_of(who) == 0
    assert status(key)[1:] == (11000, 1000)
    check_sums()


def test_the_income_of_the_day_is_less_by_it(alder, invoice, payment):
    notice(payment, DisputeStatus.LOST)
    now = clock.now()
    span = Span(now.date(), now - timedelta(hours=1), now + timedelta(hours=1))
    assert [(one.collected_minor, one.refunded_minor) for one in income.income(actor_of(alder), [span])] == [
        (12000, 12000)]
