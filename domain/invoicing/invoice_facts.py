"""What an invoice or a credit note says, in plain values: all that documents and e-invoices need.

    facts = invoice_facts.of_invoice(invoice)            # models.invoice.Invoice, a draft too
    facts = invoice_facts.of_credit_note(note)           # models.credit_note.CreditNote

Amounts are integers in minor units of `currency`; quantities, prices and rates are decimals. Of an issued document
nothing is looked up elsewhere: seller and buyer are those of the day it was issued.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from domain.invoicing import parties
from domain.invoicing.parties import Party
from models.credit_note import CreditNote, CreditNoteItem
from models.invoice import Invoice, InvoiceItem, TaxCategory
from models.money import from_micro, from_ten_thousandths


class DocumentKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line. What is taxed is `net_minor`: the amount less its discount and its part of the discount on the whole.

    Without `rate` the tax is an amount that was agreed: such a document has no e-invoice.
    """

    position: int                        # from 1
    description: str
    quantity: Decimal
    unit_price: Decimal                  # without tax
    amount_minor: int                    # quantity times price, as stored
    discount_minor: int
    shared_discount_minor: int
    net_minor: int
    rate: Decimal | None                 # in percent
    category: TaxCategory | None
    reason: str | None                   # why there is no tax
    tax_minor: int
    total_minor: int                     # net and tax


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxGroup:
    """The lines of one rate and category together; the tax is the sum of the lines' taxes."""

    rate: Decimal | None
    category: TaxCategory | None
    reason: str | None
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The sums. net = lines - discount, total = net + tax, balance = total - paid - credited."""

    lines_minor: int                     # after the lines' own discounts
    discount_minor: int                  # on the whole
    net_minor: int
    tax_minor: int                       # with header_tax_minor
    header_tax_minor: int                # a tax on the whole without a rate, which a budget may have
    total_minor: int
    paid_minor: int = 0
    credited_minor: int = 0

    @property
    def balance_minor(self) -> int:
        return self.total_minor - self.paid_minor - self.credited_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceFacts:
    """A whole document."""

    kind: DocumentKind
    id: int
    merchant_id: int                     # whose logo, colour and bank account it shows
    test: bool
    customer_id: int
    number: str | None                   # None: a draft
    currency: str
    issue_on: date | None
    due_on: date | None = None
    period_start_on: date | None = None  # of what was supplied
    period_end_on: date | None = None
    notes: str | None = None
    reason: str | None = None            # of a credit note
    invoice_number: str | None = None    # that it corrects
    invoice_issue_on: date | None = None
    order_id: int | None = None
    order_reference: str | None = None   # the order's own number, where it has one
    seller: Party
    buyer: Party
    footer: str | None = None
    lines: Sequence[Line] = ()
    taxes: Sequence[TaxGroup] = ()
    totals: Totals
    lacks: Sequence[str] = field(default=())        # for an e-invoice, as stored when it was issued


def of_invoice(invoice: Invoice) -> InvoiceFacts:
    """An invoice, issued or a draft."""
    lines = [_line(one) for one in invoice.items]
    seller, footer = parties.seller_of(invoice.seller, invoice.merchant_id)
    order = invoice.order
    return InvoiceFacts(
        kind=DocumentKind.INVOICE, id=invoice.id, merchant_id=invoice.merchant_id, test=invoice.test,
        customer_id=invoice.customer_id, number=invoice.number, currency=invoice.currency, issue_on=invoice.issue_on,
        due_on=invoice.due_on, period_start_on=invoice.period_start_on, period_end_on=invoice.period_end_on,
        notes=invoice.notes, order_id=invoice.order_id,
        order_reference=order.invoice_ref if order is not None else None, seller=seller, footer=footer,
        buyer=parties.buyer_of(invoice.buyer, invoice.customer), lines=lines, taxes=grouped(lines),
        totals=Totals(
            lines_minor=sum(one.amount_minor - one.discount_minor for one in lines),
            discount_minor=invoice.header_discount_minor, net_minor=sum(one.net_minor for one in lines),
            tax_minor=invoice.tax_minor, header_tax_minor=invoice.header_tax_minor, total_minor=invoice.total_minor,
            paid_minor=invoice.paid_minor, credited_minor=invoice.credited_minor,
        ),
        lacks=invoice.e_invoice_lacks or (),
    )


def of_credit_note(note: CreditNote) -> InvoiceFacts:
    """A credit note. Its amounts are positive."""
    invoice, lines = note.invoice, [_credited(one) for one in note.items]
    seller, footer = parties.seller_of(note.seller, note.merchant_id)
    return InvoiceFacts(
        kind=DocumentKind.CREDIT_NOTE, id=note.id, merchant_id=note.merchant_id, test=note.test,
        customer_id=note.customer_id, number=note.number, currency=note.currency, issue_on=note.issue_on,
        reason=note.reason, invoice_number=invoice.number, invoice_issue_on=invoice.issue_on,
        order_id=invoice.order_id, seller=seller, footer=footer, buyer=parties.buyer_of(note.buyer, None),
        lines=lines, taxes=grouped(lines),
        totals=Totals(
            lines_minor=note.net_minor, discount_minor=0, net_minor=note.net_minor, tax_minor=note.tax_minor,
            header_tax_minor=note.header_tax_minor, total_minor=note.total_minor,
        ),
        lacks=invoice.e_invoice_lacks or (),
    )


def _rate(percent: int | None) -> Decimal | None:
    return None if percent is None else from_ten_thousandths(percent)


def _line(item: InvoiceItem) -> Line:
    return Line(
        position=item.position + 1, description=item.description, unit_price=from_micro(item.unit_price_micro),
        quantity=from_ten_thousandths(item.quantity_ten_thousandths), amount_minor=item.amount_minor,
        discount_minor=item.discount_minor, shared_discount_minor=item.shared_discount_minor,
        net_minor=item.net_minor, tax_minor=item.tax_minor, total_minor=item.net_minor + item.tax_minor,
        **_taxed(item),
    )


def _credited(item: CreditNoteItem) -> Line:
    return Line(
        position=item.position + 1, description=item.description, unit_price=from_micro(item.unit_price_micro),
        quantity=from_ten_thousandths(item.quantity_ten_thousandths), amount_minor=item.net_minor,
        discount_minor=0, shared_discount_minor=0, net_minor=item.net_minor, tax_minor=item.tax_minor,
        total_minor=item.total_minor, **_taxed(item),
    )


def _taxed(item: InvoiceItem | CreditNoteItem) -> dict[str, Any]:
    return {
        "rate": _rate(item.tax_percent_ten_thousandths), "category": item.tax_category, "reason": item.tax_reason,
    }


def grouped(lines: Iterable[Line]) -> list[TaxGroup]:
    """The taxes by rate and category, the highest rate first, amounts without a rate last."""
    found: dict[tuple[Decimal | None, TaxCategory | None, str | None], list[int]] = {}
    for line in lines:
        sums = found.setdefault((line.rate, line.category, line.reason), [0, 0])
        sums[0] += line.net_minor
        sums[1] += line.tax_minor
    groups = [
        TaxGroup(rate=rate, category=category, reason=reason, net_minor=net, tax_minor=tax)
        for (rate, category, reason), (net, tax) in found.items()
    ]
    return sorted(groups, key=lambda one: (one.rate is None, -(one.rate or 0), one.category or "", one.reason or ""))
