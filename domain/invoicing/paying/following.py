"""Follows payments: what was approved pays invoices and is booked, what was paid back is open again."""

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.invoicing.books import chain
from domain.invoicing.invoice_listing import OPEN
from domain.invoicing.invoices import LIFE
from domain.invoicing.paying import allocating, declines, paid_orders, sending
from domain.invoicing.sources import automatic, made_from
from domain.payments import followers, gateway_accounts, locking
from models.allocation import Allocation
from models.books import BookKind
from models.invoice import Invoice
from models.invoice_link import InvoiceLinkItem
from models.order import Order
from models.payment import Payment, Refund, RefundStatus


def approved(actor: Actor, payment: Payment) -> None:
    """A payment on a link pays the link's invoices, one of an order the order's, the oldest first."""
    chain.append_last(BookKind.PAYMENT, payment)
    if payment.invoice_link_id is not None:
        of_link = select(InvoiceLinkItem.invoice_id).where(InvoiceLinkItem.invoice_link_id == payment.invoice_link_id)
        rows = allocating.lock_invoices(Invoice.id.in_(of_link))
        allocating.allocate_to(actor, payment, rows)
        sending.paid([one.id for one in rows], payment)
    elif payment.order is not None:
        _of_order(actor, payment, payment.order)


def _of_order(actor: Actor, payment: Payment, order: Order) -> None:
    """A payment of an order pays the order's invoices; without one an invoice may be made of it."""
    if not made_from.has_invoice(order):
        automatic.mark(payment)
        return
    locking.lock_account(payment.customer_id)
    allocating.allocate_to(actor, payment, allocating.lock_invoices(made_from.of_agreement(order), OPEN))
    _make_credit(actor, payment, order)
    for invoice in paid_orders.to_lower(order):
        part = allocating.overpay(actor, payment, invoice, invoice.to_lower_minor)
        with LIFE.changing(actor, invoice, event=None):
            invoice.to_lower_minor -= part
    paid_orders.count(actor, order)


def _make_credit(actor: Actor, payment: Payment, order: Order) -> None:
    """What paid the order's invoice while this payment was under way is too much: it becomes the customer's credit."""
    minor = min(allocating.free(payment), paid_orders.uncounted(order))
    for invoice in allocating.lock_invoices(made_from.of_agreement(order)) if minor > 0 else ():
        rows = select(Allocation).join(Payment, Payment.id == Allocation.payment_id).where(
            Allocation.invoice_id == invoice.id, Allocation.amount_minor > 0, Payment.order_id.is_(None))
        for row in db.session.scalars(rows.order_by(Allocation.id.desc())).all():
            part = min(minor, row.amount_minor)
            if part > 0:
                locking.lock(Payment, row.payment_id)
                allocating.release(actor, row, part)
                minor -= allocating.allocate(actor, payment, invoice, part)


def declined(actor: Actor, payment: Payment) -> None:
    """What pays the invoice of an order is counted once nothing is under way; a card of an invoice is tried again."""
    if payment.order is not None:
        if made_from.has_invoice(payment.order):
            paid_orders.count(actor, payment.order)
    elif payment.invoice_link_id is not None and payment.decline is not None:
        of_link = select(InvoiceLinkItem.invoice_id).where(InvoiceLinkItem.invoice_link_id == payment.invoice_link_id)
        declines.follow(actor, payment, allocating.lock_invoices(Invoice.id.in_(of_link)), is_away=_is_away(payment))


def waiting(actor: Actor, payment: Payment) -> None:
    """The customer, who is on no page, is told by mail where to confirm the payment of a link."""
    if payment.invoice_link_id is not None and _is_away(payment):
        of_link = select(InvoiceLinkItem.invoice_id).where(InvoiceLinkItem.invoice_link_id == payment.invoice_link_id)
        sending.confirm(min(db.session.scalars(of_link)), payment)


def _is_away(payment: Payment) -> bool:
    """Whether the customer is on no page: the worker or staff charges a stored card."""
    return payment.reason in gateway_accounts.AUTOMATIC or payment.created_by_user_id is not None


def refunded(actor: Actor, payment: Payment, refund: Refund) -> None:
    """A refund takes the money off the invoices that it paid; one that came back pays them again."""
    kind = BookKind.REFUND if refund.status is RefundStatus.APPROVED else BookKind.REFUND_FAILED
    if not chain.has(kind, refund.id):
        chain.append_last(kind, refund)
    allocating.follow_refund(actor, payment)


def register() -> None:
    """Follow payments and refunds."""
    followers.when_approved(approved)
    followers.when_declined(declined)
    followers.when_beginning(paid_orders.must_wait)
    followers.when_asked_again(paid_orders.is_paid)
    followers.when_refunded(refunded)
    followers.when_waiting(waiting)
