"""Sends invoices and reminders to customers: puts the mails into the outbox, with the link to pay under."""

from datetime import timedelta

from sqlalchemy import func, select

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.invoicing import invoices
from domain.invoicing.invoice_listing import OPEN
from domain.invoicing.invoices import LIFE
from domain.invoicing.paying import allocating, invoice_links
from domain.payments import locking
from domain.people import invoice_reminders, merchant_mails
from domain.people.invoice_reminders import Step
from domain.people.merchant_mails import INVOICE, INVOICE_CONFIRM, INVOICE_FAILED, INVOICE_PAID, INVOICE_REMINDER
from models.invoice import Invoice
from models.merchant import Merchant
from models.payment import Payment


def send(actor: Actor, invoice: Invoice) -> Invoice:
    """Mail a locked, issued invoice with its PDF and, where something is open, the link to pay it under.

    Conflict for a draft, and without an address.
    """
    invoices.must_be_issued(invoice)
    _must_have_address(invoice)
    _link(actor, invoice)
    with LIFE.changing(actor, invoice, "sent", None):
        invoice.sent_at = clock.now()
    _put(INVOICE, invoice, f"{INVOICE}_{invoice.id}_{invoice.version}")
    return invoice


def remind(actor: Actor, invoice: Invoice) -> Invoice:
    """Remind of a locked invoice now, in the words of the last step; Conflict where nothing is open or due yet."""
    invoices.must_be_issued(invoice)
    _must_have_address(invoice)
    if invoice.balance_minor <= 0:
        raise Conflict("Nothing is open of this invoice.", code="nothing-is-open")
    days = overdue_days(invoice)
    if days is None:
        raise Conflict("The invoice is not overdue yet.", code="not-overdue")
    steps = [one for one in _steps(invoice.merchant_id) if one.days <= max(days, 1)]
    _remind(actor, invoice, steps[-1] if steps else Step(invoice.reminded_days or 0, ""))
    return invoice


def remind_due(limit: int = 200) -> int:
    """Remind of invoices whose next step has come, each step once; the hourly job. Returns how many."""
    done = 0
    statement = select(Merchant.id, Merchant.invoice_reminders).where(
        Merchant.invoice_reminders.is_not(None), Merchant.active, Merchant.deleted_at.is_(None),
        Merchant.id.not_in(merchant_mails.merchants_without(INVOICE_REMINDER)))
    for merchant_id, text in db.session.execute(statement.order_by(Merchant.id)).all():
        for step in reversed(invoice_reminders.read(text)):
            done += _remind_step(merchant_id, step, limit - done)
            if done >= limit:
                return done
    return done


def _remind_step(merchant_id: int, step: Step, limit: int) -> int:
    """Remind of the invoices that are overdue for so long; a step that was passed over is not made up for."""
    due = (
        OPEN, Invoice.merchant_id == merchant_id, Invoice.customer_email.is_not(None),
        Invoice.late_at <= clock.now() - timedelta(days=step.days - 1),
        func.coalesce(Invoice.reminded_days, 0) < step.days,
        Invoice.refunded_minor == 0,             # what the merchant paid back is not asked for again by itself
    )
    found = db.session.execute(
        select(Invoice.id, Invoice.customer_id).where(*due).order_by(Invoice.customer_id, Invoice.id).limit(limit)
    ).all()
    for key, customer_id in found:
        locking.lock_account(customer_id)
        for invoice in allocating.lock_invoices(Invoice.id == key, *due):        # it may have been paid meanwhile
            _remind(Actor.system().for_row(invoice).in_world(test=invoice.test), invoice, step)
    return len(found)


def paid(invoice_ids: list[int], payment: Payment) -> None:
    """The customer paid on the page: told by mail, once for each payment."""
    if payment.customer.email:
        merchant_mails.put(
            INVOICE_PAID, lane=f"{INVOICE_PAID}_{payment.id}", merchant_id=payment.merchant_id, test=payment.test,
            invoice_id=invoice_ids[0], payment_id=payment.id, about=f"invoice_{invoice_ids[0]}",
        )


def confirm(invoice_id: int, payment: Payment) -> None:
    """The customer's bank asks for one more step, and the customer is not on the page."""
    if payment.customer.email:
        merchant_mails.put(
            INVOICE_CONFIRM, lane=f"{INVOICE_CONFIRM}_{payment.id}", merchant_id=payment.merchant_id, test=payment.test,
            invoice_id=invoice_id, payment_id=payment.id, about=f"invoice_{invoice_id}",
        )


def failed(invoice_id: int, payment: Payment) -> None:
    """A stored card was declined while the customer was on no page: told with the link to pay under."""
    if payment.customer.email:
        merchant_mails.put(
            INVOICE_FAILED, lane=f"{INVOICE_FAILED}_{payment.id}", merchant_id=payment.merchant_id, test=payment.test,
            invoice_id=invoice_id, payment_id=payment.id, about=f"invoice_{invoice_id}",
        )


def overdue_days(invoice: Invoice) -> int | None:
    """For how many days the invoice is overdue, from 1; None before."""
    if invoice.late_at is None or invoice.late_at > clock.now():
        return None
    return (clock.now() - invoice.late_at).days + 1


def _remind(actor: Actor, invoice: Invoice, step: Step) -> None:
    if invoice_links.token_of(invoice) is None:
        invoice_links.share(actor, [invoice])
    with LIFE.changing(actor, invoice, "reminded", None):
        invoice.reminded_at, invoice.reminded_days = clock.now(), max(step.days, invoice.reminded_days or 0)
    _put(INVOICE_REMINDER, invoice, f"{INVOICE_REMINDER}_{invoice.id}_{invoice.version}", days=step.days)


def _steps(merchant_id: int) -> list[Step]:
    return invoice_reminders.read(db.session.get_one(Merchant, merchant_id).invoice_reminders)


def _link(actor: Actor, invoice: Invoice) -> None:
    if invoice.balance_minor > 0:
        invoice_links.share(actor, [invoice])


def _must_have_address(invoice: Invoice) -> None:
    if not invoice.customer_email:
        raise Conflict("The customer has no e-mail address on this invoice.", code="no-address")


def _put(kind: str, invoice: Invoice, lane: str, **rows: int) -> None:
    merchant_mails.put(
        kind, lane=lane, merchant_id=invoice.merchant_id, test=invoice.test, invoice_id=invoice.id,
        about=f"invoice_{invoice.id}", **rows,
    )
