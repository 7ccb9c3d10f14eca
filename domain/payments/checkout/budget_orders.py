"""Makes an order of an accepted budget, in one step: the amounts are those that were agreed, to the cent.

A budget's prices are without tax and an order's amounts with it, so nothing is computed anew: the totals are
copied, and what the budget takes off or adds as a whole is spread over its lines.
"""

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.errors import Conflict
from domain.inputs import Input
from domain.payments import followers
from domain.payments.schedule import schedules
from domain.sales.orders import payment_links
from domain.sales.orders.order_status import LIFE
from models.budget import Budget, BudgetStatus
from models.money import line_minor, spread
from models.order import Order, OrderItem, OrderSource, OrderStatus, PaymentChannel
from models.product import Billing


class ConversionInput(Input):
    """How an approved budget becomes an order."""

    again: bool = False                     # another order, after the first one was cancelled


def order_of(budget_id: int) -> Order | None:
    """The order that the budget became, unless that was cancelled; the caller may read the budget."""
    return db.session.scalar(
        select(Order).where(Order.budget_id == budget_id, Order.status != OrderStatus.CANCELLED)
    )


def convert(actor: Actor, budget: Budget, *, again: bool = False) -> Order:
    """The order of a locked, approved budget: one payment of its total, on a payment link.

    Called once more it is the same order, cancelled or not. With `again` it is another one after the last was
    cancelled. Conflict unless the budget is approved, and for `again` while its order is not cancelled.
    """
    if budget.status is not BudgetStatus.APPROVED:
        raise Conflict(
            f"Budget is {budget.status}: only an approved one becomes an order", details={"status": str(budget.status)}
        )
    known = db.session.scalar(select(Order).where(Order.budget_id == budget.id).order_by(Order.id.desc()).limit(1))
    if known is None:
        return _made(actor, budget)
    if not again:
        return known
    if known.status is not OrderStatus.CANCELLED:
        raise Conflict(
            f"The budget is order {known.id} already. Cancel that order first.", details={"order_id": known.id}
        )
    return _made(actor, budget)


def _made(actor: Actor, budget: Budget) -> Order:
    order = Order(
        **actor.ownership(), billing=Billing.SINGLE_PAYMENT, status=OrderStatus.PENDING, channel=PaymentChannel.ECOM,
        source=OrderSource.UI if actor.source == "admin" else OrderSource.API, currency=budget.currency,
        description=f"Quote {'TEST-' if budget.test else ''}{budget.id}", note=budget.notes, details=budget.details,
        budget_id=budget.id, customer_id=budget.customer_id, customer_name=budget.customer_name,
        customer_email=budget.customer_email, billing_address=budget.billing_address,
        total_minor=budget.total_minor, discount_minor=budget.discount_minor, tax_minor=budget.tax_minor,
        initial_minor=budget.total_minor, collects_initial=True, credit_minor=0, next_sequence=1, anchor_sequence=0,
    )
    order.items = items(budget)
    payment_links.issue(order)
    LIFE.add(actor, order)
    schedules.begin(actor, order)
    followers.must_wait(actor, order)       # what was paid of the budget's invoice is paid of the order
    db.session.flush()                      # what a contract shows is read with plain statements
    return order


def items(budget: Budget) -> list[OrderItem]:
    """The budget's lines, whose totals add up to the order's."""
    amounts = [
        line_minor(one.quantity_ten_thousandths, one.unit_price_micro, budget.currency) - one.discount_minor
        for one in budget.items
    ]
    discounts = spread(budget.header_discount_minor, amounts)
    # Lines that are free take the tax too, where the budget has no others.
    taxes = spread(budget.header_tax_minor, amounts if any(amounts) else [1] * len(amounts))
    return [
        OrderItem(
            position=place, product_id=one.product_id, name=one.description[:255],
            quantity_ten_thousandths=one.quantity_ten_thousandths, unit_price_micro=one.unit_price_micro,
            discount_minor=one.discount_minor + discount, tax_minor=one.tax_minor + tax,
            tax_percent_ten_thousandths=one.tax_percent_ten_thousandths,
            total_minor=amount - discount + one.tax_minor + tax,
        )
        for place, (one, amount, discount, tax) in enumerate(zip(budget.items, amounts, discounts, taxes, strict=True))
    ]
