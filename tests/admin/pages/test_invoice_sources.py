"""Buttons that make the invoice of a budget, an order or a payment, once."""

import pytest

from database import db, transaction
from domain.sales.budgets import budgets
from domain.sales.budgets.budget_listing import LISTING as BUDGETS
from models.invoice import Invoice, InvoiceState
from models.payment import Payment
from tests import cast
from tests.admin.page_text import text_of
from tests.admin.test_worlds import switch
from tests.paying import active


def approved(merchant):
    key = cast.make_budget(merchant, cast.make_customer(merchant))
    with transaction():
        budgets.approve(*BUDGETS.lock(cast.actor_for(merchant), key))
    return key


def invoices():
    db.session.rollback()
    return db.session.query(Invoice).order_by(Invoice.id).all()


def test_an_approved_budget_becomes_one_draft(admin, alder):
    pending = cast.make_budget(alder, cast.make_customer(alder, "Grace Hopper"))
    assert "Make invoice" not in admin.get(f"/admin/budgets/{pending}").text
    key = approved(alder)
    assert "Make invoice" in admin.get(f"/admin/budgets/{key}").text
    made = admin.post(f"/admin/budgets/{key}/invoice")
    (row,) = invoices()
    assert made.headers["Location"].endswith(f"/admin/invoices/{row.id}")
    assert (row.state, row.budget_id, row.total_minor) == (InvoiceState.DRAFT, key, 10_000)
    assert "This is the draft" in text_of(admin.get(made.headers["Location"]).text)
    again = admin.post(f"/admin/budgets/{key}/invoice")
    assert again.headers["Location"] == made.headers["Location"]
    assert len(invoices()) == 1
    refused = admin.post(f"/admin/budgets/{pending}/invoice")
    assert refused.headers["Location"].endswith(f"/admin/budgets/{pending}")
    assert "only an approved one" in text_of(admin.get(refused.headers["Location"]).text)


def test_an_order_and_a_payment_of_it_have_one_invoice_between_them(admin, alder):
    switch(admin, test=True)
    order = active(alder, "test_ok")
    payment = db.session.query(Payment.id).filter_by(order_id=order).order_by(Payment.id).first()[0]
    assert "Make invoice" in admin.get(f"/admin/payments/{payment}").text
    assert "Make invoice" in admin.get(f"/admin/orders/{order}").text
    admin.post(f"/admin/orders/{order}/invoice")
    (row,) = invoices()
    assert row.order_id == order
    admin.post(f"/admin/payments/{payment}/invoice")
    assert len(invoices()) == 1


@pytest.mark.parametrize("row", ["budgets/{}", "orders/99", "payments/99"])
def test_another_merchants_or_no_row_is_not_found(admin, birch, row):
    assert admin.post(f"/admin/{row.format(approved(birch))}/invoice").status_code == 404
    assert invoices() == []
