"""Manages orders together with their scheduled payments: what contracts and pages call."""

from typing import Any

from domain.actor import Actor
from domain.payments import paying_off, samples
from domain.payments.orders import order_declines, order_verbs
from domain.payments.plans import cancelling, plan_changes
from domain.payments.plans.plan_terms import When
from domain.payments.schedule import schedules
from domain.resource import Action, Resource
from domain.sales.discounts import discount_uses
from domain.sales.orders import order_status, order_uses, orders, payment_links
from domain.sales.orders.order_listing import LISTING
from domain.sales.orders.order_status import FINAL, LIFE, LIVE
from domain.sales.orders.orders import OrderInput
from models.money import Money
from models.order import Order, OrderStatus
from models.product import Billing


def create(actor: Actor, new: OrderInput) -> Order:
    """A new order with its payment link and its first scheduled payments: pending, or a draft without payments."""
    order = orders.build(actor, new)
    if new.create_checkout and not new.draft:
        payment_links.begin_checkout(order)
    return store(actor, order)


def store(actor: Actor, order: Order) -> Order:
    """Store an order that was built, with its payment link and, unless it is a draft, its first scheduled payments."""
    payment_links.issue(order)
    LIFE.add(actor, order)
    discount_uses.follow(order)
    if order.status is not OrderStatus.DRAFT:
        schedules.begin(actor, order)
    return order


def update(actor: Actor, order: Order, changes: dict[str, Any]) -> Order:
    """Change what was sent: a draft as a whole, any other order only in its texts."""
    changes = {name: value for name, value in changes.items() if name not in ("draft", "create_checkout")}
    with LIFE.changing(actor, order):
        orders.change(actor, order, changes)
        discount_uses.follow(order)
    return order


def publish(actor: Actor, order: Order) -> Order:
    """Make a draft pending: its payment link works, and its first scheduled payments are made."""
    if order.status is not OrderStatus.DRAFT:
        raise order_status.refused(f"is already {order.status}")
    order_status.move(actor, order, OrderStatus.PENDING)
    schedules.begin(actor, order)
    return order


def renew_checkout(actor: Actor, order: Order) -> Order:
    """A new checkout of 25 minutes on the order's payment link."""
    return payment_links.renew_checkout(actor, order)


def _is_subscription(row: Any) -> bool:
    return bool(row.billing == Billing.SUBSCRIPTION)


def _total(row: Any) -> str:
    return f"{Money(row.total_minor, row.currency).decimal:,} {row.currency}"


def _has_period(row: Any) -> bool:
    """Whether the order runs by periods, at whose end it can be ended."""
    return _is_subscription(row) or (row.billing == Billing.METERED and row.interval_unit is not None)


def _cancelled(row: Any) -> tuple[str, ...]:
    """What the dialog says that cancelling does."""
    if row.status in LIVE and row.billing == Billing.METERED and row.interval_unit is not None:
        return (
            "Calls are billed until the next full quarter of an hour. The order is complete when that is paid; nothing "
            "more is collected. Payments already made are not refunded.",
        )
    if row.status in LIVE:
        return (
            "The order is complete from then on: payments that are still scheduled are cancelled, and nothing more is "
            "collected. Payments already made are not refunded.",
        )
    return (f"It is for {row.customer_name}, {_total(row)}. Its payment link stops working; nothing was paid for it.",)


def _paused(row: Any) -> tuple[str, ...]:
    later = f"{Money(row.later_minor, row.currency).decimal:,} {row.currency}"
    return (
        f"Nothing is collected from {row.customer_name} until it is resumed. Periods of the pause, {later} each, are "
        "not collected later.",
    )


def _resumed(row: Any) -> tuple[str, ...]:
    return (
        "Payments are collected again from the next period on. What was owed before the pause is collected now.",
    )


def _plan_kept(row: Any) -> tuple[str, ...]:
    if row.billing == Billing.METERED:
        return ("The change that was to come at the end of the period is dropped. Calls are billed as now.",)
    return (f"The change that was to come at the end of the period is dropped: {_total(row)} for each period, as now.",)


def _goes_on(row: Any) -> tuple[str, ...]:
    return ("The order does not end with its period: the next payment is collected on its day.",)


def _may_end(actor: Actor, row: Any) -> bool:
    return _has_period(row) and row.status in cancelling.ENDABLE and not row.cancels_at_period_end


def _ends_with_period(row: Any) -> tuple[str, ...]:
    if row.billing == Billing.METERED:
        return (
            "Calls are counted until the period ends, and billed as always. When that is paid, the order is complete.",
        )
    return (
        "The customer keeps what was paid for until the period ends. Then the order is complete, and nothing more is "
        "collected. Nothing is refunded.",
    )


def _may_pause(actor: Actor, row: Any) -> bool:
    return _is_subscription(row) and row.status in order_verbs.PAUSABLE and not row.cancels_at_period_end


order_uses.register()

RESOURCE = Resource(
    name="orders",
    noun="order",
    listing=LISTING,
    read_scope="READ_ORDERS",
    write_scope="WRITE_ORDERS",
    input=OrderInput,
    sample=samples.ORDER,
    create=create,
    update=update,
    actions={
        "publish": Action(
            run=publish, title="Create order", past="{} was created.", icon="send", primary=True,
            offered=lambda actor, row: bool(row.status == OrderStatus.DRAFT),
            confirm=lambda row: (f"Its payment link for {_total(row)} works from then on; amounts no longer change.",),
        ),
        **order_declines.ACTIONS,
        "pause": Action(
            run=order_verbs.pause, title="Pause", past="{} was paused.", icon="player-pause", confirm=_paused,
            offered=_may_pause, bulk=True,
        ),
        "resume": Action(
            run=order_verbs.resume, title="Resume", past="{} was resumed.", icon="player-play", primary=True,
            offered=lambda actor, row: bool(row.status == OrderStatus.PAUSED), confirm=_resumed, bulk=True,
        ),
        "pay_rest": Action(
            run=paying_off.begin, title="Collect the rest", past="The rest of {} was asked for.", icon="credit-card",
            offered=paying_off.is_offered, confirm=paying_off.told, asks=True,
        ),
        "cancel": Action(
            run=lambda actor, row: cancelling.cancel(actor, row, When.NOW), title="Cancel", past="{} was cancelled.",
            icon="ban", danger=True, offered=lambda actor, row: row.status not in FINAL, confirm=_cancelled,
        ),
        "cancel_at_period_end": Action(
            run=lambda actor, row: cancelling.cancel(actor, row, When.PERIOD_END), title="Cancel at period end",
            past="{} ends with its period.", icon="ban", danger=True, offered=_may_end, confirm=_ends_with_period,
        ),
        "withdraw_change": Action(
            run=plan_changes.withdraw, title="Keep the present plan", past="{} keeps its plan.", icon="rotate",
            offered=lambda actor, row: row.planned_change is not None and row.status not in FINAL, confirm=_plan_kept,
        ),
        "withdraw_cancellation": Action(
            run=cancelling.withdraw, title="Do not cancel", past="{} goes on.", icon="rotate", primary=True,
            offered=lambda actor, row: cancelling.may_withdraw(row), confirm=_goes_on,
        ),
        "renew_checkout": Action(run=renew_checkout),
    },
)
