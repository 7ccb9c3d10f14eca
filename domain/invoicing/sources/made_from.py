"""Makes invoices of what was agreed or paid: an accepted budget, an order, or a payment of an order, each once.

Amounts are copied, never computed anew. A budget's are without tax as an invoice's; an order's contain it, so that
a line's amount is what is left without it.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import and_, or_, select

from database import db
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, Maybe, RowId
from domain.invoicing import invoice_amounts, invoice_lines, invoices
from domain.invoicing.invoice_lines import Line
from domain.invoicing.invoices import LIFE
from domain.payments import payment_listing
from domain.sales.budgets.budget_listing import LISTING as BUDGETS
from domain.sales.orders.order_listing import LISTING as ORDERS
from domain.sales.totals import shares
from models.budget import Budget, BudgetStatus
from models.invoice import Invoice, InvoiceState
from models.money import ONE, divided, exponent, line_minor
from models.order import Order, OrderItem, OrderStatus, ScheduledPayment
from models.payment import Payment, PaymentStatus
from models.product import Billing

LONGEST = 500                            # of a line's text


OF_PAYMENT = "payment:"                  # how the source of an invoice of one payment begins


# The clause for invoices that bill all of what they were made of.
OF_ALL = or_(Invoice.source.is_(None), Invoice.source.not_like(f"{OF_PAYMENT}%"))


def of_agreement(order: Order) -> Any:
    """The clause for the invoices of an order as a whole, or of the budget that it was."""
    own = Invoice.order_id == order.id
    return and_(
        own if order.budget_id is None else or_(own, Invoice.budget_id == order.budget_id), OF_ALL,
        Invoice.deleted_at.is_(None), Invoice.state != InvoiceState.CANCELLED,
    )


def has_invoice(order: Order) -> bool:
    """Whether there is an invoice of the order as a whole, also a draft."""
    return db.session.scalar(select(Invoice.id).where(of_agreement(order)).limit(1)) is not None


class SourceInput(Input):
    """What an invoice is made of: one of these."""

    budget_id: Maybe[RowId] = None
    order_id: Maybe[RowId] = None
    payment_id: Maybe[RowId] = None


def make(actor: Actor, given: SourceInput) -> Invoice:
    """The draft of what is named, or the invoice that was made of it before.

    Invalid unless one source is named, which the caller can read; Conflict for one that gives no invoice.
    """
    named = {name: key for name, key in given.model_dump().items() if key is not None}
    if len(named) != 1:
        raise Invalid.field("order_id", "must be sent, or a budget or a payment, one of them", "missing")
    ((name, key),) = named.items()
    if name == "budget_id":
        budget: Budget = BUDGETS.refer(actor, name, key)
        return of_budget(actor.for_row(budget), budget)
    if name == "order_id":
        order: Order = ORDERS.refer(actor, name, key)
        return of_order(actor.for_row(order), order)
    payment: Payment = payment_listing.LISTING.refer(actor, name, key)
    return of_payment(actor.for_row(payment), payment)


def of_budget(actor: Actor, budget: Budget) -> Invoice:
    """The draft of an accepted budget, with its prices, discounts and taxes."""
    if budget.status is not BudgetStatus.APPROVED:
        raise Conflict(f"Budget is {budget.status}: only an approved one becomes an invoice.", code="not-approved")
    lines = [
        Line(
            row=None, is_agreed=True, product_id=one.product_id, description=one.description[:LONGEST],
            quantity_ten_thousandths=one.quantity_ten_thousandths, unit_price_micro=one.unit_price_micro,
            amount_minor=line_minor(one.quantity_ten_thousandths, one.unit_price_micro, budget.currency),
            discount_minor=one.discount_minor, tax_minor=one.tax_minor, **_rate(one.tax_percent_ten_thousandths),
        )
        for one in budget.items
    ]
    for line, share in zip(lines, shares(lines, budget.header_discount_minor), strict=True):
        line.shared_discount_minor = share
    draft = _draft(f"budget:{budget.id}", budget, actor, budget_id=budget.id, notes=budget.notes)
    return _written(actor, draft, lines, budget.header_discount_minor, budget.header_tax_minor)


def of_order(actor: Actor, order: Order) -> Invoice:
    """The draft of all of an order; of a subscription it is one period."""
    if order.status in (OrderStatus.DRAFT, OrderStatus.CANCELLED, OrderStatus.REJECTED):
        raise Conflict(f"The order is {order.status}.", code="no-invoice-of-it")
    if order.billing is Billing.METERED:
        raise Conflict("Each payment of an order by use has its own invoice.", code="no-invoice-of-it")
    lines = [_line(order, one, one.total_minor, one.tax_minor) for one in order.items]
    source = f"order:{order.id}" if order.budget_id is None else f"budget:{order.budget_id}"
    return _written(actor, _draft(source, order, actor, order_id=order.id, budget_id=order.budget_id), lines)


def of_payment(actor: Actor, payment: Payment) -> Invoice:
    """The draft of an approved payment of an order. Conflict where an invoice was made of its order."""
    order = payment.order
    if payment.status is not PaymentStatus.APPROVED or order is None:
        raise Conflict("Only an approved payment of an order becomes an invoice.", code="no-invoice-of-it")
    source = f"{OF_PAYMENT}{payment.id}"
    is_new = _made(source, payment.merchant_id, test=payment.test) is None
    if is_new and (payment.allocated_minor or has_invoice(order)):
        raise Conflict("There is an invoice of the payment or its order already.", code="has-invoice")
    return _written(actor, _draft(source, order, actor, order_id=order.id), lines_of_payment(payment))


def lines_of_payment(payment: Payment) -> list[Line]:
    """The lines of the order where they come to the amount that was paid, else one line for all of it."""
    order, row = payment.order, payment.scheduled_payment
    assert order is not None                         # who calls this has seen that there is one
    for lines in (
        [_line(order, one, one.total_minor, one.tax_minor) for one in order.items if one.total_minor],
        [_line(order, one, one.later_total_minor, one.later_tax_minor) for one in order.items
         if one.later_total_minor],
    ):
        if sum(line.amount_minor + line.tax_minor for line in lines) == payment.amount_minor:
            return lines
    tax = _tax_of(payment, row)
    percents = {one.tax_percent_ten_thousandths for one in order.items}
    title = order.description or ", ".join(one.name for one in order.items)
    return [Line(
        row=None, is_agreed=True, service_id=order.id, description=title[:LONGEST] or f"Order {order.id}",
        quantity_ten_thousandths=ONE, unit_price_micro=_unit(payment.amount_minor - tax, ONE, order.currency),
        amount_minor=payment.amount_minor - tax, tax_minor=tax,
        **_rate(percents.pop() if len(percents) == 1 else None),
    )]


def _tax_of(payment: Payment, row: ScheduledPayment | None) -> int:
    """The tax that a payment contains: its row's, or a part of it."""
    if row is None or not row.amount_minor:
        return 0
    return min(payment.amount_minor, divided(row.tax_minor * payment.amount_minor, row.amount_minor))


