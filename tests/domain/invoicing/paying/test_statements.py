"""The statement of account: opening, what changed it, closing; and that it says what the invoices say."""

from datetime import date
from decimal import Decimal

import pytest
import time_machine

from database import db
from domain.errors import Invalid
from domain.invoicing.documents import rendering, statement_document
from domain.invoicing.paying import statements
from models.customer import Customer
from tests import cast, paying
from tests.domain.invoicing.paying.money import credit_of, give_back, pay
from tests.invoicing import actor_of, credit, make_draft, make_issued, of

YEAR = date(2026, 1, 1), date(2026, 12, 31)


@pytest.fixture
def ada(alder):
    return cast.make_customer(alder)


def statement(who, start=YEAR[0], end=YEAR[1], currency="EUR"):
    db.session.rollback()
    db.session.expire_all()
    return statements.of(db.session.get(Customer, who), currency, start, end)


def told(found):
    return [(one.on, one.kind, one.amount_minor, one.balance_minor) for one in found.entries]


def at(moment):
    return time_machine.travel(moment, tick=False)


def test_every_change_of_the_balance_stands_in_its_order(alder, ada):
    with at("2026-02-01T12:00Z"):
        key = make_issued(alder, ada)
        make_draft(alder, ada)
        make_issued(alder, ada, currency="USD")
        make_issued(alder)
    with at("2026-02-10T12:00Z"):
        payment = pay(alder, 150, key)
    with at("2026-03-01T12:00Z"):
        credit(key, [{"item_id": of(key).items[0].id, "amount": Decimal(50)}])
    with at("2026-03-02T12:00Z"):
        give_back(payment, 90)
    with at("2026-03-02T13:00Z"):
        found = statement(ada)
        assert told(found) == [
            (date(2026, 2, 1), "invoice", 12000, 12000), (date(2026, 2, 10), "payment", -15000, -3000),
            (date(2026, 3, 1), "credit_note", -6000, -9000), (date(2026, 3, 2), "refund", 9000, 0),
        ]
        assert (found.opening_minor, found.closing_minor) == (0, 0)
        assert found.entries[0].number == "INV-000001"
        part = statement(ada, date(2026, 2, 2), date(2026, 3, 1))
        assert (part.opening_minor, part.closing_minor, len(part.entries)) == (12000, -9000, 2)
        assert statement(ada, currency="USD").closing_minor == 12000


def test_the_closing_balance_is_what_is_open_less_the_credit(alder, ada):
    keys = [make_issued(alder, ada) for _ in range(3)]
    pay(alder, 300, *keys)
    pay(alder, 40, customer_id=ada, currency="EUR")
    credit(keys[0])
    payment = pay(alder, 10, keys[2])
    give_back(payment, 5)
    today = statement(ada, date(2020, 1, 1), date(2029, 12, 1))
    still_open = sum(max(0, of(key).balance_minor) for key in keys)
    assert today.closing_minor == still_open - credit_of(ada)


def test_payments_of_orders_count_as_far_as_they_pay_invoices(alder):
    order = paying.make_order(alder)
    paying.pay(order)
    who = paying.of(order).customer_id
    assert statement(who, date(2020, 1, 1), date(2029, 12, 1)).entries == ()
    assert actor_of(alder) is not None


def test_days_are_those_of_the_merchants_zone(alder, ada):
    with at("2026-05-01T12:00Z"):
        key = make_issued(alder, ada)
        pay(alder, 120, key, received_on=date(2026, 4, 30))
    assert told(statement(ada, date(2026, 4, 30), date(2026, 4, 30))) == [
        (date(2026, 4, 30), "payment", -12000, -12000)]


def test_a_period_that_ends_before_it_begins_is_refused(ada):
    with pytest.raises(Invalid):
        statement(ada, date(2026, 2, 1), date(2026, 1, 31))


def test_the_document_has_every_line_and_the_balances(alder, ada):
    key = make_issued(alder, ada)
    pay(alder, 20, key)
    paper = statement_document.document(statement(ada, date(2020, 1, 1), date(2029, 12, 1)))
    assert paper.statement.closing_minor == 10000
    assert rendering.pdf(paper)[:4] == b"%PDF"
