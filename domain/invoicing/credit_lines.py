"""Computes what a credit note takes off the lines of an invoice: a quantity, an amount, or all that is left.

Whoever credits the last of a line gets exactly what is left of it, so that all credit notes of an invoice never add
up to more than the invoice, nor to a cent less.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from sqlalchemy import func, select

from database import db
from domain.errors import Conflict, Invalid, Mistakes
from domain.inputs import Input, Maybe, Number, Quantity, RowId, minor
from models.credit_note import CreditNote, CreditNoteItem
from models.invoice import Invoice, InvoiceItem
from models.money import ONE, divided, exponent, percent_minor, to_ten_thousandths


class CreditItemInput(Input):
    """What is taken off one line: a quantity or an amount without tax; without either all that is left."""

    item_id: RowId
    quantity: Maybe[Annotated[Decimal, Quantity]] = None
    amount: Maybe[Annotated[Decimal, Number(above=0)]] = None


@dataclass(slots=True)
class Left:
    """What is left of a line."""

    item: InvoiceItem
    quantity: int                            # in ten-thousandths
    net: int
    tax: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credited:
    """What is taken off a line."""

    item: InvoiceItem
    currency: str
    by_amount: bool
    quantity: int                            # in ten-thousandths
    net: int
    tax: int

    @property
    def unit_price_micro(self) -> int:
        """The net amount of one, with six decimals."""
        return divided(self.net * ONE * 10 ** (6 - exponent(self.currency)), self.quantity)


def left(invoice: Invoice) -> dict[int, Left]:
    """What is left of each line, by its id."""
    statement = (
        select(
            CreditNoteItem.invoice_item_id, func.sum(CreditNoteItem.net_minor), func.sum(CreditNoteItem.tax_minor),
            func.sum(CreditNoteItem.quantity_ten_thousandths).filter(CreditNoteItem.by_amount.is_(False)),
        )
        .join(CreditNote, CreditNote.id == CreditNoteItem.credit_note_id)
        .where(CreditNote.invoice_id == invoice.id).group_by(CreditNoteItem.invoice_item_id)
    )
    taken = {key: (int(net), int(tax), int(quantity or 0)) for key, net, tax, quantity in db.session.execute(statement)}
    found = {}
    for item in invoice.items:
        net, tax, quantity = taken.get(item.id, (0, 0, 0))
        found[item.id] = Left(
            item, max(0, item.quantity_ten_thousandths - quantity), item.net_minor - net, item.tax_minor - tax)
    return found


def header_tax_left(invoice: Invoice) -> int:
    """What is left of the tax on the whole."""
    statement = select(func.sum(CreditNote.header_tax_minor)).where(CreditNote.invoice_id == invoice.id)
    return invoice.header_tax_minor - int(db.session.scalar(statement) or 0)


def everything(invoice: Invoice) -> list[Credited]:
    """All that is left of every line."""
    return [_rest(invoice, one) for one in left(invoice).values() if one.net or one.tax]


def chosen(invoice: Invoice, items: Sequence[CreditItemInput]) -> list[Credited]:
    """What was asked for; Invalid names wrong lines, Conflict (`more-than-left`) says that a line has less left."""
    remaining, mistakes, found = left(invoice), Mistakes(), []
    for place, wanted in enumerate(items):
        with mistakes.collected():
            one = remaining.pop(wanted.item_id, None)
            if one is None:
                code = "repeated" if any(item.id == wanted.item_id for item in invoice.items) else "unknown"
                raise Invalid.field(f"items.{place}.item_id", "must be a line of this invoice, named once", code)
            if wanted.quantity is not None and wanted.amount is not None:
                raise Invalid.field(f"items.{place}.amount", "cannot be sent together with a quantity", "contradiction")
            found.append(_part(invoice, one, wanted, f"items.{place}"))
    mistakes.refuse()
    return found


def _part(invoice: Invoice, one: Left, wanted: CreditItemInput, path: str) -> Credited:
    net = minor(f"{path}.amount", wanted.amount, invoice.currency)
    quantity = None if wanted.quantity is None else to_ten_thousandths(wanted.quantity)
    if net is None and quantity is None:
        if not one.net and not one.tax:
            raise _too_much(one)
        return _rest(invoice, one)
    if quantity is not None:
        if quantity > one.quantity:
            raise _too_much(one)
        if quantity == one.quantity:
            return _rest(invoice, one)
        net = divided(one.item.net_minor * quantity, one.item.quantity_ten_thousandths)
    assert net is not None
    if net > one.net:
        raise _too_much(one)
    tax = one.tax if net == one.net else min(one.tax, _tax(one.item, net))
    return Credited(
        item=one.item, by_amount=quantity is None, quantity=quantity or ONE, net=net, tax=tax,
        currency=invoice.currency,
    )


def _tax(item: InvoiceItem, net: int) -> int:
    """The tax of a part of a line: by its rate, or in proportion where an amount was agreed."""
    if item.tax_percent_ten_thousandths is not None:
        return percent_minor(net, item.tax_percent_ten_thousandths)
    return divided(item.tax_minor * net, item.net_minor) if item.net_minor else item.tax_minor


def _rest(invoice: Invoice, one: Left) -> Credited:
    """All that is left of a line. Where amounts were credited before, its quantity says nothing."""
    whole = one.net == divided(one.item.net_minor * one.quantity, one.item.quantity_ten_thousandths)
    by_amount = not one.quantity or not whole
    return Credited(
        item=one.item, by_amount=by_amount, quantity=ONE if by_amount else one.quantity, net=one.net, tax=one.tax,
        currency=invoice.currency,
    )


def _too_much(one: Left) -> Conflict:
    return Conflict(
        f"Less than that is left of “{one.item.description}”.", code="more-than-left",
        details={"items_id": one.item.id, "net_minor": one.net},
    )
