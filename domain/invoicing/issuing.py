"""Issues invoices: the number, the days, seller and buyer as they are, and the entry in the books, all at once."""

from datetime import date, timedelta

from database import db
from domain import clock, zones
from domain.actor import Actor
from domain.errors import Conflict
from domain.invoicing import e_invoice_needs, invoice_facts, invoices, parties
from domain.invoicing.books import chain, numbers
from domain.invoicing.invoices import LIFE
from models.books import BookKind, Series
from models.invoice import Invoice, InvoiceState
from models.merchant import Merchant


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
    with LIFE.changing(actor, invoice, "issued"):
        day = _settle(invoice, merchant)
        given = numbers.take(merchant, Series.INVOICE, day, test=invoice.test)
        invoice.number, invoice.series_number = given.number, given.count
        invoice.state = InvoiceState.ISSUED
    chain.append(BookKind.INVOICE, invoice)
    return invoice


def today(merchant_id: int) -> date:
    """The day of documents that are issued now: in the merchant's zone."""
    return clock.now().astimezone(zones.of_merchant(merchant_id)).date()


def _settle(invoice: Invoice, merchant: Merchant) -> date:
    """Set what is certain from now on, such as seller and buyer; returns the issue date."""
    now, day = clock.now(), today(merchant.id)
    invoice.issued_at, invoice.issue_on = now, day
    invoice.due_on = invoice.due_on or day + timedelta(days=merchant.payment_terms_days)
    invoice.overdue_at = zones.last_instant(invoice.due_on, zones.of_merchant(merchant.id)) + timedelta(seconds=1)
    buyer = parties.buyer(invoice.customer)
    invoice.seller = parties.stored(parties.seller(merchant), **{parties.FOOTER: merchant.document_footer})
    invoice.buyer = parties.stored(buyer)
    invoice.customer_name, invoice.customer_email = invoice.customer.name, invoice.customer.email
    invoice.e_invoice_lacks = e_invoice_needs.missing(invoice_facts.of_invoice(invoice))
    if invoice.total_minor == 0:
        invoice.paid_at = now
    return day
