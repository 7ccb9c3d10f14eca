"""Makes and issues invoices of payments of orders by itself, as the merchant's profile says: for each, or by the month.

An approved payment is marked when it is booked; the worker makes the invoice, each once.
"""

import logging
from datetime import datetime

from sqlalchemy import select

from database import db
from domain import clock, zones
from domain.actor import Actor
from domain.errors import DomainError
from domain.invoicing import issuing
from domain.invoicing.paying import allocating
from domain.invoicing.sources import made_from
from domain.payments import locking
from models.invoice import Invoice, InvoiceState
from models.merchant import InvoicesMade, Merchant
from models.payment import Payment

MOST = 200                               # payments of one invoice
log = logging.getLogger("countinghouse.invoicing")


def mark(payment: Payment) -> None:
    """Note that an approved payment of an order is to be invoiced, where the merchant wants that."""
    merchant = db.session.get_one(Merchant, payment.merchant_id)
    payment.to_invoice = merchant.invoices_made is not InvoicesMade.NONE


def make_next() -> int:
    """Make the next invoice that is due, in the caller's transaction; 0 where none is due."""
    marked = select(Payment.merchant_id).where(Payment.to_invoice).distinct()
    for merchant in db.session.scalars(select(Merchant).where(Merchant.id.in_(marked)).order_by(Merchant.id)).all():
        found = _next(merchant)
        if found:
            _make(merchant, found)
            return 1
    return 0


def _next(merchant: Merchant) -> list[Payment]:
    """What the next invoice is made of: a payment, or those of a customer, a currency and a month that has ended."""
    statement = select(Payment).where(Payment.to_invoice, Payment.merchant_id == merchant.id)
    statement = statement.order_by(Payment.executed_at, Payment.id)
    if merchant.invoices_made is not InvoicesMade.MONTH:
        return list(db.session.scalars(statement.limit(1)))
    ended = statement.where(Payment.executed_at < month_of(merchant.id, clock.now())[0])
    first = db.session.scalar(ended.limit(1))
    if first is None:
        return []
    same = ended.where(
        Payment.customer_id == first.customer_id, Payment.currency == first.currency, Payment.test.is_(first.test))
    return [one for one in db.session.scalars(same) if _month(one) == _month(first)][:MOST]


def month_of(merchant_id: int, moment: datetime) -> tuple[datetime, str]:
    """When the month of a moment began in the merchant's zone, and its name: 2026-11."""
    local = moment.astimezone(zones.of_merchant(merchant_id))
    begin = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return begin.astimezone(moment.tzinfo), f"{local:%Y-%m}"


def _month(payment: Payment) -> str:
    return month_of(payment.merchant_id, payment.executed_at or payment.created_at)[1]


def _make(merchant: Merchant, payments: list[Payment]) -> None:
    """Make, issue and settle one invoice; what cannot be invoiced is named in the log and not tried again."""
    try:
        with db.session.begin_nested():
            _invoice(merchant, payments)
    except DomainError as problem:
        log.warning("no invoice was made of payment %s: %s", payments[0].id, problem.message)
        for one in payments:
            one.to_invoice = False


def _invoice(merchant: Merchant, payments: list[Payment]) -> None:
    """Of what was not paid back meanwhile; a payment that pays an invoice already has one."""
    locking.lock_account(payments[0].customer_id)
    rows: list[Payment] = [row for one in payments if (row := locking.lock(Payment, one.id)).to_invoice]
    for one in rows:
        one.to_invoice = False
    wanted = [one for one in rows if not one.allocated_minor and not one.refunded_minor]
    if not wanted or merchant.invoices_made is InvoicesMade.NONE:
        return
    first = wanted[0]
    actor = Actor.system().for_row(first).in_world(test=first.test)
    if merchant.invoices_made is InvoicesMade.MONTH:
        draft = made_from.collected(actor, wanted, f"month:{_month(first)}:{first.id}")
    else:
        draft = made_from.of_payment(actor, first)
    if draft.state is InvoiceState.DRAFT:
        issuing.issue(actor, draft)
    for payment in wanted:                       # an invoice of one payment has taken it when it was issued
        for invoice in allocating.lock_invoices(Invoice.id == draft.id):
            allocating.allocate(actor, payment, invoice)
