"""Changes what is still open of an issued invoice: the only place where its amounts change.

The invoice's row is locked. Each change has its audit entry, and its event where the status is a new one.
"""

from collections.abc import Callable
from datetime import datetime

from domain import clock
from domain.actor import Actor
from domain.invoicing import invoice_status
from domain.invoicing.invoices import LIFE
from models.invoice import Invoice, InvoiceStatus

# What a change of the amounts is called, by the status that it leads to.
VERBS = {
    InvoiceStatus.PAID: "paid", InvoiceStatus.CANCELLED: "cancelled", InvoiceStatus.REFUNDED: "refunded",
}

Follower = Callable[[Actor, Invoice], None]
_followers: list[Follower] = []


def when_settled(follower: Follower) -> None:
    """Register what is called when nothing is open of an invoice any more; the customer's account is locked."""
    _followers.append(follower)


def credited(actor: Actor, invoice: Invoice, minor: int) -> None:
    """A credit note took this much off the invoice."""
    _change(actor, invoice, "credited", credited=minor)


def paid(actor: Actor, invoice: Invoice, minor: int, at: datetime | None) -> None:
    """A payment of this moment pays this much of the invoice."""
    _change(actor, invoice, "payment_booked", "updated", paid=minor, at=at)


def released(actor: Actor, invoice: Invoice, minor: int) -> None:
    """This much of what paid the invoice pays another one, or is credit of the customer."""
    _change(actor, invoice, "payment_released", "updated", paid=-minor)


def paid_back(actor: Actor, invoice: Invoice, minor: int) -> None:
    """This much of what paid the invoice was paid back; below 0 it came again."""
    verb = "payment_returned" if minor > 0 else "payment_restored"
    _change(actor, invoice, verb, "updated", paid=-minor, refunded=minor)


def _change(
    actor: Actor, invoice: Invoice, verb: str, event: str = "", *, paid: int = 0, credited: int = 0, refunded: int = 0,
    at: datetime | None = None,
) -> None:
    now = clock.now()
    before = invoice_status.of(invoice, now)
    with LIFE.changing(actor, invoice, verb, event):
        invoice.paid_minor += paid
        invoice.credited_minor += credited
        invoice.refunded_minor += refunded
        invoice.paid_at = _paid_at(invoice, at or now)
    after = invoice_status.of(invoice, now)
    if after is not before and after in VERBS:
        LIFE.emit(actor, VERBS[after], invoice)
    if invoice.balance_minor <= 0 and (paid > 0 or credited > 0):
        for follow in _followers:
            follow(actor, invoice)


def _paid_at(invoice: Invoice, now: datetime) -> datetime | None:
    """Since when it is paid: an invoice of which all was credited, and nothing paid, never was."""
    if invoice.balance_minor > 0:
        return None
    return invoice.paid_at or (now if invoice.paid_minor > 0 else None)
