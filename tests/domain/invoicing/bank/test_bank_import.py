"""Movements of a bank account are matched by reference and amount: booked when that is sure, shown when it is not."""

import dataclasses
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from database import db, transaction
from domain import inputs
from domain.errors import Conflict, Invalid, NotFound
from domain.invoicing.bank import bank_booking, bank_import
from domain.invoicing.bank.bank_statement_rows import LISTING, StatementRowInput, update
from domain.pages import Query
from domain.payments.bank import manual_payments
from domain.payments.bank.creditor_references import Reference
from domain.payments.schedule import scheduled_status
from models.audit import AuditEntry
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus
from models.payment import Payment, PaymentReason, PaymentStatus, Refund
from models.statement_row import StatementRow, StatementState
from tests import cast
from tests.cast import actor_for
from tests.domain.payments.bank.formats.camt_files import document, entry, import_file
from tests.domain.payments.bank.formats.camt_files import transaction as details
from tests.domain.payments.orders.test_ordering import act as act_on_order
from tests.domain.payments.orders.test_ordering import declined, order, product

S, B = ScheduledStatus, StatementState


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def who(alder):
    return actor_for(alder)


@pytest.fixture
def lamp(alder, who):
    """A pending order of 12.50."""
    return order(who, cast.make_customer(alder), product(alder, "single_payment", Decimal("12.5")))


@pytest.fixture
def instalments(alder, who):
    """100.00 in four instalments of 25.00, pending."""
    customer = cast.make_customer(alder)
    return order(who, customer, product(alder, "instalment", 100), instalments=4, interval_unit="MONTH")


def paying(order_id, amount="12.50", sequence=None, **more):
    """An entry that pays an order."""
    return entry(amount, details(f"Invoice {Reference(order_id, sequence).printed}", name="Ann"), **more)


def read(who, *entries, name="november.xml", **more):
    return import_file(who, document(*entries, **more), name)


def csv(who, text):
    return import_file(who, text.encode(), "november.csv")


def movements():
    return list(db.session.scalars(select(StatementRow).order_by(StatementRow.id)))


def only():
    found = movements()
    assert len(found) == 1
    return found[0]


def payments():
    return list(db.session.scalars(select(Payment).order_by(Payment.id)))


def scheduled(order_id, sequence=0):
    statement = select(ScheduledPayment).where(ScheduledPayment.order_id == order_id)
    return db.session.execute(statement.where(ScheduledPayment.sequence == sequence)).scalar_one()


def counts(done):
    return {name: value for name, value in dataclasses.asdict(done).items() if value}


def act(who, run, movement, *more):
    with transaction():
        own, row = LISTING.lock(who, movement.id)
        run(own, row, *more)


def assign(who, movement, row):
    changes = inputs.changes(StatementRowInput, {"scheduled_payment_id": row.id})
    act(who, update, movement, changes)


def record(who, row_id, minor):
    with transaction():
        manual_payments.record(who, *manual_payments.locked(row_id), minor, reference=None)


def test_a_transfer_with_reference_and_amount_pays_its_order(who, lamp):
    assert counts(read(who, paying(lamp, bank_id="A1"))) == {"read": 1, "booked": 1}
    payment, movement = payments()[0], only()
    assert (payment.gateway, payment.status, payment.reason) == ("manual", PaymentStatus.APPROVED, PaymentReason.MANUAL)
    assert (payment.amount_minor, payment.order_id, payment.decline) == (1250, lamp, None)
    assert (movement.state, movement.payment_id, movement.reason) == (B.BOOKED, payment.id, None)
    assert scheduled(lamp).status is S.COMPLETE
    assert db.session.get(Order, lamp).status is OrderStatus.COMPLETE


def test_the_same_statement_read_twice_books_nothing_twice(who, lamp):
    read(who, paying(lamp), entry("7.00"), entry("1.00", direction="DBIT"))
    again = read(who, paying(lamp), entry("7.00"), entry("1.00", direction="DBIT"), name="again.xml")
    assert counts(again) == {"read": 3, "known": 3}
    assert (len(payments()), len(movements())) == (1, 3)


def test_a_longer_statement_books_only_what_is_new(who, lamp, instalments):
    read(who, paying(lamp, bank_id="A1"))
    done = read(who, paying(instalments, "25.00", sequence=1, bank_id="A0"), paying(lamp, bank_id="A1"), version="02")
    assert counts(done) == {"read": 2, "booked": 1, "known": 1}


def test_a_transfer_to_a_period_pays_that_period_and_one_to_the_order_the_only_one_that_fits(who, instalments):
    read(who, paying(instalments, "25.00", sequence=2))
    assert [scheduled(instalments, number).status for number in (1, 2)] == [S.SCHEDULED, S.COMPLETE]


def test_money_out_is_ignored_and_pending_money_is_left_for_later(who, lamp):
    done = read(who, paying(lamp, direction="DBIT"), paying(lamp, status="PDNG"))
    assert counts(done) == {"read": 1, "ignored": 1, "pending": 1}
    assert payments() == []


