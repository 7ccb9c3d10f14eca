"""Movements of bank accounts pay the invoices whose numbers they name: booked when sure, shown when not."""

from datetime import timedelta
from decimal import Decimal

import pytest

from database import db, transaction
from domain import clock, inputs
from domain.errors import Conflict, Invalid
from domain.invoicing.bank import bank_booking, bank_invoices
from domain.invoicing.bank.bank_statement_rows import RESOURCE, StatementRowInput, update
from domain.invoicing.paying import invoice_checkouts, invoice_links
from domain.payments.bank.creditor_references import Reference
from domain.people import merchants
from models.invoice import Invoice, InvoiceStatus
from models.merchant import Merchant
from models.payment import Payment, PaymentReason, PaymentStatus, Refund
from models.statement_row import StatementState
from tests import cast, ordered
from tests.domain.invoicing.bank.test_bank_import import act, counts, csv, movements, only, payments, read
from tests.domain.invoicing.paying.money import check_sums, credit_of, give_back, pay, status
from tests.domain.payments.bank.formats.camt_files import entry
from tests.domain.payments.bank.formats.camt_files import transaction as details
from tests.invoicing import credit, issue, line, make_draft, make_issued, of

B = StatementState


@pytest.fixture
def alder():
    return cast.make_merchant("Alder")


@pytest.fixture
def who(alder):
    return cast.actor_for(alder)


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder, email="ada@example.org")


@pytest.fixture
def bill(alder, ada):
    """An invoice of 120.00."""
    return make_issued(alder, ada)


def said(text, amount="120.00", **more):
    return entry(amount, details(text, name="Ann"), **more)


def numbered(merchant, pattern):
    with transaction():
        merchants.update(cast.actor_for(merchant), db.session.get(Merchant, merchant), {"invoice_pattern": pattern})


@pytest.mark.parametrize("text", [
    "INV-000001", "Invoice inv 000001, thank you", "RE.INV000001/2026", "Inv–000 001", "I N V - 0 0 0 0 0 1",
    "ＩＮＶ-000001", "INV_000001", "Kd 4711 INV-000001 vom 3.11.",
])
def test_a_number_however_it_is_written_and_the_open_amount_pay_the_invoice(who, bill, text):
    assert counts(read(who, said(text))) == {"read": 1, "booked": 1}
    payment, movement = payments()[0], only()
    assert (payment.gateway, payment.status, payment.reason) == ("manual", PaymentStatus.APPROVED, PaymentReason.MANUAL)
    assert (payment.order_id, payment.amount_minor, payment.allocated_minor) == (None, 12000, 12000)
    assert (movement.state, movement.payment_id, movement.invoice_ids) == (B.BOOKED, payment.id, [bill])
    assert status(bill) == (InvoiceStatus.PAID, 12000, 0)
    assert payment.executed_at.date() <= clock.now().date()
    check_sums()


def test_a_number_that_the_bank_cut_in_two_lines_is_found(who, bill):
    assert counts(read(who, said("Thank you for INV-00</Ustrd><Ustrd>0001"))) == {
        "read": 1, "booked": 1}


@pytest.mark.parametrize("text", ["INV-0000011", "XINV-000001", "INV-00001", "000001", "INV", "1"])
def test_what_only_looks_like_the_number_names_nothing(who, bill, text):
    read(who, said(text))
    assert (only().state, only().invoice_ids) == (B.UNSURE, [bill])         # by its amount alone
    assert only().reason == "It has no reference; one open invoice has this amount: INV-000001."


def test_the_same_statement_twice_and_in_another_form_books_nothing_twice(who, bill):
    read(who, said("INV-000001", bank_id="A1"))
    assert counts(read(who, said("INV-000001", bank_id="A1"), name="again.xml")) == {"read": 1, "known": 1}
    csv(who, f"Date;Amount;Description;Currency\n{movements()[0].booked_on.isoformat()};120,00;INV-000001;EUR\n")
    assert [one.state for one in movements()] == [B.BOOKED, B.UNSURE]
    assert "has nothing open: it is paid already" in movements()[1].reason
    assert len(payments()) == 1


