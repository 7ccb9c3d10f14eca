"""Manages the links under which customers pay invoices: 32 random bytes, found by a keyed digest, stored encrypted.

The same invoices keep their link until it is renewed. A checkout on it may be finished within 25 minutes.
"""

import hashlib
import secrets
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import select

from database import db
from domain import clock
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, Maybe, RowId, Truth
from domain.invoicing import invoices
from domain.lifecycle import Lifecycle
from domain.payments import locking
from domain.sales.orders.payment_links import BYTES
from domain.vault import vault
from models.invoice import Invoice
from models.invoice_link import InvoiceLink, InvoiceLinkItem

LIFE = Lifecycle(noun="invoice_link")
MOST = 100


class LinkInput(Input):
    """Which invoices are paid together with one, and whether its present link is replaced."""

    invoice_ids: Maybe[Annotated[list[RowId], Field(max_length=MOST)]] = None
    renew: Truth = False


def link(actor: Actor, invoice: Invoice, given: LinkInput) -> str:
    """The token of the link of a locked invoice, with the others that are named; Invalid for those that are unknown."""
    rows = {invoice.id: invoice}
    for place, key in enumerate(given.invoice_ids or ()):
        rows.setdefault(key, invoices.LISTING.refer(actor, f"invoice_ids.{place}", key))
    return (renew if given.renew else share)(actor, list(rows.values()))


def share(actor: Actor, rows: Sequence[Invoice]) -> str:
    """The token of the link of these issued invoices of one customer; the first time makes it.

    Conflict for drafts; Invalid (`invoice_ids`) for several customers or currencies, or more than 100.
    """
    known = _known(rows)
    token = vault.decrypt(known.token) if known is not None and known.token is not None else None
    if token is not None:
        return token
    return _made(actor, rows, known)


def renew(actor: Actor, rows: Sequence[Invoice]) -> str:
    """The token of a new link of these invoices; the one that they had works no more."""
    return _made(actor, rows, _known(rows))


def token_of(invoice: Invoice) -> str | None:
    """The token of the invoice's own link, if it was shared."""
    row = _current([invoice])
    return vault.decrypt(row.token) if row is not None and row.token is not None else None


def shared(link_id: int) -> tuple[list[Invoice], str] | None:
    """The invoices of a link, and its token; None where it was withdrawn."""
    link = db.session.get(InvoiceLink, link_id)
    if link is None or link.token is None:
        return None
    token = vault.decrypt(link.token)
    return None if token is None else ([one.invoice for one in link.items], token)


def find(token: str) -> InvoiceLink | None:
    """The link of a token, unless it was withdrawn, whatever its merchant and world."""
    return db.session.scalar(select(InvoiceLink).where(
        InvoiceLink.digest.in_(vault.digests(token)), InvoiceLink.withdrawn_at.is_(None)))


def naming(keys: Any) -> Any:
    """A statement for the ids of the links of any of these invoices, whose ids are a list or a statement."""
    return select(InvoiceLinkItem.invoice_link_id).where(InvoiceLinkItem.invoice_id.in_(keys))


def locked(link_id: int) -> InvoiceLink:
    """The link, locked after its customer's account and read anew."""
    customer_id = db.session.scalar(select(InvoiceLink.customer_id).where(InvoiceLink.id == link_id))
    assert customer_id is not None           # links are never deleted
    locking.lock_account(customer_id)
    row: InvoiceLink = locking.lock(InvoiceLink, link_id)
    return row


def _known(rows: Sequence[Invoice]) -> InvoiceLink | None:
    """The present link of these invoices, which are checked; the customer's account is locked."""
    if not 0 < len(rows) <= MOST:
        raise Invalid.field("invoice_ids", f"must be 1 to {MOST} invoices", "range")
    for row in rows:
        invoices.must_be_issued(row)
    if len({(row.customer_id, row.currency) for row in rows}) > 1:
        raise Invalid.field("invoice_ids", "must be of one customer and in one currency", "contradiction")
    locking.lock_account(rows[0].customer_id)
    return _current(rows)


def _current(rows: Sequence[Invoice]) -> InvoiceLink | None:
    found = select(InvoiceLink).where(InvoiceLink.subject == _subject(rows), InvoiceLink.withdrawn_at.is_(None))
    return db.session.scalar(found)


def _subject(rows: Sequence[Invoice]) -> str:
    keys = ",".join(str(key) for key in sorted({row.id for row in rows}))
    return hashlib.sha256(keys.encode()).hexdigest()


def _made(actor: Actor, rows: Sequence[Invoice], known: InvoiceLink | None) -> str:
    if all(row.balance_minor <= 0 for row in rows):
        raise Conflict("Nothing is open of this invoice.", code="nothing-is-open")
    if known is not None:
        with LIFE.changing(actor, known, "withdrawn"):
            known.withdrawn_at, known.token = clock.now(), None
    token, first = secrets.token_urlsafe(BYTES), rows[0]
    link = InvoiceLink(
        merchant_id=first.merchant_id, test=first.test, customer_id=first.customer_id, currency=first.currency,
        subject=_subject(rows), digest=vault.digest(token), token=vault.encrypt(token), by_transfer=False,
    )
    link.items = [InvoiceLinkItem(invoice_id=key) for key in sorted({row.id for row in rows})]
    LIFE.add(actor, link)
    return token
