"""Locks what payments change, always in one order, so that nobody waits in a circle.

The order is: an order, the customer's account, a scheduled payment, an attempt, invoices by their ids.

None of them is ever deleted, so that rows which name one may be written while it is locked. PostgreSQL looks at them
whenever a row is changed twice in one transaction: whoever holds the account would wait for the order otherwise.
"""

from typing import Any

from sqlalchemy import select

from database import db
from domain.errors import NotFound
from domain.integrations import events
from domain.lifecycle import Lifecycle
from models.customer import Customer
from models.order import Order, ScheduledPayment
from models.payment import Payment

# That an attempt began is told by its scheduled payment; a payment's events are its outcomes.
LIFE = Lifecycle(noun="payment", emit_event=events.emit, silent=frozenset({"created", "updated"}))
Rows = tuple[Order | None, ScheduledPayment | None, Payment]


def lock(model: type[Any], key: int, *, skip: bool = False) -> Any:
    """The row, locked and read anew; None where it is not there, or with `skip` where another has it."""
    statement = select(model).where(model.id == key).with_for_update(skip_locked=skip, key_share=True)
    return db.session.scalar(statement.execution_options(populate_existing=True))


def lock_row(row_id: int, *, skip: bool = False) -> tuple[Order, ScheduledPayment] | None:
    """A scheduled payment and its order; None where another transaction has the order and `skip` is given."""
    order_id = db.session.scalar(select(ScheduledPayment.order_id).where(ScheduledPayment.id == row_id))
    order = lock(Order, order_id, skip=skip) if order_id is not None else None
    return (order, lock(ScheduledPayment, row_id)) if order is not None else None


def lock_account(customer_id: int) -> None:
    """Lock what a customer has paid and owes: who moves money between payments and invoices holds this.

    Rows that name the customer can be added meanwhile.
    """
    db.session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))


def lock_payment(payment_id: int) -> Rows:
    """An attempt with its scheduled payment and its order, where it has these; raises NotFound."""
    keys = db.session.execute(
        select(Payment.order_id, Payment.scheduled_payment_id, Payment.customer_id).where(Payment.id == payment_id)
    ).one_or_none()
    if keys is None:
        raise NotFound("payment", payment_id)
    order_id, row_id, customer_id = keys
    order = lock(Order, order_id) if order_id is not None else None
    lock_account(customer_id)
    row = lock(ScheduledPayment, row_id) if row_id is not None else None
    return order, row, lock(Payment, payment_id)