@pytest.mark.parametrize(("amount", "said"), [("12.49", "12.50 EUR is open"), ("99.00", "12.50 EUR is open")])
def test_another_amount_is_shown_with_what_is_open(who, lamp, amount, said):
    assert counts(read(who, paying(lamp, amount))) == {"read": 1, "unsure": 1}
    assert said in only().reason
    assert (only().scheduled_payment_id, payments()) == (scheduled(lamp).id, [])


def test_an_amount_without_a_reference_is_suggested_never_booked(who, lamp):
    read(who, entry("12.50", details("thank you")))
    assert (only().state, only().scheduled_payment_id) == (B.UNSURE, scheduled(lamp).id)
    assert "no reference" in only().reason
    assert payments() == []


def test_a_reference_of_nobody_and_an_amount_of_nobody_are_unsure(who, lamp):
    read(who, paying(lamp + 70), entry("77.00"))
    assert [one.state for one in movements()] == [B.UNSURE, B.UNSURE]
    assert "of no order here" in movements()[0].reason
    assert "no open payment" in movements()[1].reason


def test_several_payments_of_the_amount_are_not_chosen_from(who, instalments):
    read(who, paying(instalments, "25.00"))
    assert "has 4 open payments of this amount" in only().reason
    assert payments() == []


def test_what_is_paid_already_or_was_cancelled_is_unsure(alder, who, lamp):
    read(who, paying(lamp))
    other = order(who, cast.make_customer(alder), product(alder, "single_payment", Decimal("12.5")))
    act_on_order(who, other, "cancel")
    read(who, paying(lamp, day="2026-11-09"), paying(other, day="2026-11-09"))
    assert [one.state for one in movements()] == [B.BOOKED, B.UNSURE, B.UNSURE]
    assert f"Order {lamp} is complete" in movements()[1].reason
    assert f"Order {other} is cancelled" in movements()[2].reason


def test_several_orders_another_currency_and_reversals_are_unsure(alder, who, lamp):
    other = order(who, cast.make_customer(alder), product(alder, "single_payment", Decimal("12.5")))
    both = entry("25.00", details(f"{Reference(lamp).text} {Reference(other).text}"))
    read(who, both, paying(lamp, currency="USD"), paying(lamp, more="<RvslInd>true</RvslInd>"))
    assert [one.state for one in movements()] == [B.UNSURE] * 3
    assert "several orders" in movements()[0].reason
    assert "is in EUR" in movements()[1].reason
    assert "reversed" in movements()[2].reason


def test_the_same_movement_in_a_file_of_another_form_is_not_booked_to_the_same_order_again(who, instalments):
    read(who, paying(instalments, "25.00", sequence=1))
    text = Reference(instalments, 2).text
    done = csv(who, f"Date;Amount;Currency;Description\n2026-11-02;25.00;EUR;{text}\n")
    assert counts(done) == {"read": 1, "unsure": 1}
    assert "Another file" in movements()[1].reason


def test_a_bad_file_stores_nothing(who, lamp):
    with pytest.raises(Invalid):
        read(who, paying(lamp), entry("1,5"))
    assert (movements(), payments()) == ([], [])


def test_merchants_and_worlds_do_not_see_each_others_orders_and_movements(who, lamp):
    birch = actor_for(cast.make_merchant("Birch"))
    assert counts(read(birch, paying(lamp))) == {"read": 1, "unsure": 1}
    assert counts(read(who.in_world(test=True), paying(lamp))) == {"read": 1, "unsure": 1}
    assert counts(read(who, paying(lamp))) == {"read": 1, "booked": 1}
    assert LISTING.page(birch, Query()).total == 1
    with pytest.raises(NotFound):
        LISTING.get(birch, movements()[-1].id)


def test_accounts_of_payers_are_kept_without_their_middle(who, lamp):
    account = "<RltdPties><DbtrAcct><Id><IBAN>NL91ABNA0417164300</IBAN></Id></DbtrAcct></RltdPties>"
    read(who, entry("1.00", details(more=account)))
    assert only().payer_account == "NL91…4300"


# By hand ----------------------------------------------------------------------------------------------


def test_a_suggestion_is_booked_by_hand(who, lamp):
    read(who, entry("12.50"))
    act(who, bank_booking.book, only())
    assert (only().state, len(payments()), scheduled(lamp).status) == (B.BOOKED, 1, S.COMPLETE)
    with pytest.raises(Conflict):
        act(who, bank_booking.book, only())


def test_less_than_is_open_leaves_the_rest_open(who, lamp):
    read(who, paying(lamp, "10.00"))
    act(who, bank_booking.book, only())
    row = scheduled(lamp)
    assert (row.paid_minor, row.status) == (1000, S.SCHEDULED)
    assert counts(read(who, paying(lamp, "2.50"))) == {"read": 1, "booked": 1}
    assert (scheduled(lamp).status, db.session.get(Order, lamp).status) == (S.COMPLETE, OrderStatus.COMPLETE)


