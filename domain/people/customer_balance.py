"""Customers with their balance: what one has paid less what he owes, in the currency that he is billed in.

A resource and listing of their own, since adding it up costs as much as reading the customer.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, select

from domain.people import customers
from domain.people.customers import CURRENCY
from models.customer import Customer
from models.invoice import Invoice, InvoiceState
from models.merchant import Merchant
from models.payment import Payment, PaymentStatus


def _sum(amount: ColumnElement[Any], *clauses: ColumnElement[bool]) -> ColumnElement[int]:
    """The sum over the rows of one customer, in minor units."""
    rows = select(func.coalesce(func.sum(amount), 0)).where(*clauses).correlate(Customer, Merchant)
    return cast(rows.scalar_subquery(), BigInteger)


# Below 0 while invoices are open. What was paid for an order is the order's; the rest of other payments is credit.
BALANCE = _sum(
    Invoice.paid_minor + Invoice.credited_minor - Invoice.total_minor,
    Invoice.customer_id == Customer.id, Invoice.test == Customer.test, Invoice.state == InvoiceState.ISSUED,
    Invoice.currency == CURRENCY,
) + _sum(
    Payment.amount_minor - Payment.refunded_minor - Payment.allocated_minor,
    Payment.customer_id == Customer.id, Payment.test == Customer.test, Payment.currency == CURRENCY,
    Payment.order_id.is_(None), Payment.status == PaymentStatus.APPROVED,
    Payment.amount_minor > Payment.refunded_minor + Payment.allocated_minor,
)

LISTING = replace(customers.LISTING, columns={**customers.LISTING.columns, "balance_minor": BALANCE})
RESOURCE = replace(customers.RESOURCE, listing=LISTING)
