"""The plans that customers may change to by themselves: products of the same group, if the merchant allows it."""

from sqlalchemy import select

from database import db
from domain.errors import Conflict
from domain.payments.plans import plan_changes
from domain.sales.orders.order_status import FINAL
from models.merchant import Merchant
from models.order import Order
from models.product import Billing, Product, ProductStatus

MOST = 50


def choices(order: Order) -> list[Product]:
    """Other subscriptions of the product's group in the order's currency, the cheapest first; none where none may be.

    A change that waits for the end of the period has to be taken back before another one is made.
    """
    product = order.items[0].product if len(order.items) == 1 else None
    if not _is_allowed(order) or product is None or product.group_id is None or order.planned_change is not None:
        return []
    if order.billing is not Billing.SUBSCRIPTION or not _can_change(order):
        return []
    return list(db.session.scalars(
        select(Product)
        .where(
            Product.merchant_id == order.merchant_id, Product.test.is_(order.test), Product.deleted_at.is_(None),
            Product.group_id == product.group_id, Product.id != product.id, Product.billing == Billing.SUBSCRIPTION,
            Product.status == ProductStatus.ACTIVE, Product.currency == order.currency,
        )
        .order_by(Product.price_micro, Product.id).limit(MOST)
    ))


def may_withdraw(order: Order) -> bool:
    """Whether the customer may take back the change that waits for the end of the period."""
    return order.planned_change is not None and order.status not in FINAL and _is_allowed(order)


def _is_allowed(order: Order) -> bool:
    return db.session.get_one(Merchant, order.merchant_id).customer_changes


def _can_change(order: Order) -> bool:
    try:
        plan_changes.check(order)
    except Conflict:
        return False
    return True
