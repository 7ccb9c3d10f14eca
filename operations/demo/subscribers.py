"""Creates the demonstration's orders: of each type and in each status, with payments that were made or declined.

Their gateway is not switched on: no payment of the demonstration is ever asked for.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from database import db
from domain.actor import Actor
from domain.catalog import pricing, products
from domain.payments import gateway_accounts
from domain.payments.collecting import test_clocks
from domain.payments.orders import order_verbs, ordering
from domain.payments.plans import cancelling, plan_changes
from domain.payments.plans.plan_terms import ChangeInput, When
from domain.people import customers
from domain.people.customer_addresses import AddressInput
from domain.sales.orders import orders
from domain.sales.orders.order_items import OrderItemInput
from domain.sales.orders.orders import OrderInput
from models.customer import Customer
from models.merchant import Merchant
from models.order import Order
from models.product import Billing, IntervalUnit, ProductKind
from models.test_clock import TestClock
from operations.demo import charges
from operations.demo.charges import APPROVED, CARDS, HARD, LOST, SOFT
from operations.demo.moments import at

GATEWAY = "stripe"
WEEK = timedelta(days=7)
PLANS: tuple[tuple[str, str, Billing, IntervalUnit | None], ...] = (
    ("Studio", "24.00", Billing.SUBSCRIPTION, IntervalUnit.MONTH),
    ("Studio Plus", "49.00", Billing.SUBSCRIPTION, IntervalUnit.MONTH),
    ("Weekly box", "12.50", Billing.SUBSCRIPTION, IntervalUnit.WEEK),
    ("Shop fitting", "1450.00", Billing.INSTALMENT, IntervalUnit.WEEK),
    ("Onboarding", "380.00", Billing.SINGLE_PAYMENT, None),
    ("Price list API", "0.004", Billing.METERED, IntervalUnit.MONTH),
)
ON_CLOCK: tuple[tuple[str, str, str, list[str], dict[str, Any]], ...] = (
    ("Studio", "test_ok", "Approve", [], {}),
    ("Weekly box", "test_soft_then_ok", "Decline the first try of each payment", [SOFT, APPROVED] * 10, {}),
    ("Shop fitting", "test_ok", "Approve", [], {"instalments": 4}),
)
GROUP = ("Studio", "Studio Plus")       # between which customers may change
BUYERS = ("Alder Bakery", "Mill Lane Books", "Corner Florist", "Tide & Co", "Paper Crane", "Fern Studio")
ADDRESSES = {
    "GB": AddressInput(street="3 Mill Lane", city="Bath", postal_code="BA1 5LY", country="GB"),
    "FR": AddressInput(street="8 rue des Lilas", city="Lyon", postal_code="69003", country="FR"),
}


class Orders:
    """Makes one merchant's orders in one world, each with its history."""

    def __init__(self, actor: Actor, since: datetime, now: datetime):
        self.actor, self.since, self.now, self.made = actor, since, now, 0
        self.country = str(db.session.get_one(Merchant, actor.merchant_id).country)
        self._products: dict[str, int] = {}
        self._group: int | None = None
        self._buyers: dict[str, int] = {}

    def product(self, plan: str) -> int:
        """The id of the product, which was made at the beginning."""
        if plan not in self._products:
            _, price, billing, unit = next(one for one in PLANS if one[0] == plan)
            schedule: dict[str, Any] = {"scheduled_interval": 1, "scheduled_unit": unit} if unit else {}
            with at(self.since):
                self._products[plan] = products.create(self.actor, products.ProductInput(
                    name=plan, price=Decimal(price), kind=ProductKind.SERVICE, billing=billing, category="Plans",
                    group_id=self.group() if plan in GROUP else None, **schedule,
                )).id
        return self._products[plan]

    def group(self) -> int:
        """The id of the group of the Studio plans."""
        if self._group is None:
            with at(self.since):
                self._group = pricing.create_group(self.actor, pricing.GroupInput(name="Studio plans")).id
        return self._group

    def buyer(self, place: int) -> int:
        """The id of the customer of an order."""
        name = BUYERS[place % len(BUYERS)]
        if name not in self._buyers:
            host = "".join(one for one in name.lower() if one.isalpha())
            with at(self.since):
                self._buyers[name] = customers.create(self.actor, customers.CustomerInput(
                    name=name, organisation=name, email=f"accounts@{host}.example",
                    billing_address=ADDRESSES[self.country])).id
        return self._buyers[name]

    def add(
        self, plan: str, since: timedelta, outcomes: Sequence[str] = (), *, paid: bool = True, **more: Any
    ) -> Order:
        """An order of so long ago, paid an hour later; what was due since then had these outcomes, then approvals."""
        quantity = more.pop("quantity", 1)
        begun, place = self.now - since, self.made
        buyer, product = self.buyer(place), self.product(plan)
        self.made += 1
        with at(begun):
            order = ordering.create(self.actor, OrderInput(
                customer_id=buyer, description=plan,
                items=[OrderItemInput(product_id=product, quantity=Decimal(quantity))], **more,
            ))
        if paid:
            with at(begun + timedelta(hours=1)):
                charges.first(self.actor, order, GATEWAY, f"pm_demo_{place}", CARDS[place % len(CARDS)])
            self._collect(order, iter(outcomes))
        charges.send_mails(order)
        return order

    def _collect(self, order: Order, outcomes: Iterator[str]) -> None:
        """Collect what was due until now."""
        while (row := charges.next_due(order)) is not None and row.collect_at is not None and row.collect_at < self.now:
            with at(row.collect_at):
                charges.collect(order, row, outcomes)


