"""Makes credit notes: over some lines of an issued invoice, or over all that is left of it."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from database import db
from domain import audit, clock
from domain.actor import Actor
from domain.errors import Conflict
from domain.inputs import Input, Maybe, Text
from domain.invoicing import credit_lines, invoices, issuing, parties, settling
from domain.invoicing.books import chain, numbers
from domain.invoicing.credit_lines import Credited, CreditItemInput
from domain.invoicing.paying import paid_orders
from domain.lifecycle import Lifecycle
from models.books import BookKind, Series
from models.credit_note import CreditNote, CreditNoteItem
from models.invoice import Invoice, InvoiceState
from models.merchant import Merchant

REASON = 500


class CreditInput(Input):
    """What is credited; without items all that is left."""

    items: Maybe[Annotated[list[CreditItemInput], Field(max_length=invoices.MAX_ITEMS)]] = None
    reason: Maybe[Annotated[str, Text(REASON)]] = None


def credit(actor: Actor, invoice: Invoice, given: CreditInput) -> CreditNote:
    """A credit note over a locked, issued invoice. Conflict: `invoice-is-draft`, or `more-than-left`."""
    invoices.must_be_issued(invoice)
    lines = credit_lines.chosen(invoice, given.items) if given.items else credit_lines.everything(invoice)
    header_tax = 0 if given.items else credit_lines.header_tax_left(invoice)
    return _issued(actor, invoice, lines, header_tax, given.reason)


def cancel(actor: Actor, invoice: Invoice) -> Invoice:
    """End an invoice: a draft is cancelled, an issued one gets a credit note over all that is left."""
    if invoice.state is InvoiceState.ISSUED:
        credit(actor, invoice, CreditInput(reason="Cancelled"))
        return invoice
    invoices.must_be_draft(invoice)
    with invoices.LIFE.changing(actor, invoice, "cancelled"):
        invoice.state = InvoiceState.CANCELLED
    return invoice


def _issued(
    actor: Actor, invoice: Invoice, lines: Sequence[Credited], header_tax: int, reason: str | None
) -> CreditNote:
    net, tax = sum(one.net for one in lines), sum(one.tax for one in lines) + header_tax
    if net + tax <= 0:
        raise Conflict("Nothing is left of this invoice to credit.", code="more-than-left")
    merchant = db.session.get_one(Merchant, invoice.merchant_id)
    now, day = clock.now(), issuing.today(merchant.id)
    given = numbers.take(merchant, Series.CREDIT_NOTE, day, test=invoice.test)
    note = CreditNote(
        merchant_id=invoice.merchant_id, test=invoice.test, invoice_id=invoice.id, customer_id=invoice.customer_id,
        number=given.number, series_number=given.count, currency=invoice.currency, net_minor=net, tax_minor=tax,
        header_tax_minor=header_tax, total_minor=net + tax, reason=reason, issue_on=day, issued_at=now,
        customer_name=invoice.customer.name, customer_email=invoice.customer.email,
        seller=parties.stored(parties.seller(merchant), **{parties.FOOTER: merchant.document_footer}),
        buyer=parties.stored(parties.buyer(invoice.customer)),
    )
    note.items = [_item(place, one) for place, one in enumerate(lines)]
    NOTES.add(actor, note)
    was_open = max(0, invoice.balance_minor)
    settling.credited(actor, invoice, note.total_minor)
    paid_orders.credited(actor, invoice, min(was_open, note.total_minor))
    chain.append(BookKind.CREDIT_NOTE, note)
    return note


def _item(place: int, one: Credited) -> CreditNoteItem:
    item = one.item
    return CreditNoteItem(
        position=place, invoice_item_id=item.id, description=item.description, by_amount=one.by_amount,
        quantity_ten_thousandths=one.quantity, unit_price_micro=one.unit_price_micro, net_minor=one.net,
        tax_minor=one.tax, tax_percent_ten_thousandths=item.tax_percent_ten_thousandths,
        tax_category=item.tax_category, tax_reason=item.tax_reason, total_minor=one.net + one.tax,
    )


def _snapshot(note: CreditNote) -> dict[str, Any]:
    """The credit note with its lines, for the audit trail."""
    names = ("invoice_item_id", "quantity_ten_thousandths", "net_minor", "tax_minor", "total_minor")
    return audit.snapshot(note) | {"items": [{name: getattr(one, name) for name in names} for one in note.items]}


NOTES = Lifecycle(noun="credit_note", snapshot=_snapshot)
