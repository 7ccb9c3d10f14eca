"""Registers what budgets use: their customers while they are pending, products and merchants always."""

from typing import Any

from sqlalchemy import func, or_, select

from database import db
from domain import clock, usage
from domain.usage import Use
from models.budget import Budget, BudgetItem, BudgetStatus
from models.customer import Customer
from models.merchant import Merchant
from models.product import Product


def pending(customer: Customer) -> int:
    """The pending budgets of the customer."""
    return _count(
        Budget.customer_id == customer.id, Budget.deleted_at.is_(None), Budget.status == BudgetStatus.PENDING,
        or_(Budget.valid_until.is_(None), Budget.valid_until >= clock.now()),
    )


def naming(product: Product) -> int:
    """The budgets with a line of the product, with deleted ones, which may be restored."""
    return _count(Budget.id.in_(select(BudgetItem.budget_id).where(BudgetItem.product_id == product.id)))


def of_merchant(merchant: Merchant) -> int:
    return _count(Budget.merchant_id == merchant.id)


def _count(*clauses: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(Budget).where(*clauses)) or 0


def register() -> None:
    """Register these uses, which a deletion asks for."""
    usage.register(Customer, Use("pending budget", "pending budgets", pending))
    usage.register(Product, Use("budget", "budgets", naming))
    usage.register(Merchant, Use("budget", "budgets", of_merchant))
