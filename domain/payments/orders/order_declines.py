"""What a person does about an order whose payment was declined: try it again, or ask for another card."""

from typing import Any

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.payments import paying
from domain.payments.attempts import Attempt
from domain.payments.schedule import scheduled_collecting, schedules
from domain.payments.schedule.scheduled_collecting import COLLECTABLE
from domain.payments.schedule.scheduled_status import DECLINED
from domain.resource import Action
from domain.sales.orders import order_status
from models.order import Order, OrderStatus, ScheduledPayment, ScheduledStatus

RETRIED = COLLECTABLE - {OrderStatus.SUSPENDED}


def _first(order: Order) -> ScheduledPayment:
    """The oldest declined payment of a locked order; raises Conflict where there is none."""
    rows = schedules.open_rows(order)                    # locks them
    found = next((row for row in rows if row.status in DECLINED), None)
    if found is None:
        runs = any(row.status is ScheduledStatus.PROCESSING for row in rows)
        raise order_status.refused("waits for the gateway's answer" if runs else "needs no retry: nothing was declined")
    return found


def retry(actor: Actor, order: Order) -> Attempt:
    """Try the oldest declined payment of a locked order again; Conflict where that is not possible."""
    return paying.retry(actor, _first(order))


def ask_for_card(actor: Actor, order: Order) -> Order:
    """Mail the customer a link to pay the oldest declined payment with another card, at most once a day."""
    scheduled_collecting.ask_for_card(actor, _first(order))
    return order


def _has_declined(row: Any) -> bool:
    """Whether a payment was declined and not paid since: read with the rows of a list, looked up for one order."""
    children = getattr(row, "children", {})
    if "refused" in children:
        return bool(children["refused"])
    statement = select(ScheduledPayment.id).where(
        ScheduledPayment.order_id == row.id, ScheduledPayment.status.in_(sorted(DECLINED)))
    return db.session.scalar(statement.limit(1)) is not None


def may_retry(actor: Actor, row: Any) -> bool:
    """Whether a retry makes sense: after a hard decline only with another card, which makes the order active again."""
    return row.status in RETRIED and row.payment_method_id is not None and _has_declined(row)


def may_ask(actor: Actor, row: Any) -> bool:
    """Whether the customer can be asked for another card."""
    return row.status in COLLECTABLE and _has_declined(row)


ACTIONS = {
    "retry": Action(
        run=retry, title="Retry now", past="{} was tried again.", icon="refresh", bulk=True,
        offered=may_retry, asks=True,
    ),
    "ask_for_card": Action(
        run=ask_for_card, title="Ask for a card", past="Asked for another card: {}.", icon="send",
        bulk=True, offered=may_ask,
    ),
}
