"""Registers what invoices use: customers while they are drafts or open; products, budgets and merchants always."""

from typing import Any

from sqlalchemy import func, select

from database import db
from domain import usage
from domain.invoicing.invoice_listing import OPEN
from domain.usage import Use
from models.budget import Budget
from models.customer import Customer
from models.invoice import Invoice, InvoiceItem, InvoiceState
from models.merchant import Merchant
from models.product import Product


def unpaid(customer: Customer) -> int:
    """The issued invoices of the customer with an open balance."""
    return _count(Invoice.customer_id == customer.id, OPEN)


def drafts(customer: Customer) -> int:
    return _count(
        Invoice.customer_id == customer.id, Invoice.state == InvoiceState.DRAFT, Invoice.deleted_at.is_(None))


def naming(product: Product) -> int:
    """The invoices with a line of the product, with deleted drafts, which may be restored."""
    return _count(Invoice.id.in_(select(InvoiceItem.invoice_id).where(InvoiceItem.product_id == product.id)))


def _count(*clauses: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(Invoice).where(*clauses)) or 0


def register() -> None:
    """Register these uses, which a deletion asks for."""
    usage.register(Customer, Use("unpaid invoice", "unpaid invoices", unpaid))
    usage.register(Customer, Use("draft of an invoice", "drafts of invoices", drafts))
    usage.register(Product, Use("invoice", "invoices", naming))
    usage.register(Budget, Use("invoice", "invoices", lambda row: _count(Invoice.budget_id == row.id)))
    usage.register(Merchant, Use("invoice", "invoices", lambda row: _count(Invoice.merchant_id == row.id)))
