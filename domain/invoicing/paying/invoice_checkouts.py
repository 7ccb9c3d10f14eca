"""Begins the payments that customers make for invoices on a gateway's own page, and says what the page shows.

The amount is what is open of the link's invoices at that moment. While a payment of one of them runs, on whichever
link, none is begun; a checkout that was left open is found again by its key, so that a second press pays once.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.invoicing.paying import allocating, invoice_links, paid_orders
from domain.payments import attempts, gateway_accounts, locking
from domain.payments.checkout import checkout_states
from domain.payments.checkout.checkout_states import TRANSFER, PageState
from domain.payments.checkout.checkouts import GRACE, Begun
from domain.payments.gateways import CheckoutRequest
from domain.sales.orders.payment_links import MINUTES
from models.invoice import Invoice
from models.invoice_link import InvoiceLink
from models.payment import Payment, PaymentReason, PaymentStatus

UNDER_WAY = "A payment is under way. Please do not pay again."


def invoices_of(link: InvoiceLink) -> list[Invoice]:
    """The invoices of the link, the oldest first."""
    return sorted((one.invoice for one in link.items), key=lambda one: (one.issue_on, one.id))


def due(rows: Sequence[Invoice]) -> int:
    """What is open of these invoices."""
    return sum(max(0, one.balance_minor) for one in rows)


def latest(link: InvoiceLink) -> Payment | None:
    """The last payment on the link."""
    statement = select(Payment).where(Payment.invoice_link_id == link.id).order_by(Payment.id.desc()).limit(1)
    return db.session.scalar(statement)


def running(link: InvoiceLink) -> Payment | None:
    """The payment of any of these invoices whose outcome is not known, on whichever link."""
    return running_of([one.invoice_id for one in link.items])


def running_of(keys: Sequence[int]) -> Payment | None:
    """The payment on a link of any of these invoices, or of their orders, whose outcome is not known."""
    return attempts.open_on_links(invoice_links.naming(keys)) or paid_orders.running(keys)


def ways(link: InvoiceLink) -> list[str]:
    """The gateways by which it can be paid."""
    return checkout_states.ready(link.merchant_id, test=link.test)


def state(link: InvoiceLink, payment: Payment | None) -> PageState:
    """What the page shows; `payment` is the one that runs."""
    if due(invoices_of(link)) == 0:
        return PageState.PAID
    if payment is not None and payment.status is PaymentStatus.REQUIRES_ACTION:
        return PageState.CONFIRM
    if payment is not None and not checkout_states.is_unfinished(payment):
        return PageState.WAITING
    if payment is not None and is_over(payment):
        return PageState.EXPIRED
    return PageState.TRANSFER if link.by_transfer else PageState.OPEN


def is_over(payment: Payment) -> bool:
    """Whether the time to finish the checkout has passed."""
    return until(payment) <= clock.now()


def until(payment: Payment) -> datetime:
    """Until when a checkout may be finished."""
    return payment.created_at + timedelta(minutes=MINUTES)


def by_transfer(actor: Actor, link: InvoiceLink) -> None:
    """Choose bank transfer: the invoices wait for the customer's money. The link is locked."""
    if TRANSFER not in ways(link):
        raise Conflict("These invoices cannot be paid by bank transfer.")
    if running(link) is not None:
        raise Conflict(UNDER_WAY)
    with invoice_links.LIFE.changing(actor, link):
        link.by_transfer = True


def another_way(actor: Actor, link: InvoiceLink) -> None:
    """Choose another way to pay than a transfer."""
    if link.by_transfer:
        with invoice_links.LIFE.changing(actor, link):
            link.by_transfer = False


def begin(actor: Actor, link: InvoiceLink, gateway: str, return_url: str) -> Begun:
    """The checkout of what is open of a locked link: a new payment, or the one that was left open.

    Raises Conflict when nothing is open, or another payment of the invoices is under way.
    """
    if gateway == TRANSFER or gateway not in ways(link):
        raise Conflict("These invoices cannot be paid like that.")
    rows = allocating.lock_invoices(Invoice.id.in_([one.invoice_id for one in link.items]))
    amount, payment = due(rows), running(link)
    if amount == 0:
        raise Conflict("There is nothing to pay.")
    if payment is None:
        payment = _payment(actor, link, gateway, amount)
    asked = (payment.invoice_link_id, payment.amount_minor, payment.gateway)
    if not checkout_states.is_unfinished(payment) or is_over(payment):
        raise Conflict(UNDER_WAY)
    if asked != (link.id, amount, gateway):
        raise Conflict("A payment of another amount was begun. Finish it, or wait 25 minutes and begin again.")
    return _begun(link, rows, payment, return_url)


def _payment(actor: Actor, link: InvoiceLink, gateway: str, amount: int) -> Payment:
    now = clock.now()
    payment = Payment(
        merchant_id=link.merchant_id, test=link.test, customer_id=link.customer_id, invoice_link_id=link.id,
        gateway=gateway, reason=PaymentReason.CHECKOUT, status=PaymentStatus.PENDING, currency=link.currency,
        amount_minor=amount, refunded_minor=0, allocated_minor=0, key=secrets.token_hex(16), asked_at=now,
        created_at=now, look_up_at=now + timedelta(minutes=MINUTES) + GRACE, look_ups=0,
    )
    locking.LIFE.add(actor, payment)
    link.checkout_until = now + timedelta(minutes=MINUTES)
    return payment


def _begun(link: InvoiceLink, rows: Sequence[Invoice], payment: Payment, return_url: str) -> Begun:
    return Begun(
        payment_id=payment.id, gateway=payment.gateway,
        account=gateway_accounts.for_gateway(link.merchant_id, payment.gateway, test=link.test),
        request=CheckoutRequest(
            key=payment.key, order_id=None, scheduled_payment_id=None, amount_minor=payment.amount_minor,
            currency=payment.currency, at=clock.now(), until=until(payment), return_url=return_url,
            cancel_url=return_url, description=title(rows), customer_email=link.customer.email,
            reference=payment.reference,
        ),
    )


def title(rows: Sequence[Invoice]) -> str:
    """What is paid, in a line."""
    open_ones = [one for one in rows if one.balance_minor > 0] or list(rows)
    more = f" and {len(open_ones) - 1} more" if len(open_ones) > 1 else ""
    return f"Invoice {open_ones[0].number}{more}"
