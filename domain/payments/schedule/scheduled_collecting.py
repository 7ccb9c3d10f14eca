"""The verbs by which a person collects a scheduled payment: now, once more, or from another card of the customer's."""

from typing import Any

from domain.actor import Actor
from domain.payments import customer_mails, paying
from domain.payments.schedule import scheduled_status
from domain.payments.schedule.scheduled_status import DECLINED
from domain.resource import Action
from domain.sales.orders import order_status
from domain.sales.orders.order_status import LIVE
from models.money import Money
from models.order import OrderStatus, ScheduledPayment, ScheduledStatus

COLLECTABLE = LIVE - {OrderStatus.PAUSED}


def ask_for_card(actor: Actor, row: ScheduledPayment) -> ScheduledPayment:
    """Mail the customer a link to pay what was declined with another card, at most once a day.

    Raises Conflict unless the payment was declined, where the order takes no payments or the customer has no address.
    """
    if row.status not in DECLINED:
        raise scheduled_status.refused("was not declined")
    if row.order.status not in COLLECTABLE:
        raise order_status.refused(f"is {row.order.status}")
    customer_mails.ask_for_card(row.order, row)
    scheduled_status.LIFE.note(actor, "card_asked", row)
    return row


def _order(row: Any) -> tuple[Any, Any]:
    """The status of the row's order and its payment method's id, of an entity or of a row of the listing."""
    if isinstance(row, ScheduledPayment):
        return row.order.status, row.order.payment_method_id
    return row.order_status, row.payment_method_id


def _may_collect(row: Any) -> bool:
    status, method = _order(row)
    return status in COLLECTABLE and method is not None


def _may_retry(actor: Actor, row: Any) -> bool:
    """After a hard decline a retry makes sense with another card only, which makes the order active again."""
    return row.status in DECLINED and _may_collect(row) and _order(row)[0] != OrderStatus.SUSPENDED


def _may_execute(actor: Actor, row: Any) -> bool:
    waits = row.status == ScheduledStatus.SCHEDULED and row.sequence != 0 and not row.awaits_count
    return waits and row.amount_minor > row.paid_minor and _may_collect(row)


def _may_ask(actor: Actor, row: Any) -> bool:
    return row.status in DECLINED and _order(row)[0] in COLLECTABLE


def _executed(row: Any) -> tuple[str, ...]:
    """What the dialog says that collecting does."""
    left = Money(row.amount_minor - row.paid_minor, row.currency).decimal
    return (f"{left:,} {row.currency} will be collected now, instead of on its day. Later days stay as they are.",)


ACTIONS = {
    "retry": Action(
        run=paying.retry, title="Retry now", past="{} was tried again.", icon="refresh", primary=True, bulk=True,
        offered=_may_retry, asks=True,
    ),
    "ask_for_card": Action(
        run=ask_for_card, title="Ask for a card", past="Asked for another card: {}.", icon="send",
        bulk=True, offered=_may_ask,
    ),
    "execute": Action(
        run=paying.execute, title="Collect now", past="{} was collected.", icon="credit-card", offered=_may_execute,
        confirm=_executed, asks=True,
    ),
}
