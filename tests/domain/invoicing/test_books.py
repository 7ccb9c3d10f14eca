"""The books: the chain holds, and the first row that does not fit is named, whatever was done to it."""

import json
from decimal import Decimal

import pytest
from sqlalchemy import delete, insert, select, update

from database import db, transaction
from domain.invoicing.books import verifying
from models.books import BookChain, BookEntry, NumberSeries
from models.credit_note import CreditNote
from models.invoice import Invoice, InvoiceItem
from tests.invoicing import credit, line, make_draft, make_issued, of


@pytest.fixture
def books(alder, birch):
    """Two invoices of Alder with a credit note between them, one of Birch, one of the test world."""
    first = make_issued(alder, items=[line("10", 3)])
    note = credit(first, [{"item_id": of(first).items[0].id, "quantity": Decimal(1)}])
    second = make_issued(alder)
    make_issued(birch)
    make_issued(alder, test=True)
    make_draft(alder)
    return first, note, second


def run(statement):
    """What somebody does past the program."""
    with transaction():
        db.session.connection().execute(statement)


def misfit(merchant_id=None):
    db.session.expire_all()
    found = verifying.verify(merchant_id).misfit
    return found and (found.kind, found.id, found.number)


def table(model):
    return model.__table__


def test_books_that_nobody_touched_are_in_order(books, alder):
    assert (verifying.verify().rows, misfit()) == (5, None)
    assert verifying.verify(alder).rows == 4


def test_a_changed_amount_is_found(books):
    first, *_ = books
    run(update(table(Invoice)).where(table(Invoice).c.id == first).values(tax_minor=1))
    assert misfit() == ("invoice", first, "INV-000001")
    assert misfit(10**6) is None


def test_a_changed_line_is_found(books):
    first, *_ = books
    run(update(table(InvoiceItem)).where(table(InvoiceItem).c.invoice_id == first).values(description="Play"))
    assert misfit() == ("invoice", first, "INV-000001")


def test_an_added_and_a_removed_line_are_found(books):
    *_, second = books
    copied = dict(db.session.execute(select(table(InvoiceItem)).where(table(InvoiceItem).c.invoice_id == second))
                  .mappings().one()) | {"id": 999, "position": 1}
    run(insert(table(InvoiceItem)).values(copied))
    assert misfit() == ("invoice", second, "INV-000002")
    run(delete(table(InvoiceItem)).where(table(InvoiceItem).c.invoice_id == second))
    assert misfit() == ("invoice", second, "INV-000002")


def test_a_changed_credit_note_is_found(books):
    _, note, _ = books
    run(update(table(CreditNote)).where(table(CreditNote).c.id == note).values(reason="Gift"))
    assert misfit() == ("credit_note", note, "CN-000001")


def test_a_changed_number_and_a_number_that_went_to_another_are_found(books):
    *_, second = books
    run(update(table(Invoice)).where(table(Invoice).c.id == second).values(number="INV-000009"))
    assert misfit() == ("invoice", second, "INV-000002")


def test_a_deleted_row_is_found(books):
    _, _, second = books
    run(delete(table(InvoiceItem)).where(table(InvoiceItem).c.invoice_id == second))
    run(delete(table(Invoice)).where(table(Invoice).c.id == second))
    assert misfit() == ("invoice", second, "INV-000002")


def test_a_row_that_was_put_in_past_the_program_is_found(books):
    _, _, second = books
    copied = dict(db.session.execute(select(table(Invoice)).where(table(Invoice).c.id == second)).mappings().one())
    run(insert(table(Invoice)).values(copied | {"id": 999, "number": "INV-000003", "series_number": 3}))
    assert misfit() == ("invoice", 999, "INV-000003")


def test_a_removed_entry_is_found_even_at_the_end(books, alder):
    first, _, second = books
    run(delete(table(BookEntry)).where(table(BookEntry).c.kind == "credit_note"))
    assert misfit() == ("invoice", second, "INV-000002")
    entry = table(BookEntry).c
    run(delete(table(BookEntry)).where(entry.merchant_id == alder, entry.test.is_(False)))
    assert misfit()[0] == "chain"
    run(update(table(BookChain)).where(table(BookChain).c.merchant_id == alder).values(length=0, digest=""))
    run(delete(table(BookEntry)).where(entry.merchant_id == alder))
    assert misfit() == ("invoice", first, "INV-000001")


def test_a_row_that_was_changed_together_with_its_entry_is_found_at_the_next_one(books):
    """Whoever changes a row and its digest would have to change all digests after it, and the end of the chain."""
    first, note, _ = books
    run(update(table(Invoice)).where(table(Invoice).c.id == first).values(notes="x"))
    entry = db.session.scalars(select(BookEntry).where(BookEntry.kind == "invoice", BookEntry.row_id == first)).one()
    digest = verifying.contents.digest("", entry.kind, 1, of(first))
    run(update(table(BookEntry)).where(table(BookEntry).c.id == entry.id).values(digest=digest))
    assert misfit() == ("credit_note", note, "CN-000001")


def test_the_command_says_how_many_rows_are_in_order_and_names_the_first_that_is_not(books, alder, app):
    runner = app.test_cli_runner()
    assert runner.invoke(args=["books", "verify", "--json"]).output.strip() == '{"ok": true, "rows": 5}'
    assert runner.invoke(args=["books", "verify", "--merchant", "99", "--json"]).exit_code == 1
    first, *_ = books
    run(update(table(Invoice)).where(table(Invoice).c.id == first).values(tax_minor=1))
    result = runner.invoke(args=["books", "verify", "--json"])
    assert result.exit_code == 1
    told = json.loads(result.output)
    assert set(told) == {"error", "details"}
    assert told["details"] == {
        "merchant": alder, "kind": "invoice", "id": first, "number": "INV-000001",
        "reason": "the row was changed after it was booked",
    }


def test_payments_of_an_invoice_change_no_digest(books):
    first, *_ = books
    run(update(table(Invoice)).where(table(Invoice).c.id == first).values(paid_minor=100, version=9))
    assert misfit() is None


def test_the_counters_are_as_high_as_the_numbers(books, alder):
    rows = db.session.scalars(select(NumberSeries).where(NumberSeries.merchant_id == alder)).all()
    assert {(one.kind.value, one.test): one.last for one in rows} == {
        ("invoice", False): 2, ("credit_note", False): 1, ("invoice", True): 1}
