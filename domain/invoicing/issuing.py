"""Issues invoices: the number, the days, seller and buyer as they are, and the entry in the books, all at once."""

from datetime import date, timedelta

from sqlalchemy import or_, select

from database import db
from domain import clock, zones
from domain.actor import Actor
from domain.errors import Conflict
from domain.invoicing import e_invoice_needs, invoice_facts, invoices, parties
from domain.invoicing.bank import invoice_numbers
from domain.invoicing.books import chain, numbers
from domain.invoicing.invoices import LIFE
from domain.invoicing.paying import allocating, lateness
from domain.invoicing.sources import made_from
from domain.payments import locking
from models.books import BookKind, Series
from models.invoice import Invoice, InvoiceState
from models.merchant import Merchant
from models.order import Order, OrderStatus
from models.payment import Payment, PaymentStatus


def issue(actor: Actor, invoice: Invoice) -> Invoice:
    """Issue a locked draft: from here on it has a number and never changes.

    Conflict when it is issued (`invoice-is-issued`), has no lines (`invoice-has-no-lines`) or no customer any more.
    """
    invoices.must_be_draft(invoice)
    if not invoice.items:
        raise Conflict("An invoice without lines cannot be issued.", code="invoice-has-no-lines")
    if invoice.customer.deleted_at is not None:
        raise Conflict("The customer of this invoice was deleted.")
    merchant = db.session.get_one(Merchant, invoice.merchant_id)
    if invoice.order_id is not None or invoice.budget_id is not None:
        locking.lock_account(invoice.customer_id)        # before the books are locked
    with LIFE.changing(actor, invoice, "issued"):
        day = _settle(invoice, merchant)
        given = numbers.take(merchant, Series.INVOICE, day, test=invoice.test)
        invoice.number, invoice.series_number = given.number, given.count
        invoice.number_key = invoice_numbers.key_of(given.number)
        invoice.state = InvoiceState.ISSUED
    chain.append(BookKind.INVOICE, invoice)
    _take_payments(actor, invoice)
    return invoice


def _take_payments(actor: Actor, invoice: Invoice) -> None:
    """What was paid for the invoice's order pays it: of an invoice of one payment only that."""
    if invoice.order_id is None and invoice.budget_id is None:
        return
    # Compared with nothing, each of the two would be true of whatever has no order or no budget.
    whose = [] if invoice.order_id is None else [Payment.order_id == invoice.order_id]
    if invoice.budget_id is not None:
        whose.append(Payment.order_id.in_(select(Order.id).where(
            Order.budget_id == invoice.budget_id, Order.status != OrderStatus.CANCELLED)))
    statement = select(Payment).where(
        or_(*whose), Payment.merchant_id == invoice.merchant_id, Payment.test.is_(invoice.test),
        Payment.status == PaymentStatus.APPROVED,
        Payment.amount_minor > Payment.refunded_minor + Payment.allocated_minor)
    if invoice.source is not None and invoice.source.startswith(made_from.OF_PAYMENT):
        statement = statement.where(Payment.id == int(invoice.source.removeprefix(made_from.OF_PAYMENT)))
    for payment in db.session.scalars(statement.order_by(Payment.id).with_for_update()).all():
        payment.to_invoice = False
        allocating.allocate(actor, payment, invoice)


def today(merchant_id: int) -> date:
    """The day of documents that are issued now: in the merchant's zone."""
    return clock.now().astimezone(zones.of_merchant(merchant_id)).date()


def _settle(invoice: Invoice, merchant: Merchant) -> date:
    """Set what is certain from now on, such as seller and buyer; returns the issue date."""
    now, day = clock.now(), today(merchant.id)
    invoice.issued_at, invoice.issue_on = now, day
    invoice.due_on = invoice.due_on or day + timedelta(days=merchant.payment_terms_days)
    invoice.overdue_at = zones.last_instant(invoice.due_on, zones.of_merchant(merchant.id)) + timedelta(seconds=1)
    lateness.begin(invoice)
    buyer = parties.buyer(invoice.customer)
    invoice.seller = parties.stored(parties.seller(merchant), **{parties.FOOTER: merchant.document_footer})
    invoice.buyer = parties.stored(buyer)
    invoice.customer_name, invoice.customer_email = invoice.customer.name, invoice.customer.email
    invoice.e_invoice_lacks = e_invoice_needs.missing(invoice_facts.of_invoice(invoice))
    if invoice.total_minor == 0:
        invoice.paid_at = now
    return day