def test_several_numbers_whose_open_amounts_are_the_sum_are_paid_together(who, alder, ada, bill):
    others = [make_issued(alder, ada, [line("10")]), make_issued(alder, ada, [line("20")])]
    pay(alder, 20, bill)
    read(who, said("INV-000001, INV-000002 + INV000003", "136.00"))
    assert only().invoice_ids == [bill, *others]
    assert [status(key)[0] for key in (bill, *others)] == [InvoiceStatus.PAID] * 3
    check_sums()


def reason(who, text, amount="120.00", **more):
    """Why a movement is unsure; nothing was booked."""
    before = db.session.query(Payment).count()
    read(who, said(text, amount, **more))
    assert db.session.query(Payment).count() == before
    assert movements()[-1].state is B.UNSURE
    return movements()[-1].reason


def test_less_and_more_are_shown_and_booked_by_the_button(who, ada, bill):
    assert reason(who, "INV-000001", "100.00") == "120.00 EUR is open of invoice INV-000001, not this amount."
    offered = RESOURCE.actions["book"]
    assert offered.offered(who, only())
    assert offered.confirm(only()) == (
        "100.00 EUR will be recorded as a payment of INV-000001.", "20.00 EUR stays open.")
    act(who, bank_booking.book, only())
    assert status(bill) == (InvoiceStatus.PARTIALLY_PAID, 10000, 2000)
    assert "20.00 EUR is open" in reason(who, "INV-000001", "25.00")
    assert offered.confirm(movements()[1])[1] == "5.00 EUR is more than is open: it is the customer's credit."
    act(who, bank_booking.book, movements()[1])
    assert (status(bill)[0], credit_of(ada)) == (InvoiceStatus.PAID, 500)
    check_sums()


def test_a_paid_a_credited_and_a_refunded_invoice_are_shown(who, alder, ada, bill):
    credited, refunded = make_issued(alder, ada), make_issued(alder, ada)
    pay(alder, 120, bill)
    credit(credited)
    give_back(pay(alder, 120, refunded))
    assert reason(who, "INV-000001") == "Invoice INV-000001 has nothing open: it is paid already."
    assert reason(who, "INV-000002") == "Invoice INV-000002 has nothing open: it is credited already."
    assert reason(who, "INV-000003") == "What was paid of invoice INV-000003 was paid back."
    act(who, bank_booking.book, movements()[0])                              # paid twice: it is credit
    assert credit_of(ada) == 12000


def test_what_is_not_certain_is_shown_with_its_reason(who, alder, ada, bill):
    bea = cast.make_customer(alder, "Bea")
    make_issued(alder, bea)
    assert reason(who, "INV-000001 INV-000002", "240.00") == (
        "It names invoices of several customers: INV-000001, INV-000002.")
    assert movements()[-1].invoice_ids is None
    assert reason(who, "INV-000001", currency="USD") == "Invoice INV-000001 is in EUR."
    order = ordered.make_order(alder)
    assert reason(who, f"{Reference(order).printed} INV-000001") == f"It names order {order} and invoice INV-000001."
    assert "several open invoices" in reason(who, "thank you")
    assert reason(who, "INV-000001 INV-000003", "240.00").startswith("120.00 EUR is open of invoice INV-000001")


def test_numbers_that_are_short_or_read_like_a_date_are_only_suggested(who, alder, ada):
    numbered(alder, "{n}")
    make_issued(alder, ada)
    assert reason(who, "Invoice 1") == "It may name invoice 1, or something else that is written like it."
    numbered(alder, "{year}-{n:04}")
    make_issued(alder, ada, [line("50")])
    number = db.session.query(Invoice).order_by(Invoice.id.desc()).first().number
    assert "It may name invoice" in reason(who, number.replace("-", "."), "60.00")
    assert counts(read(who, said(number, "60.00", day="2026-11-03"))) == {"read": 1, "booked": 1}


def test_numbers_that_differ_only_in_what_payers_leave_out_are_shown(who, alder, ada):
    numbered(alder, "A-{n:05}")
    make_issued(alder, ada)
    numbered(alder, "A{n:05}")
    with transaction():
        db.session.query(Invoice).count()
    key = make_draft(alder, ada)
    issue(key)
    with transaction():                          # a pattern that was changed may make a number that reads alike
        db.session.execute(db.text("UPDATE invoices SET number = 'A00001', number_key = 'a00001' WHERE id = :id"),
                           {"id": key})
    assert "several invoices that are written alike: A-00001, A00001" in reason(who, "A 00001")


