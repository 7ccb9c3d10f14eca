"""The credit of customers: what they paid that pays no invoice, and what credit notes took off paid invoices."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any

from sqlalchemy import func, select

from database import db
from domain.actor import Actor
from domain.errors import Conflict, Invalid
from domain.inputs import Input, Maybe, Number, minor
from domain.invoicing import invoices
from domain.invoicing.paying import allocating
from domain.payments import locking
from domain.payments.payment_listing import FREE
from models.allocation import Allocation
from models.invoice import Invoice
from models.payment import Payment, Refund

# Whose index has these invoices, in the same words.
OVERPAID = Invoice.total_minor < Invoice.paid_minor + Invoice.credited_minor


class CreditUse(Input):
    """How much credit pays an invoice: without an amount as much as there is, and as is open."""

    amount: Maybe[Annotated[Decimal, Number(above=0)]] = None


def balances(customer_id: int, *, test: bool) -> dict[str, int]:
    """The credit of a customer in minor units, by currency; without those of nothing."""
    under_way = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.payment_id == Payment.id, Refund.status.in_(("pending", "unknown"))).correlate(Payment)
    rest = Payment.amount_minor - Payment.refunded_minor - Payment.allocated_minor - under_way.scalar_subquery()
    found: dict[str, int] = {}
    for currency, free in db.session.execute(
        select(Payment.currency, rest).where(Payment.customer_id == customer_id, Payment.test.is_(test), FREE)
    ):
        found[currency] = found.get(currency, 0) + max(0, int(free))
    over = Invoice.paid_minor + Invoice.credited_minor - Invoice.total_minor
    for currency, more in db.session.execute(
        select(Invoice.currency, func.sum(over))
        .where(Invoice.customer_id == customer_id, Invoice.test.is_(test), OVERPAID).group_by(Invoice.currency)
    ):
        found[currency] = found.get(currency, 0) + int(more)
    return {currency: amount for currency, amount in sorted(found.items()) if amount}


def of(customer_id: int, currency: str, *, test: bool) -> int:
    """The credit of a customer in a currency, in minor units."""
    return balances(customer_id, test=test).get(currency, 0)


def use(actor: Actor, invoice: Invoice, given: CreditUse) -> Invoice:
    """Pay a locked, issued invoice with the customer's credit, the oldest first.

    Conflict where nothing is open or there is no credit; Invalid for more than there is of either.
    """
    invoices.must_be_issued(invoice)
    locking.lock_account(invoice.customer_id)
    if invoice.balance_minor <= 0:
        raise Conflict("Nothing is open of this invoice.", code="nothing-is-open")
    credit = of(invoice.customer_id, invoice.currency, test=invoice.test)
    if not credit:
        raise Conflict(f"The customer has no credit in {invoice.currency}.", code="no-credit")
    wanted = minor("amount", given.amount, invoice.currency)
    if wanted is not None and wanted > min(credit, invoice.balance_minor):
        what = "is open" if wanted > invoice.balance_minor else "the customer's credit"
        raise Invalid.field("amount", f"is more than {what}", "range")
    spend(actor, invoice, invoice.balance_minor if wanted is None else wanted)
    return invoice


def spend(actor: Actor, invoice: Invoice, most: int) -> None:
    """Pay at most this much of a locked invoice with the customer's credit, as far as there is any."""
    for take in _sources(actor, invoice):
        most -= take(most)
        if most <= 0:
            break


def _sources(actor: Actor, invoice: Invoice) -> Iterator[Any]:
    """What gives credit, the oldest first: each is called with how much is wanted, and returns how much it gave."""
    whose = (Payment.customer_id == invoice.customer_id, Payment.test.is_(invoice.test))
    free = select(Payment).where(*whose, Payment.currency == invoice.currency, FREE).order_by(Payment.id)
    for payment in db.session.scalars(free.with_for_update().execution_options(populate_existing=True)).all():
        yield lambda most, payment=payment: allocating.allocate(actor, payment, invoice, most)
    over = allocating.lock_invoices(
        Invoice.customer_id == invoice.customer_id, Invoice.test.is_(invoice.test),
        Invoice.currency == invoice.currency, OVERPAID,
    )
    for other in over:
        statement = select(Allocation).where(Allocation.invoice_id == other.id, Allocation.amount_minor > 0)
        for row in db.session.scalars(statement.order_by(Allocation.id)).all():
            yield lambda most, row=row: _move(actor, row, invoice, most)


def _move(actor: Actor, row: Allocation, invoice: Invoice, most: int) -> int:
    """Have what a credit note freed pay another invoice."""
    part = min(most, row.amount_minor, -row.invoice.balance_minor)
    if part <= 0:
        return 0
    payment = locking.lock(Payment, row.payment_id)
    allocating.release(actor, row, part)
    return allocating.allocate(actor, payment, invoice, part)
