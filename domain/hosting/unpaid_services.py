"""Suspends the services of customers who do not pay their invoices, and goes on with them once all is paid.

The merchant's rule says after how many days. What was suspended or paused for another reason stays as it is, and so
does a service whose suspension somebody ended, until its customer's invoices are paid. Orders that somebody else has
locked are left to the worker's next round: whoever pays holds the customer's account, which comes after orders.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, literal_column, select

from database import db
from domain import clock
from domain.actor import Actor
from domain.hosting import suspending
from domain.invoicing import settling
from domain.invoicing.paying.unpaid import OVERDUE
from domain.payments import locking
from domain.sales.orders.order_status import LIFE
from models.invoice import Invoice
from models.merchant import Merchant
from models.order import Order, OrderStatus, SuspendedFor
from models.product import Billing

# Constants in the statements, not values: the indexes have only such rows.
HELD = Order.suspended_for == literal_column("'unpaid'")
SPARED = Order.spared_at.is_not(None)


def suspend_next() -> int:
    """Suspend the next service whose customer's invoice is overdue for long enough; 0 where there is none."""
    rules = select(Merchant.id, Merchant.unpaid_suspend_days).where(
        Merchant.unpaid_suspend_days.is_not(None), Merchant.active, Merchant.deleted_at.is_(None))
    for merchant_id, days in db.session.execute(rules.order_by(Merchant.id)).all():
        since = clock.now() - timedelta(days=days or 0)
        late = select(Invoice.customer_id).where(
            OVERDUE, Invoice.merchant_id == merchant_id, Invoice.late_at <= since)
        order = _locked(
            Order.merchant_id == merchant_id, Order.status == OrderStatus.ACTIVE, Order.spared_at.is_(None),
            Order.billing == Billing.SUBSCRIPTION, Order.customer_id.in_(late))
        if order is not None:
            locking.lock_account(order.customer_id)
            if _owes(order.customer_id, Invoice.late_at <= since):            # it may have been paid meanwhile
                suspending.suspend(_actor(order), order, SuspendedFor.UNPAID)
            return 1
    return 0


def restore_next() -> int:
    """Go on with the next service whose customer owes nothing that is overdue, or whose merchant has no such rule.

    A payment does that at once; this is for what was locked then. 0 where there is none.
    """
    rules = select(Merchant.id).where(Merchant.unpaid_suspend_days.is_not(None))
    overdue = exists().where(Invoice.customer_id == Order.customer_id, OVERDUE, Invoice.late_at <= clock.now())
    for which in (HELD, SPARED):
        order = _locked(which, ~overdue | Order.merchant_id.not_in(rules))
        if order is not None:
            locking.lock_account(order.customer_id)
            is_off = order.merchant_id not in db.session.scalars(rules).all()
            if is_off or not _owes(order.customer_id):                           # it may be open again
                _restore(order)
            return 1
    return 0


def settled(actor: Actor, invoice: Invoice) -> None:
    """Go on with the customer's services when nothing of the customer is overdue; whoever settles has the account."""
    whose = Order.customer_id == invoice.customer_id
    if not db.session.scalar(select(exists().where(whose, HELD | SPARED))) or _owes(invoice.customer_id):
        return
    for which in (HELD, SPARED):
        for order in db.session.scalars(_unlocked(whose, which)).all():
            _restore(order)


def _restore(order: Order) -> None:
    if order.suspended_for is SuspendedFor.UNPAID:
        suspending.restore(_actor(order), order)
    if order.spared_at is not None:
        with LIFE.changing(_actor(order), order, event=None):
            order.spared_at = None


def _owes(customer_id: int, *clauses: ColumnElement[bool]) -> bool:
    """Whether an invoice of the customer is overdue."""
    found = exists().where(Invoice.customer_id == customer_id, OVERDUE, Invoice.late_at <= clock.now(), *clauses)
    return bool(db.session.scalar(select(found)))


def _locked(*clauses: ColumnElement[bool]) -> Order | None:
    """The first of these orders that nobody has locked."""
    found: Order | None = db.session.scalar(_unlocked(*clauses).limit(1))
    return found


def _unlocked(*clauses: ColumnElement[bool]) -> Any:
    statement = select(Order).where(*clauses).order_by(Order.id).with_for_update(
        skip_locked=True, of=Order, key_share=True)
    return statement.execution_options(populate_existing=True)


def _actor(order: Order) -> Actor:
    return Actor.system().for_row(order).in_world(test=order.test)


def register() -> None:
    """Follow invoices that were settled."""
    settling.when_settled(settled)