def test_a_payment_that_is_under_way_is_waited_for(who, bill, monkeypatch):
    with transaction():
        token = invoice_links.share(who, [of(bill)])
        link = invoice_links.find(token)
        db.session.add(Payment(
            **who.ownership(), customer_id=link.customer_id, invoice_link_id=link.id, gateway="stripe", key="k",
            reason=PaymentReason.CHECKOUT, status=PaymentStatus.UNKNOWN, currency="EUR", amount_minor=12000,
            created_at=clock.now(), updated_at=clock.now(), version=1))
    assert invoice_checkouts.running_of([bill]) is not None
    assert reason(who, "INV-000001") == "A payment of invoice INV-000001 is under way."


def test_what_was_paid_while_the_statement_was_read_is_not_paid_again(who, alder, bill, monkeypatch):
    known = bank_invoices._why_not

    def meanwhile(movement, found, rows):
        wrong = known(movement, found, rows)
        pay_now = db.session.get(Invoice, bill)
        pay_now.paid_minor = pay_now.total_minor
        db.session.flush()
        return wrong

    monkeypatch.setattr(bank_invoices, "_why_not", meanwhile)
    assert "it is paid already" in reason(who, "INV-000001")


def test_invoices_of_other_merchants_and_of_the_other_world_are_not_named(who, alder, bill):
    birch = cast.make_merchant("Birch")
    read(cast.actor_for(birch), said("INV-000001"))
    assert (only().state, only().invoice_ids) == (B.UNSURE, None)
    read(who.in_world(test=True), said("INV-000001"))
    assert movements()[1].invoice_ids is None
    assert status(bill)[0] is InvoiceStatus.UNPAID


def test_a_booking_that_is_undone_leaves_the_invoice_as_it_was(who, ada, bill):
    read(who, said("INV-000001"))
    act(who, bank_booking.unbook, only())
    assert status(bill) == (InvoiceStatus.UNPAID, 0, 12000)
    assert (only().state, only().payment_id, only().invoice_ids) == (B.UNSURE, None, [bill])
    assert [one.amount_minor for one in db.session.query(Refund)] == [12000]
    assert credit_of(ada) == 0
    act(who, bank_booking.book, only())
    assert status(bill)[0] is InvoiceStatus.PAID
    check_sums()


def assign(who, movement, **given):
    act(who, update, movement, inputs.changes(StatementRowInput, given))


def test_a_person_says_which_invoices_it_pays(who, alder, ada, bill):
    second = make_issued(alder, ada, [line("50")])
    read(who, said("thank you", "200.00"))
    assert [one.id for one in bank_invoices.candidates(who, only())] == [bill, second]
    assert [one.id for one in bank_invoices.candidates(who, only(), "nobody")] == []
    assert [one.id for one in bank_invoices.candidates(who, only(), "inv-000002")] == [second]
    assign(who, only(), invoice_ids=[second, bill])
    assert [status(key)[0] for key in (bill, second)] == [InvoiceStatus.PAID] * 2
    assert credit_of(ada) == 2000
    check_sums()


def test_only_issued_invoices_of_the_merchant_and_the_currency_can_be_assigned(who, alder, ada, bill):
    birch = cast.make_merchant("Birch")
    foreign, draft = make_issued(birch), make_draft(alder, ada)
    dollars = make_issued(alder, ada, currency="USD")
    read(who, said("thank you"))
    for keys in ([foreign], [draft], [999999], []):
        with pytest.raises(Invalid):
            assign(who, only(), invoice_ids=keys)
    with pytest.raises(Conflict):
        assign(who, only(), invoice_ids=[dollars])
    with pytest.raises(Invalid):
        assign(who, only(), invoice_ids=[bill], scheduled_payment_id=1)
    assert (payments(), only().state) == ([], B.UNSURE)


def test_a_bank_that_names_tomorrow_is_booked_today(who, bill):
    tomorrow = (clock.now() + timedelta(days=1)).date().isoformat()
    csv(who, f"Date;Amount;Description;Currency\n{tomorrow};120,00;INV-000001;EUR\n")
    assert only().state is B.BOOKED
    assert payments()[0].executed_at <= clock.now()
    assert Decimal(payments()[0].amount_minor) == 12000
