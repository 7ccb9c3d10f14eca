"""Sends one mail with one link for several invoices of a customer, under which all of them are paid at once."""

from collections.abc import Sequence
from typing import Any

from domain import clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.invoicing import invoices
from domain.invoicing.invoices import LIFE
from domain.invoicing.paying import invoice_links
from domain.people import merchant_mails
from domain.people.merchant_mails import INVOICE
from models.invoice import Invoice
from models.invoice_link import InvoiceLink
from models.money import Money

MOST = invoice_links.MOST


def send(actor: Actor, rows: Sequence[Invoice]) -> InvoiceLink:
    """Mail the link of these locked invoices to their customer; returns it. Conflict as `check` says."""
    check(rows)
    link = invoice_links.find(invoice_links.share(actor, rows))
    assert link is not None                          # it was made, or found, just now
    for row in rows:
        with LIFE.changing(actor, row, "sent", None):
            row.sent_at = clock.now()
    first = rows[0]
    merchant_mails.put(
        INVOICE, lane=f"{INVOICE}_link_{link.id}_{first.version}", merchant_id=first.merchant_id, test=first.test,
        invoice_id=first.id, invoice_link_id=link.id, about=f"invoice_{first.id}",
    )
    return link


def check(rows: Sequence[Invoice]) -> None:
    """Raises Conflict unless they are issued, open, of one customer with an address, and in one currency."""
    if not 0 < len(rows) <= MOST:
        raise Conflict(f"Choose 1 to {MOST} invoices.")
    for row in rows:
        invoices.must_be_issued(row)
        if row.balance_minor <= 0:
            raise Conflict(f"Nothing is open of invoice {row.number}.", code="nothing-is-open")
    if len({row.customer_id for row in rows}) > 1:
        raise Conflict("The invoices are of several customers: choose those of one.", code="several-customers")
    if len({row.currency for row in rows}) > 1:
        raise Conflict("The invoices are in several currencies: choose those in one.", code="several-currencies")
    if not rows[-1].customer_email:
        raise Conflict("The customer has no e-mail address on the last of these invoices.", code="no-address")


def told(rows: Sequence[Any]) -> tuple[str, ...]:
    """What the dialog says before they are sent."""
    check(rows)
    total = Money(sum(row.balance_minor for row in rows), rows[0].currency).decimal
    return (
        f"A mail goes to {rows[-1].customer_email}, with one link under which all are paid at once: "
        f"{total:,} {rows[0].currency}.",
        ", ".join(f"{row.number}" for row in rows[:20]) + ("…" if len(rows) > 20 else ""),
    )
