"""Invoices of budgets, orders and payments: the amounts that were agreed, each source once, by hand or by itself."""

from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select

from database import db, transaction
from domain import inputs
from domain.errors import Conflict, Invalid
from domain.invoicing import invoices
from domain.invoicing.books import verifying
from domain.invoicing.sources import automatic, made_from
from domain.payments import payments
from domain.payments.checkout import budget_orders
from domain.sales.budgets import budgets
from domain.sales.budgets.budget_listing import LISTING as BUDGETS
from models.allocation import Allocation
from models.budget import Budget
from models.invoice import Invoice, InvoiceState
from models.merchant import InvoicesMade, Merchant
from models.payment import Payment
from tests import cast, paying
from tests.domain.invoicing.paying.money import check_sums, give_back
from tests.invoicing import issue, of


def make(actor, **named):
    """The id of the invoice of a source."""
    with transaction():
        return made_from.make(actor, inputs.parse(made_from.SourceInput, named)).id


def wants(merchant_id, how):
    with transaction():
        db.session.get(Merchant, merchant_id).invoices_made = how


def work():
    """What the worker does in its rounds; how many invoices were tried."""
    done = 0
    while True:
        with transaction():
            if not automatic.make_next():
                return done
        done += 1


def all_invoices():
    db.session.rollback()
    db.session.expire_all()
    return db.session.scalars(select(Invoice).order_by(Invoice.id)).all()


def approved_budget(alder, **more):
    actor, customer = cast.actor_for(alder), cast.make_customer(alder)
    items = [
        {"description": "Design", "quantity": Decimal("2.25"), "unit_price": Decimal(100), "tax_percent": 19},
        {"description": "Paper", "quantity": 3, "unit_price": Decimal("0.333"), "discount": Decimal("0.10"),
         "tax_percent": 7},
    ]
    with transaction():
        key = budgets.create(actor, inputs.parse(budgets.BudgetInput, {
            "customer_id": customer, "items": items, "discount": Decimal(20), **more})).id
    with transaction():
        budgets.RESOURCE.actions["approve"].run(*BUDGETS.lock(actor, key))
    return key


@pytest.fixture
def actor(alder):
    return cast.actor_for(alder)


def test_an_accepted_budget_becomes_an_invoice_to_the_cent_and_once(alder, actor):
    key = approved_budget(alder)
    first = make(actor, budget_id=key)
    assert make(actor, budget_id=key) == first
    budget, invoice = db.session.get(Budget, key), of(first)
    for name in ("subtotal_minor", "discount_minor", "tax_minor", "total_minor", "currency", "customer_id"):
        assert getattr(invoice, name) == getattr(budget, name), name
    assert [one.description for one in invoice.items] == ["Design", "Paper"]
    assert issue(first) == "INV-000001"
    assert make(actor, budget_id=key) == first


def test_a_draft_that_was_deleted_makes_room_for_another(alder, actor):
    key = approved_budget(alder)
    first = make(actor, budget_id=key)
    with transaction():
        invoices.delete(*invoices.LISTING.lock(actor, first))
    assert make(actor, budget_id=key) != first


def test_only_what_was_agreed_or_paid_becomes_one(alder, birch, actor):
    pending = cast.make_budget(alder, cast.make_customer(alder))
    with pytest.raises(Conflict, match="only an approved one"):
        make(actor, budget_id=pending)
    for named in ({}, {"budget_id": pending, "order_id": 1}):
        with pytest.raises(Invalid):
            make(actor, **named)
    with pytest.raises(Invalid) as refused:
        make(cast.actor_for(birch), budget_id=pending)
    assert set(refused.value.fields) == {"budget_id"}


def test_the_order_of_a_budget_has_the_same_invoice_which_its_payment_pays(alder, actor):
    key = approved_budget(alder)
    with transaction():
        order = budget_orders.convert(*BUDGETS.lock(actor, key)).id
    first = make(actor, order_id=order)
    assert make(actor, budget_id=key) == first
    issue(first)
    assert of(first).total_minor == db.session.get(Budget, key).total_minor
    record(order)
    assert of(first).balance_minor == 0
    check_sums()


def record(order):
    """The order's next payment, by hand; its id."""
    row = next(one for one in paying.rows(order) if one.paid_minor < one.amount_minor)
    with transaction():
        return payments.record(paying.actor_of(row.merchant_id, test=row.test), inputs.parse(payments.PaymentInput, {
            "scheduled_payment_id": row.id, "amount": Decimal(row.amount_minor) / 100})).id


def test_what_was_paid_before_pays_the_invoice_when_it_is_issued(alder):
    order = paying.make_order(alder, test=False)
    payment = record(order)
    key = make(cast.actor_for(alder), order_id=order)
    assert of(key).paid_minor == 0
    issue(key)
    assert (of(key).total_minor, of(key).balance_minor) == (1000, 0)
    with pytest.raises(Conflict, match="already"):
        make(cast.actor_for(alder), payment_id=payment)
    check_sums()


def test_a_payment_becomes_an_invoice_that_only_it_pays(alder):
    order = paying.make_order(alder, test=False)
    paid = [record(order), record(order)]
    keys = [make(cast.actor_for(alder), payment_id=one) for one in paid]
    assert keys[0] != keys[1]
    for key in keys:
        issue(key)
    assert [of(key).balance_minor for key in keys] == [0, 0]
    assert [[one.payment_id for one in parts(key)] for key in keys] == [[one] for one in paid]


def parts(key):
    return db.session.scalars(select(Allocation).where(Allocation.invoice_id == key)).all()


def test_by_itself_each_payment_gets_its_invoice_once_and_none_without_the_setting(alder):
    order = paying.make_order(alder, test=False)
    record(order)
    assert work() == 0
    wants(alder, InvoicesMade.PAYMENT)
    record(order)
    record(order)
    assert work() == 2
    assert work() == 0
    assert [(one.state, one.number, one.balance_minor) for one in all_invoices()] == [
        (InvoiceState.ISSUED, "INV-000001", 0), (InvoiceState.ISSUED, "INV-000002", 0)]
    check_sums()


def test_by_the_month_one_invoice_collects_what_a_customer_paid(alder):
    wants(alder, InvoicesMade.MONTH)
    with time_machine.travel("2026-03-10T12:00Z") as clock:
        order = paying.make_order(alder, test=False)
        one = record(order)
        clock.move_to("2026-03-31T23:59Z")
        record(order)
        paid_back = record(order)
        give_back(paid_back)
        assert work() == 0
        clock.move_to("2026-04-01T00:01Z")
        record(order)
        assert work() == 1
        (invoice,) = all_invoices()
        assert (invoice.total_minor, invoice.balance_minor, len(invoice.items)) == (2000, 0, 2)
        assert invoice.source == f"month:2026-03:{one}"
        assert work() == 0
        clock.move_to("2026-05-01T00:01Z")
        assert work() == 1
    assert [row.total_minor for row in all_invoices()] == [2000, 1000]
    assert verifying.verify().misfit is None
    check_sums()


def test_what_cannot_be_invoiced_is_not_tried_again(alder, caplog):
    wants(alder, InvoicesMade.PAYMENT)
    order = paying.make_order(alder, test=False)
    key = record(order)
    with transaction():
        customer = db.session.get(Payment, key).customer
        customer.deleted_at = customer.created_at
    assert work() == 1
    assert work() == 0
    assert all_invoices() == []
    assert "no invoice was made" in caplog.text
