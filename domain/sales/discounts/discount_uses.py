"""Finds the code that a customer entered, and counts its uses: exactly, also where several orders want the last one.

The code's row is locked while its uses are counted. Whoever also locks an order locks the order first.
"""

from sqlalchemy import func, select

from database import db
from domain import texts
from domain.sales.discounts.discount_amounts import refused
from domain.sales.orders.order_clock import now_of
from models.discount_code import DiscountCode, DiscountUse
from models.order import Order

LONGEST = 40


def find(order: Order, text: str) -> DiscountCode:
    """The code of the order's merchant and world; Invalid for one that is not known, switched off or expired."""
    key = texts.caseless(text.strip())
    statement = select(DiscountCode).where(
        DiscountCode.merchant_id == order.merchant_id, DiscountCode.test.is_(order.test), DiscountCode.code_key == key
    )
    with db.session.no_autoflush:                # the order is not complete yet
        code = db.session.scalar(statement) if len(text) <= LONGEST else None
    if code is None:
        raise refused("is not known", "unknown")
    check(code, order)
    return code


def check(code: DiscountCode, order: Order) -> None:
    """Invalid for a code that is switched off, expired, or used up."""
    if not code.active:
        raise refused("is no longer offered", "inactive")
    if code.expires_at is not None and code.expires_at <= now_of(order):
        raise refused("has expired", "past")
    with db.session.no_autoflush:
        uses = _count(code, order.id)
        own = _count(code, order.id, order.customer_id)
    if code.max_uses is not None and uses >= code.max_uses:
        raise refused("has been used up", "range")
    if code.max_uses_per_customer is not None and own >= code.max_uses_per_customer:
        raise refused("was already used by this customer", "range")


def _count(code: DiscountCode, order_id: int | None, customer_id: int | None = None) -> int:
    """The uses by other orders that were not released, of one customer or of all."""
    statement = select(func.count(DiscountUse.id)).where(
        DiscountUse.code_id == code.id, DiscountUse.returned_at.is_(None), DiscountUse.order_id != (order_id or 0)
    )
    if customer_id is not None:
        statement = statement.where(DiscountUse.customer_id == customer_id)
    return db.session.scalar(statement) or 0


def follow(order: Order) -> None:
    """Count the use of the order's code, and give back that of another one; Invalid when none is left.

    Called after each change of a stored order's code or customer, in the transaction that made it.
    """
    known = current(order)
    if known is not None:
        if (known.code_id, known.customer_id) == (order.discount_code_id, order.customer_id):
            return
        known.returned_at = now_of(order)
        db.session.flush()                       # one code for each order
    if order.discount_code_id is None:
        return
    # Not FOR UPDATE: each order that names the code has a share of its key, and two of them would wait for each other.
    statement = select(DiscountCode).where(DiscountCode.id == order.discount_code_id).with_for_update(key_share=True)
    code = db.session.execute(statement.execution_options(populate_existing=True)).scalar_one()
    check(code, order)
    db.session.add(DiscountUse(
        merchant_id=order.merchant_id, test=order.test, code_id=code.id, order_id=order.id,
        customer_id=order.customer_id, used_at=now_of(order),
    ))
    db.session.flush()                           # the next order counts it


def give_back(order: Order) -> None:
    """The order was cancelled, nothing was paid for it: its code can be used once more."""
    known = current(order)
    if known is not None:
        known.returned_at = now_of(order)


def current(order: Order) -> DiscountUse | None:
    """The use of a code by the order."""
    return db.session.scalar(
        select(DiscountUse).where(DiscountUse.order_id == order.id, DiscountUse.returned_at.is_(None))
    )
