"""The document of an approved payment: what was received, for which order, and the tax that it contains."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from database import db
from domain import zones
from domain.invoicing.documents import languages, parties
from domain.invoicing.documents.document import Document, Kind, Line, Party, Totals
from domain.invoicing.paying.recording import ReceivedBy
from domain.payments.gateways import registry
from models.allocation import Allocation
from models.invoice import Invoice
from models.merchant import Merchant
from models.money import ONE
from models.order import Order, OrderItem
from models.payment import Payment


def document(payment: Payment) -> Document:
    """What the receipt of a payment says."""
    order, customer = payment.order, payment.customer
    merchant, zone = db.session.get_one(Merchant, payment.merchant_id), zones.of_merchant(payment.merchant_id)
    language = languages.of(merchant, customer if order is None else order.customer)
    row = payment.scheduled_payment
    is_whole = row is not None and row.amount_minor == payment.amount_minor
    return Document(
        kind=Kind.RECEIPT, number=_number(payment.id, test=payment.test), test=payment.test, language=language,
        currency=payment.currency, made_on=(payment.executed_at or payment.created_at).astimezone(zone).date(),
        seller=parties.seller(merchant), brand=parties.brand(merchant),
        buyer=_buyer(payment),
        lines=_of_invoices(payment, languages.words(language)) if order is None else _lines(order, payment),
        totals=Totals(
            net_minor=payment.amount_minor, total_minor=payment.amount_minor, credited_minor=payment.refunded_minor,
            tax_minor=row.tax_minor if row is not None and is_whole else 0,
        ),
        order="" if order is None else order.invoice_ref or _number(order.id, test=order.test),
        paid_with=_way(payment, languages.words(language)),
        notes=[merchant.document_footer] if merchant.document_footer else [],
    )


def _number(key: int, *, test: bool) -> str:
    return f"TEST-{key}" if test else str(key)


def _buyer(payment: Payment) -> Party:
    """Who paid, as the order has it."""
    order, customer = payment.order, payment.customer
    if order is None:
        return parties.buyer(customer, name=None, email=None, address=None)
    return parties.buyer(
        order.customer, name=order.customer_name, email=order.customer_email, address=order.billing_address)


def _way(payment: Payment, words: Mapping[str, str]) -> str:
    """How it was paid."""
    if payment.payment_method is not None:
        return payment.payment_method.label
    if payment.gateway == ReceivedBy.CASH:
        return words["cash"]
    known = registry.find(payment.gateway)
    return words["bank_transfer"] if known is None or known.name == ReceivedBy.MANUAL else known.title


def _of_invoices(payment: Payment, words: Mapping[str, str]) -> Sequence[Line]:
    """A line for each invoice that was paid, and one for what was paid on account."""
    statement = (
        select(Allocation.amount_minor + Allocation.returned_minor, Invoice.number)
        .join(Invoice, Invoice.id == Allocation.invoice_id).where(Allocation.payment_id == payment.id)
    )
    found = [(f"{words['invoice']} {number}", amount) for amount, number in db.session.execute(
        statement.order_by(Invoice.issue_on, Invoice.id))]
    rest = payment.amount_minor - sum(amount for _, amount in found)
    return [
        Line(name=name, quantity_ten_thousandths=ONE, unit_price_micro=0, amount_minor=amount)
        for name, amount in (*found, (words["on_account"], rest)) if amount > 0
    ]


def _lines(order: Order, payment: Payment) -> Sequence[Line]:
    """The lines of the order where they come to the amount that was paid, else one line for all of it."""
    for lines in ([_first(item) for item in order.items], [_later(item) for item in order.items]):
        if sum(line.amount_minor for line in lines) == payment.amount_minor:
            return [line for line in lines if line.amount_minor]
    return [Line(name=_title(order), quantity_ten_thousandths=ONE, unit_price_micro=0,
                 amount_minor=payment.amount_minor)]


def _title(order: Order) -> str:
    return order.description or ", ".join(item.name for item in order.items)


def _first(item: OrderItem) -> Line:
    """The item as the first payment has it."""
    return _line(item, item.total_minor, item.tax_minor)


def _later(item: OrderItem) -> Line:
    """The item as each later payment has it."""
    return _line(item, item.later_total_minor, item.later_tax_minor)


def _line(item: OrderItem, amount: int, tax: int) -> Line:
    return Line(
        name=item.name, quantity_ten_thousandths=item.quantity_ten_thousandths, unit_price_micro=item.unit_price_micro,
        amount_minor=amount, tax_minor=tax, tax_percent_ten_thousandths=item.tax_percent_ten_thousandths,
    )
