"""Payments of invoices for tests: recorded, taken from credit, refunded; and whether all sums agree."""

from decimal import Decimal

from sqlalchemy import func, select

from database import db, transaction
from domain import clock, inputs
from domain.actor import ALL
from domain.invoicing import invoice_status
from domain.invoicing.books import verifying
from domain.invoicing.paying import credit_balances, lateness, recording
from domain.payments import refunds
from domain.payments.gateways import Answer, Outcome
from domain.payments.payment_listing import LISTING as PAYMENTS
from models.allocation import Allocation
from models.payment import Payment
from tests import cast
from tests.invoicing import actor_of, locked, of


def pay(merchant_id, amount, *invoices, test=False, **more):
    """The id of a recorded payment of these invoices."""
    sent = {"amount": Decimal(str(amount)), "invoice_ids": list(invoices), **more}
    with transaction():
        new = inputs.parse(recording.ReceiptInput, sent)
        return recording.record(actor_of(merchant_id, test=test), new).id


def use(key, amount=None):
    """Pay an invoice with credit."""
    with transaction():
        own, row = locked(key)
        credit_balances.use(own, row, inputs.parse(
            credit_balances.CreditUse, {} if amount is None else {"amount": Decimal(str(amount))}))


def give_back(key, amount=None, *, then=Outcome.APPROVED):
    """Refund a part of a payment, or all; the id of the refund."""
    with transaction():
        is_test = db.session.get(Payment, key).test
        own, payment = PAYMENTS.lock(cast.actor_for(0, merchant_ids=ALL).in_world(test=is_test), key)
        begun = refunds.begin(own, payment, None if amount is None else Decimal(str(amount)))
    come_back(begun.refund_id, then)
    return begun.refund_id


def come_back(refund_id, outcome):
    """What the gateway says about a refund."""
    with transaction():
        _, refund = refunds.lock_refund(refund_id)
        refunds.book(cast.actor_for(refund.merchant_id), refund_id, Answer(
            outcome=outcome, amount_minor=refund.amount_minor, currency=refund.currency))


def status(key):
    """The status of an invoice, what is paid and what is open."""
    row = of(key)
    return invoice_status.of(row, clock.now()), row.paid_minor, row.balance_minor


def credit_of(customer_id, currency="EUR"):
    return credit_balances.of(customer_id, currency, test=False)


def check_sums(customer_id=None):
    """No payment and no invoice has more than its amount, and both sides say the same."""
    db.session.rollback()
    mine = [] if customer_id is None else [Payment.customer_id == customer_id]
    payments = db.session.scalars(select(Payment).where(*mine).order_by(Payment.id)).all()
    for payment in payments:
        parts = db.session.scalar(select(func.coalesce(func.sum(Allocation.amount_minor), 0)).where(
            Allocation.payment_id == payment.id))
        assert parts == payment.allocated_minor <= payment.amount_minor - payment.refunded_minor
    whose = select(Allocation.invoice_id).where(Allocation.payment_id.in_([one.id for one in payments])).distinct()
    for key in db.session.scalars(whose.order_by(Allocation.invoice_id)).all():
        invoice = of(key)
        paid, returned = db.session.execute(select(
            func.sum(Allocation.amount_minor), func.sum(Allocation.returned_minor)).where(
                Allocation.invoice_id == key)).one()
        assert (paid, returned) == (invoice.paid_minor, invoice.refunded_minor)
        assert invoice.paid_minor <= invoice.total_minor
        order = lateness.order_of(invoice)
        assert invoice.late_at == (invoice.overdue_at if order is None else lateness.of(invoice, order))
    assert verifying.verify().misfit is None