def fill(actor: Actor, now: datetime, *, home: bool) -> None:
    """The orders of a merchant; the one at home has more of them."""
    made = Orders(actor, now - timedelta(days=88), now)
    with at(made.since):
        gateway_accounts.ensure(actor.merchant_id, GATEWAY, test=actor.test, now=now).enabled = False
    _running(made, home=home)
    _troubled(made)
    _one_time(made)


def _running(made: Orders, *, home: bool) -> None:
    """Orders that are paid as agreed; those of weeks were paid today and a week ago."""
    now = made.now
    made.add("Studio", timedelta(days=85), quantity=3)
    made.add("Weekly box", 6 * WEEK + timedelta(hours=2), quantity=2)
    made.add("Shop fitting", 5 * WEEK - timedelta(days=1), instalments=8)
    made.add("Price list API", timedelta(days=12))
    made.add("Studio Plus", timedelta(days=40), [SOFT, SOFT, APPROVED])
    growing = made.add("Studio", timedelta(days=50), quantity=2)
    with at(now - timedelta(days=3)):
        change = ChangeInput(product_id=made.product("Studio Plus"), when=When.PERIOD_END)
        plan_changes.change(made.actor, orders.locked(growing.id), change)
    paused = made.add("Weekly box", 4 * WEEK)
    with at(now - timedelta(days=5)):
        order_verbs.pause(made.actor, orders.locked(paused.id))
    if home:
        made.add("Weekly box", 3 * WEEK + timedelta(hours=5), quantity=5)
        leaving = made.add("Studio Plus", timedelta(days=45), quantity=4)
        with at(now - timedelta(days=2)):
            cancelling.cancel(made.actor, orders.locked(leaving.id), When.PERIOD_END)


def _troubled(made: Orders) -> None:
    """Orders whose payments were declined, or whose outcome is not known."""
    made.add("Weekly box", 2 * WEEK + timedelta(days=1), [APPROVED, SOFT, SOFT, SOFT, SOFT], quantity=4)
    made.add("Studio Plus", timedelta(days=33), [HARD], quantity=2)
    lost = made.add("Weekly box", WEEK + timedelta(hours=3), [LOST])
    charges.look_up_later(lost, made.now + timedelta(days=1))


def _one_time(made: Orders) -> None:
    """Orders of one payment, and those that ended or have not begun."""
    now = made.now
    made.add("Onboarding", timedelta(days=20))
    made.add("Onboarding", WEEK + timedelta(hours=3))
    made.add("Onboarding", timedelta(hours=3))
    made.add("Shop fitting", 6 * WEEK, instalments=4)
    made.add("Onboarding", timedelta(days=2), paid=False)
    made.add("Studio", timedelta(hours=20), paid=False, quantity=6)
    made.add("Studio Plus", timedelta(hours=4), paid=False, draft=True)
    given_up = made.add("Onboarding", timedelta(days=9), paid=False)
    with at(now - timedelta(days=4)):
        order_verbs.cancel(made.actor, orders.locked(given_up.id))


def fill_clock(actor: Actor, now: datetime, *, home: bool) -> None:
    """A test clock that was moved forward by eight weeks, with orders that follow it."""
    began = now - timedelta(days=2)
    made, following = Orders(actor, began, now), []
    with at(began):
        row = test_clocks.create(actor, test_clocks.TestClockInput(name="Two months ahead", now_at=began))
        for plan, token, label, outcomes, more in ON_CLOCK if home else ON_CLOCK[:1]:
            order = ordering.create(actor, OrderInput(
                customer_id=made.buyer(0), test_clock_id=row.id, description=plan,
                items=[OrderItemInput(product_id=made.product(plan))], **more,
            ))
            charges.first(actor, order, "test", token, label)
            following.append((order, iter(outcomes)))
    with at(began + timedelta(hours=1)):
        _advance(actor, row, following, began + timedelta(weeks=8))
    for order, _ in following:
        charges.send_mails(order)


def _advance(actor: Actor, row: TestClock, following: list[tuple[Order, Iterator[str]]], to: datetime) -> None:
    """Move the clock from one thing that is due to the next, as the worker would."""
    test_clocks.advance(actor, row, to)
    while True:
        waiting = [(found, order, outcomes) for order, outcomes in following if (found := charges.next_due(order))]
        first = min(waiting, key=lambda one: (one[0].collect_at, one[0].id), default=None)
        if first is None or first[0].collect_at is None or first[0].collect_at > to:
            break
        found, order, outcomes = first
        row.now_at = max(row.now_at, first[0].collect_at)
        charges.collect(order, found, outcomes)
    test_clocks.arrived(Actor.system(), row)


def first_of(merchant_id: int) -> Customer:
    """The merchant's first customer with orders."""
    return db.session.scalars(
        select(Customer).join(Order, Order.customer_id == Customer.id)
        .where(Customer.merchant_id == merchant_id, Customer.test.is_(False)).order_by(Customer.id).limit(1)
    ).one()
