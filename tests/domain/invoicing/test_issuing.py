"""Issuing: numbers without gaps, days in the merchant's zone, seller and buyer as they were, and nothing changes."""

from datetime import date

import pytest
import time_machine
from sqlalchemy import update

from database import db, transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.invoicing import invoice_facts, invoices, issuing
from domain.invoicing.books.issued_guard import IssuedRow
from domain.pages import Query
from domain.people import customers, merchants
from models.invoice import Invoice, InvoiceItem
from tests import cast
from tests.invoicing import actor_of, issue, line, locked, make_draft, make_issued, of


def change_merchant(key, **given):
    with transaction():
        own, row = merchants.LISTING.lock(Actor.operator(), key)
        merchants.update(own, row, inputs.changes(merchants.MerchantInput, given))


def test_numbers_count_up_for_each_merchant_and_world(alder, birch):
    assert [issue(make_draft(alder)) for _ in range(2)] == ["INV-000001", "INV-000002"]
    assert issue(make_draft(birch)) == "INV-000001"
    assert issue(make_draft(alder, test=True), test=True) == "TEST-INV-000001"
    assert issue(make_draft(alder)) == "INV-000003"


def test_a_draft_takes_no_number_and_a_rolled_back_one_leaves_no_gap(alder):
    make_draft(alder)
    key = make_draft(alder)
    with pytest.raises(ZeroDivisionError), transaction():
        assert issuing.issue(*locked(key)).series_number / 0
    assert of(key).number is None
    assert issue(make_draft(alder)) == "INV-000001"
    assert issue(key) == "INV-000002"


def test_a_pattern_with_the_year_begins_again_each_year(alder):
    change_merchant(alder, invoice_pattern="{year}/{n:04}", timezone="Europe/Berlin")
    with time_machine.travel("2026-12-31T22:59:00Z", tick=False):
        assert [issue(make_draft(alder)) for _ in range(2)] == ["2026/0001", "2026/0002"]
    with time_machine.travel("2026-12-31T23:00:00Z", tick=False):              # 2027 in Berlin
        assert issue(make_draft(alder)) == "2027/0001"
    change_merchant(alder, invoice_pattern="R{n}")
    with time_machine.travel("2027-01-02T00:00:00Z", tick=False):
        assert issue(make_draft(alder)) == "R1"


@pytest.mark.parametrize("pattern", [
    "INV", "{n}{n}", "{n:6}", "{n:00}", "{n:13}", "{x}{n}", "{year}{year}{n}", "A B{n}", "{n", "I{n:06}\u200b",
    "{n}" + "x" * 40,
])
def test_a_pattern_that_gives_no_clear_number_is_refused(alder, pattern):
    with pytest.raises(Invalid) as refused:
        change_merchant(alder, invoice_pattern=pattern)
    assert set(refused.value.fields) == {"invoice_pattern"}


def test_the_issue_date_is_today_in_the_merchants_zone_and_the_due_date_follows_the_terms(alder):
    change_merchant(alder, timezone="Pacific/Auckland", payment_terms_days=30)
    with time_machine.travel("2026-03-31T11:30:00Z", tick=False):              # 1 April, 0:30
        row = of(make_issued(alder))
        assert (row.issue_on, row.due_on) == (date(2026, 4, 1), date(2026, 5, 1))
        assert row.overdue_at.isoformat() == "2026-05-01T12:00:00+00:00"       # the end of 1 May there
        row = of(make_issued(alder, due_on="2026-04-02"))
        assert row.due_on == date(2026, 4, 2)


def test_an_invoice_without_lines_is_not_issued(alder):
    key = make_draft(alder, items=[])
    with pytest.raises(Conflict) as refused:
        issue(key)
    assert refused.value.code == "invoice-has-no-lines"
    db.session.rollback()
    assert issue(make_draft(alder)) == "INV-000001"


def test_an_invoice_is_issued_once(alder):
    key = make_issued(alder)
    with pytest.raises(Conflict) as refused:
        issue(key)
    assert refused.value.code == "invoice-is-issued"


