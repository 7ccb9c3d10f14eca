"""Takes a discount code off an order that waits for its first payment: on its page, or by a person."""

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.errors import Conflict
from domain.payments.schedule import schedule_plan, schedules
from domain.payments.schedule.scheduled_status import LIFE as ROWS
from domain.sales.discounts import discount_uses
from domain.sales.orders import order_status, orders
from models.discount_code import DiscountCode
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus

TRANSFER = "manual"


def enter(actor: Actor, order: Order, text: str | None) -> Order:
    """Take this code off the locked order, in place of another one; without a text none.

    Invalid says why a code cannot be used; Conflict, why no code can be changed any more.
    """
    rows = schedules.rows_of(order)
    if not may_enter(order, rows):
        raise Conflict("A discount code can no longer be entered for this order.")
    with order_status.LIFE.changing(actor, order):
        orders.recode(order, text)
        discount_uses.follow(order)
    after = {one.sequence: one for one in schedule_plan.at_creation(order, rows[0].due_at)}
    for row in rows:
        planned = after[row.sequence]
        if row.amount_minor != planned.amount_minor or row.tax_minor != planned.tax_minor:
            with ROWS.changing(actor, row):
                row.amount_minor, row.tax_minor = planned.amount_minor, planned.tax_minor
    return order


def is_offered(order: Order, rows: list[ScheduledPayment]) -> bool:
    """Whether the order's page has a field for a code: the merchant has one, and it could still be entered."""
    if not may_enter(order, rows):
        return False
    statement = select(DiscountCode.id).where(
        DiscountCode.merchant_id == order.merchant_id, DiscountCode.test.is_(order.test), DiscountCode.active.is_(True)
    )
    return order.discount_code_id is not None or db.session.scalar(statement.limit(1)) is not None


def may_enter(order: Order, rows: list[ScheduledPayment]) -> bool:
    """Whether a code can still be entered: nothing was paid or is under way, and nobody changed the payments."""
    if order.status not in (OrderStatus.PENDING, OrderStatus.REJECTED) or order.gateway == TRANSFER or not rows:
        return False
    if order.budget_id is not None:
        return False                             # its amounts are those that were accepted
    plan = {one.sequence: one for one in schedule_plan.at_creation(order, rows[0].due_at)}
    return len(plan) == len(rows) and all(
        row.status is ScheduledStatus.SCHEDULED and row.paid_minor == 0
        and (found := plan.get(row.sequence)) is not None and found.amount_minor == row.amount_minor
        for row in rows
    )

