"""Credit notes: by quantity, by amount, over the rest; exact to the cent, and never more than the invoice."""

import random
from decimal import Decimal

import pytest

from database import db, transaction
from domain import clock
from domain.errors import Conflict, Invalid
from domain.invoicing import crediting, invoice_facts, invoice_status
from models.credit_note import CreditNote
from models.invoice import InvoiceState, InvoiceStatus
from tests.invoicing import credit, line, locked, make_draft, make_issued, of


def note(key):
    return db.session.get(CreditNote, key)


def status(key):
    return invoice_status.of(of(key), clock.now())


def cancel(key):
    with transaction():
        crediting.cancel(*locked(key))


def refused_code(key, items):
    with pytest.raises(Conflict) as refused:
        credit(key, items)
    db.session.rollback()
    return refused.value.code


def test_a_credit_note_over_everything_cancels_the_invoice(alder):
    key = make_issued(alder, items=[line("9.99", 3, 19), line("5", 1, 7)], discount=2)
    made = note(credit(key, reason="Returned"))
    row = of(key)
    assert (made.number, made.total_minor, made.reason) == ("CN-000001", row.total_minor, "Returned")
    assert (row.credited_minor, row.balance_minor, status(key)) == (row.total_minor, 0, InvoiceStatus.CANCELLED)
    assert refused_code(key, None) == "more-than-left"


def test_part_of_a_line_is_credited_by_its_quantity(alder):
    key = make_issued(alder, items=[line("10", 3, 19), line("5", 1, 7)])
    item = of(key).items[0].id
    made = note(credit(key, [{"item_id": item, "quantity": Decimal(1)}]))
    assert (made.net_minor, made.tax_minor, made.total_minor) == (1000, 190, 1190)
    assert (made.items[0].quantity_ten_thousandths, made.items[0].unit_price_micro) == (10000, 10_000_000)
    assert (of(key).balance_minor, status(key)) == (3570 + 535 - 1190, InvoiceStatus.UNPAID)


def test_part_of_a_line_is_credited_by_an_amount_without_tax(alder):
    key = make_issued(alder, items=[line("33.33", 1, 19)])
    item = of(key).items[0].id
    made = note(credit(key, [{"item_id": item, "amount": Decimal("10")}]))
    assert (made.net_minor, made.tax_minor, made.items[0].by_amount) == (1000, 190, True)
    rest = note(credit(key))
    assert (rest.net_minor, rest.tax_minor) == (2333, 633 - 190)
    assert of(key).balance_minor == 0


def test_more_than_is_left_of_a_line_is_refused(alder):
    key = make_issued(alder, items=[line("10", 3, 19), line("5", 1, 7)])
    item = of(key).items[0].id
    assert refused_code(key, [{"item_id": item, "quantity": Decimal("3.0001")}]) == "more-than-left"
    assert refused_code(key, [{"item_id": item, "amount": Decimal("30.01")}]) == "more-than-left"
    credit(key, [{"item_id": item, "quantity": Decimal(2)}])
    assert refused_code(key, [{"item_id": item, "quantity": Decimal(2)}]) == "more-than-left"
    credit(key, [{"item_id": item, "quantity": Decimal(1)}])
    assert refused_code(key, [{"item_id": item}]) == "more-than-left"


def test_wrong_lines_of_a_credit_note_are_named(alder):
    key, other = make_issued(alder), make_issued(alder)
    item, foreign = of(key).items[0].id, of(other).items[0].id
    with pytest.raises(Invalid) as refused:
        credit(key, [
            {"item_id": foreign}, {"item_id": item, "quantity": Decimal(1), "amount": Decimal(1)}, {"item_id": item},
        ])
    assert {name: one.code for name, one in refused.value.fields.items()} == {
        "items.0.item_id": "unknown", "items.1.amount": "contradiction", "items.2.item_id": "repeated"}


def test_a_draft_is_not_credited_but_cancelled(alder):
    key = make_draft(alder)
    assert refused_code(key, None) == "invoice-is-draft"
    cancel(key)
    assert (of(key).state, of(key).number, status(key)) == (InvoiceState.CANCELLED, None, InvoiceStatus.CANCELLED)
    with pytest.raises(Conflict):
        cancel(key)


def test_cancelling_an_issued_invoice_credits_the_rest_of_it(alder):
    key = make_issued(alder, items=[line("10", 3, 19)])
    credit(key, [{"item_id": of(key).items[0].id, "quantity": Decimal(1)}])
    cancel(key)
    totals = [one.total_minor for one in db.session.query(CreditNote).order_by(CreditNote.id)]
    assert totals == [1190, 2380]
    assert (of(key).state, status(key)) == (InvoiceState.ISSUED, InvoiceStatus.CANCELLED)


def test_the_parts_of_a_line_always_add_up_to_the_line(alder):
    chance = random.Random(11)
    for _ in range(15):
        price = Decimal(chance.randrange(1, 99999)) / 1000
        rate = Decimal(chance.choice(["7", "19", "9.975"]))
        key = make_issued(alder, items=[line(price, chance.randrange(2, 9), rate)])
        item, left = of(key).items[0].id, Decimal(of(key).items[0].quantity_ten_thousandths) / 10000
        while left > 1:
            credit(key, [{"item_id": item, "quantity": Decimal(1)}])
            left -= 1
        credit(key)
        row = of(key)
        made = db.session.query(CreditNote).filter_by(invoice_id=key).all()
        assert sum(one.net_minor for one in made) == row.items[0].net_minor
        assert sum(one.tax_minor for one in made) == row.tax_minor
        assert row.balance_minor == 0


def test_the_facts_of_a_credit_note_say_what_it_corrects(alder):
    key = make_issued(alder, items=[line("10", 3, 19)])
    made = credit(key, [{"item_id": of(key).items[0].id, "quantity": Decimal(2)}], "Broken")
    facts = invoice_facts.of_credit_note(note(made))
    assert (facts.number, facts.invoice_number, facts.reason) == ("CN-000001", "INV-000001", "Broken")
    assert (facts.totals.net_minor, facts.totals.tax_minor, facts.totals.total_minor) == (2000, 380, 2380)
    assert (str(facts.lines[0].quantity), facts.lines[0].net_minor) == ("2", 2000)
