"""Computes the amounts of a draft, when it is written and for the preview of a form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from domain.actor import Actor
from domain.errors import Invalid, Mistakes
from domain.inputs import minor, sent_again
from domain.invoicing import invoice_lines
from domain.invoicing.invoice_lines import Line
from domain.sales import totals
from domain.sales.totals import Totals
from models.invoice import Invoice
from models.money import LIMIT

FIELDS = frozenset({"items", "discount", "currency"})


@dataclass(frozen=True, slots=True)
class Amounts:
    """A draft's lines and sums before they are written."""

    currency: str
    lines: list[Line]
    discount: int
    tax: int
    totals: Totals


def change(actor: Actor, invoice: Invoice, given: Mapping[str, Any]) -> None:
    """Write the currency, items and discount that were sent, and the sums."""
    put(invoice, computed(actor, invoice, given))


def put(invoice: Invoice, found: Amounts) -> None:
    """Write lines and sums."""
    invoice.currency = found.currency
    invoice_lines.write(invoice, found.lines)
    invoice.header_discount_minor, invoice.header_tax_minor = found.discount, found.tax
    sums = found.totals
    invoice.subtotal_minor, invoice.discount_minor = sums.subtotal, sums.discount
    invoice.tax_minor, invoice.total_minor = sums.tax, sums.total


def computed(actor: Actor, invoice: Invoice, given: Mapping[str, Any]) -> Amounts:
    """The new amounts; changes nothing. Invalid names everything that is wrong."""
    mistakes = Mistakes()
    currency = given.get("currency") or invoice.currency
    items, discount, tax = given.get("items"), invoice.header_discount_minor or 0, invoice.header_tax_minor or 0
    if currency != invoice.currency:
        tax = 0                                  # it was a budget's, in the budget's currency
        whole = {"items": invoice.items, "discount": discount}
        with mistakes.collected():
            sent_again(whole, given)
    lines = [invoice_lines.kept(one) for one in invoice.items]
    if items is not None:
        with mistakes.collected():
            lines = invoice_lines.read(actor, invoice, items, currency)
    if "discount" in given:
        with mistakes.collected():
            discount = minor("discount", given["discount"], currency) or 0
    mistakes.refuse()
    return summed(currency, lines, discount, tax if lines else 0)


def summed(currency: str, lines: list[Line], discount: int, tax: int = 0) -> Amounts:
    """Lines with a discount and a tax on the whole; Invalid where the discount is too large, or the sum."""
    if discount > sum(one.amount_minor - one.discount_minor for one in lines):
        raise Invalid.field("discount", "must not be more than the invoice's amount", "contradiction")
    invoice_lines.settle(lines, discount)
    sums = totals.add_up(lines, discount, tax)
    if max(sums.subtotal, sums.total) >= LIMIT:
        raise Invalid.field("items", "add up to an amount that is too large", "overflow")
    return Amounts(currency, lines, discount, tax, sums)