def test_more_than_an_instalment_order_costs_is_reviewed(who, instalments):
    for sequence in (1, 2, 3):
        read(who, paying(instalments, "25.00", sequence=sequence, day=f"2026-11-0{sequence}"))
    read(who, paying(instalments, "26.00", sequence=4))
    act(who, bank_booking.book, movements()[-1])
    assert scheduled(instalments, 4).paid_minor == 2600
    assert db.session.get(Order, instalments).status is OrderStatus.REVIEW


def test_a_movement_is_assigned_to_a_scheduled_payment_and_only_to_ones_own(who, lamp):
    birch = cast.make_merchant("Birch")
    theirs = order(actor_for(birch), cast.make_customer(birch), product(birch, "single_payment", 5))
    read(who, entry("3.00"))
    with pytest.raises(Invalid) as error:
        assign(who, only(), scheduled(theirs))
    assert set(error.value.fields) == {"scheduled_payment_id"}
    assign(who, only(), scheduled(lamp))
    assert (only().state, scheduled(lamp).paid_minor) == (B.BOOKED, 300)


def test_a_movement_without_a_payment_named_is_not_booked(who, lamp):
    read(who, entry("77.00"))
    with pytest.raises(Conflict, match="Choose what this money pays"):
        act(who, bank_booking.book, only())


def test_a_booking_is_taken_back_and_made_again(who, lamp, instalments):
    read(who, paying(lamp, "10.00"))
    act(who, bank_booking.book, only())
    act(who, bank_booking.unbook, only())
    assert (only().state, only().payment_id, scheduled(lamp).paid_minor) == (B.UNSURE, None, 0)
    assert [one.refunded_minor for one in payments()] == [1000]
    assert db.session.scalar(select(func.sum(Refund.amount_minor))) == 1000
    assign(who, only(), scheduled(instalments, 1))
    assert [one.order_id for one in payments()] == [lamp, instalments]


def test_what_was_completed_by_a_booking_stays_complete_when_it_is_taken_back(who, lamp):
    read(who, paying(lamp))
    act(who, bank_booking.unbook, only())
    assert (scheduled(lamp).status, scheduled(lamp).paid_minor) == (S.COMPLETE, 1250)
    with pytest.raises(Conflict):
        act(who, bank_booking.unbook, only())


def test_a_movement_is_set_aside_and_looked_at_again(who, lamp):
    read(who, entry("12.50"))
    act(who, bank_booking.ignore, only())
    assert only().state is B.IGNORED
    act(who, bank_booking.reopen, only())
    assert (only().state, only().scheduled_payment_id) == (B.UNSURE, scheduled(lamp).id)


@pytest.mark.parametrize("status", [S.PROCESSING, S.SKIPPED, S.CANCELLED])
def test_nothing_is_recorded_for_a_row_that_is_collected_or_ended(who, instalments, status):
    row_id = scheduled(instalments, 2).id
    with transaction():
        scheduled_status.move(who, manual_payments.locked(row_id)[1], status)
    with pytest.raises(Conflict):
        record(who, row_id, 100)
    assert payments() == []


def test_the_trail_tells_what_was_read_booked_and_taken_back(who, lamp):
    read(who, paying(lamp, "10.00"))
    act(who, bank_booking.book, only())
    act(who, bank_booking.unbook, only())
    told = set(db.session.scalars(select(AuditEntry.action)))
    assert {"statement_row.imported", "statement_row.booked", "statement_row.unbooked", "payment.refunded"} <= told


def test_a_large_statement_is_stored_in_portions_and_goes_on_after_an_interruption(who, lamp, monkeypatch):
    monkeypatch.setattr(bank_import, "PORTION", 4)
    raw = document(*[entry(f"{number}.00") for number in range(1, 11)], paying(lamp))
    statement = bank_import.read(who, raw, "november.xml")
    sizes = [len(rows) for rows in statement.portions()]
    assert sizes == [4, 4, 3]
    with transaction():
        assert counts(bank_import.store(who, statement, next(statement.portions()))) == {"read": 4, "unsure": 4}
    assert counts(import_file(who, raw)) == {"read": 11, "booked": 1, "unsure": 6, "known": 4}
    assert counts(import_file(who, raw)) == {"read": 11, "known": 11}


def test_what_was_declined_recovers_when_its_money_arrives_also_after_it_was_scheduled_again(who, instalments):
    read(who, paying(instalments, "25.00", sequence=1))
    for sequence in (2, 3):
        declined(who, instalments, sequence)
    with transaction():
        scheduled_status.move(who, manual_payments.locked(scheduled(instalments, 3).id)[1], S.SCHEDULED)
    for sequence in (2, 3):
        read(who, paying(instalments, "25.00", sequence=sequence, day=f"2026-11-1{sequence}"))
    assert [scheduled(instalments, sequence).status for sequence in (2, 3)] == [S.RECOVERED, S.RECOVERED]
    assert db.session.get(Order, instalments).status is OrderStatus.ACTIVE
