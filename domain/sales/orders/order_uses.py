"""Registers what orders use: their customers while they are open, products and merchants always."""

from typing import Any

from sqlalchemy import func, select

from database import db
from domain import usage
from domain.sales.orders.order_status import FINAL
from domain.usage import Use
from models.budget import Budget
from models.customer import Customer
from models.merchant import Merchant
from models.order import Order, OrderItem
from models.product import Product


def open_orders(customer: Customer) -> int:
    """The orders of the customer that have not ended."""
    return _count(Order.customer_id == customer.id, Order.status.not_in(FINAL))


def naming(product: Product) -> int:
    """The orders with a line of the product, ended ones too: a document keeps what it names."""
    return _count(Order.id.in_(select(OrderItem.order_id).where(OrderItem.product_id == product.id)))


def of_merchant(merchant: Merchant) -> int:
    return _count(Order.merchant_id == merchant.id)


def from_budget(budget: Budget) -> int:
    """The orders that the budget became."""
    return _count(Order.budget_id == budget.id)


def _count(*clauses: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(Order).where(*clauses)) or 0


def register() -> None:
    """Register these uses, which a deletion asks for."""
    usage.register(Customer, Use("open order", "open orders", open_orders))
    usage.register(Product, Use("order", "orders", naming))
    usage.register(Merchant, Use("order", "orders", of_merchant))
    usage.register(Budget, Use("order", "orders", from_budget))
