"""Follows payments: what was approved pays invoices and is booked, what was paid back is open again."""

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.invoicing.books import chain
from domain.invoicing.invoice_listing import OPEN
from domain.invoicing.paying import allocating, sending
from domain.invoicing.sources import automatic, made_from
from domain.payments import followers, locking
from models.books import BookKind
from models.invoice import Invoice
from models.invoice_link import InvoiceLinkItem
from models.order import Order
from models.payment import Payment, PaymentReason, Refund, RefundStatus


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


def waiting(actor: Actor, payment: Payment) -> None:
    """The customer, who is on no page, is told by mail where to confirm the payment of a link."""
    is_away = payment.reason is PaymentReason.SCHEDULE or payment.created_by_user_id is not None
    if payment.invoice_link_id is not None and is_away:
        of_link = select(InvoiceLinkItem.invoice_id).where(InvoiceLinkItem.invoice_link_id == payment.invoice_link_id)
        sending.confirm(min(db.session.scalars(of_link)), payment)


def refunded(actor: Actor, payment: Payment, refund: Refund) -> None:
    """A refund takes the money off the invoices that it paid; one that came back pays them again."""
    kind = BookKind.REFUND if refund.status is RefundStatus.APPROVED else BookKind.REFUND_FAILED
    if not chain.has(kind, refund.id):
        chain.append_last(kind, refund)
    allocating.follow_refund(actor, payment)


def register() -> None:
    """Follow payments and refunds."""
    followers.when_approved(approved)
    followers.when_refunded(refunded)
    followers.when_waiting(waiting)