def test_seller_and_buyer_stay_as_they_were_when_it_was_issued(alder):
    change_merchant(alder, legal_name="Alder SL", country="ES", tax_number="ES1", document_footer="IBAN 1")
    customer = cast.make_customer(alder, "Ada Lovelace", organisation="Engines Ltd", billing_address={
        "street": "1 Mill Lane", "city": "Bath", "country": "GB"})
    key = make_issued(alder, customer)
    change_merchant(alder, legal_name="Alder SA", document_footer="IBAN 2")
    with transaction():
        customers.update(*customers.LISTING.lock(actor_of(alder), customer), {"organisation": "Other Ltd"})
    facts = invoice_facts.of_invoice(of(key))
    assert (facts.seller.legal_name, facts.footer, facts.seller.tax_number) == ("Alder SL", "IBAN 1", "ES1")
    assert (facts.buyer.name, facts.buyer.contact, facts.buyer.city) == ("Engines Ltd", "Ada Lovelace", "Bath")
    assert list(facts.lacks) == []


def test_what_an_e_invoice_lacks_is_said_and_keeps_nobody_from_issuing(alder):
    assert of(make_issued(alder)).e_invoice_lacks == ["seller.country", "seller.tax_number", "buyer.country"]
    change_merchant(alder, country="ES", tax_number="ES1")
    reverse = [line(rate=0, tax_category="AE")]
    assert of(make_issued(alder, items=reverse)).e_invoice_lacks == ["buyer.country", "buyer.tax_number"]
    assert "currency" in of(make_issued(alder, currency="KWD")).e_invoice_lacks


def test_the_facts_of_a_document_add_up(alder):
    key = make_draft(alder, items=[line("10", 3, 19, discount=1), line("5", 1, 7), line("5", 1, 0)], discount=4)
    for facts in (invoice_facts.of_invoice(of(key)), issue(key) and invoice_facts.of_invoice(of(key))):
        totals = facts.totals
        assert totals.lines_minor - totals.discount_minor == totals.net_minor
        assert totals.net_minor + totals.tax_minor == totals.total_minor == of(key).total_minor
        assert sum(one.net_minor for one in facts.taxes) == totals.net_minor
        assert sum(one.tax_minor for one in facts.taxes) == totals.tax_minor
        assert [str(one.rate) for one in facts.taxes] == ["19", "7", "0"]
        assert [one.position for one in facts.lines] == [1, 2, 3]


def test_no_part_of_the_program_changes_an_issued_invoice(alder):
    key = make_issued(alder)

    def change_column(row):
        row.notes = "x"

    def change_line(row):
        row.items[0].total_minor += 1

    def drop_line(row):
        row.items = []

    def add_line(row):
        row.items.append(InvoiceItem(position=1, description="x", quantity_ten_thousandths=1, unit_price_micro=1,
                                     amount_minor=1, total_minor=1))

    def delete(row):
        db.session.delete(row)

    def overwrite(row):
        db.session.execute(update(Invoice).where(Invoice.id == row.id).values(total_minor=1))

    for change in (change_column, change_line, drop_line, add_line, delete, overwrite):
        with pytest.raises(IssuedRow), transaction():
            change(db.session.get(Invoice, key))
    assert of(key).total_minor == 12000


def test_a_customer_that_was_deleted_gets_no_invoice(alder):
    customer = cast.make_customer(alder)
    key = make_draft(alder, customer)
    with transaction():
        customers.LISTING.get(actor_of(alder), customer).deleted_at = issuing.clock.now()
    with pytest.raises(Conflict):
        issue(key)


def test_a_list_finds_invoices_by_status_number_and_customer(alder):
    customer = cast.make_customer(alder, "Grace Hopper")
    make_draft(alder)
    key = make_issued(alder, customer)
    late = make_issued(alder, customer, due_on="2020-01-31")
    who = actor_of(alder)

    def found(search="", **filters):
        return [one.id for one in invoices.LISTING.page(who, Query(search=search, filters=filters)).records]

    assert found(status="unpaid") == [key]
    assert found(status="overdue") == [late]
    assert found(number="INV-000001") == [key]
    assert sorted(found("grace hop")) == [key, late]
    assert found("000002") == [late]
    assert sorted(found(open=True)) == [key, late]