def _line(order: Order, item: OrderItem, total: int, tax: int) -> Line:
    return Line(
        row=None, is_agreed=True, product_id=item.product_id, service_id=order.id, description=item.name[:LONGEST],
        quantity_ten_thousandths=item.quantity_ten_thousandths,
        unit_price_micro=_unit(total - tax, item.quantity_ten_thousandths, order.currency),
        amount_minor=total - tax, tax_minor=tax, **_rate(item.tax_percent_ten_thousandths),
    )


def _unit(net: int, quantity: int, currency: str) -> int:
    """The price of one without tax, with six decimals."""
    return divided(net * ONE * 10 ** (6 - exponent(currency)), quantity)


def _rate(percent: int | None) -> dict[str, Any]:
    return {"tax_percent_ten_thousandths": percent, **invoice_lines.categorised("items", percent, None, None)}


def _draft(source: str, agreed: Budget | Order, actor: Actor, **values: Any) -> Invoice:
    """A new draft of a source, or the invoice that was made of it before."""
    known = _made(source, agreed.merchant_id, test=agreed.test)
    if known is not None:
        return known
    if agreed.customer.deleted_at is not None:
        raise Conflict("The customer was deleted.")
    return invoices.draft(actor, agreed.currency, customer_id=agreed.customer_id, source=source, **values)


def _made(source: str, merchant_id: int, *, test: bool) -> Invoice | None:
    return db.session.scalar(select(Invoice).where(
        Invoice.source == source, Invoice.merchant_id == merchant_id, Invoice.test.is_(test),
        Invoice.deleted_at.is_(None), Invoice.state != InvoiceState.CANCELLED))


def _written(actor: Actor, draft: Invoice, lines: Sequence[Line], discount: int = 0, tax: int = 0) -> Invoice:
    """The draft with its lines, stored; one that was made before stays as it is."""
    if draft.id is not None:
        return draft
    invoice_amounts.put(draft, invoice_amounts.summed(draft.currency, list(lines), discount, tax))
    LIFE.add(actor, draft)
    return draft


def collected(actor: Actor, payments: Sequence[Payment], source: str) -> Invoice:
    """The draft of several payments of one customer in one currency, made once for this source."""
    first = payments[0]
    assert first.order is not None
    lines = [line for one in payments for line in lines_of_payment(one)]
    return _written(actor, _draft(source, first.order, actor), lines)
