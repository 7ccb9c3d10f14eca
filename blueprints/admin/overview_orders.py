"""The overview's figures of orders: what was collected today, what is due, what was declined, orders by status."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from blueprints.admin import orders, reports
from blueprints.admin.order_words import MEANINGS
from blueprints.admin.reports import Chart
from blueprints.pages.format import words, zone
from domain.actor import Actor
from domain.payments.reports import standing
from domain.payments.reports.periods import Step, spans
from domain.payments.reports.standing import Declined, DeclinedRow, Sum
from domain.sales.orders import order_counts
from models.order import OrderStatus

A_WEEK, FOUR_WEEKS = timedelta(days=7), timedelta(days=28)
MOST_CHARTS = 4                     # currencies
SHOWN = 6                           # declined payments
LOOKS = {                           # of the parts of the bar
    OrderStatus.DRAFT: "kd", OrderStatus.PENDING: "k0", OrderStatus.REJECTED: "k5", OrderStatus.ACTIVE: "k1",
    OrderStatus.FAILED: "k2", OrderStatus.SUSPENDED: "k3", OrderStatus.PAUSED: "k4", OrderStatus.REVIEW: "k2l",
    OrderStatus.CANCELLED: "k5", OrderStatus.COMPLETE: "k6",
}


@dataclass(frozen=True, slots=True)
class Part:
    """The orders of one status: a part of the bar, in percent, and a line of the list."""

    title: str
    look: str
    count: int
    left: float
    width: float
    url: str


@dataclass(frozen=True, slots=True)
class Collected:
    """What was collected since midnight, and by currency until the same time of the same weekday before."""

    sums: list[Sum]
    before: dict[str, int]
    weekday: str


@dataclass(frozen=True, slots=True)
class Due:
    """What will be collected today and within seven days, what was declined, and the orders by status."""

    today: list[Sum]
    week: list[Sum]
    declined: list[Declined]
    rows: list[DeclinedRow]
    statuses: list[Part]
    total: int

    @property
    def hard(self) -> int:
        """How many declined payments need another card."""
        return sum(one.hard for one in self.declined)

    @property
    def soft(self) -> int:
        """How many declined payments are tried again."""
        return sum(one.count for one in self.declined) - self.hard


def collected(who: Actor, midnight: datetime, now: datetime) -> Collected | None:
    """The money of today; None for a user who may not see payments."""
    if not who.can("READ_PAYMENTS"):
        return None
    sums, before = standing.collected(who, midnight, now.astimezone(midnight.tzinfo))
    return Collected(sums, before, midnight.strftime("%A"))


def by_day(who: Actor, midnight: datetime) -> list[Chart]:
    """A chart of the last four weeks for each currency; empty without payments, or for who may not see them."""
    if not who.can("READ_PAYMENTS"):
        return []
    today = midnight.date()
    days = spans(today - FOUR_WEEKS + timedelta(days=1), today, Step.DAY, zone())
    return reports.charts(reports.income_rows(who, days), days)[:MOST_CHARTS]


def weeks(midnight: datetime) -> list[str]:
    """The days that stand under the charts: the same weekday four times, and today."""
    first = midnight.date() - FOUR_WEEKS + timedelta(days=1)
    return [*(f"{first + timedelta(weeks=place):%-d %b}" for place in range(4)), "Today"]


def due(who: Actor, midnight: datetime) -> Due | None:
    """What is to come; None for a user who may not see orders, and while there are none."""
    found = order_counts.counts(who) if who.can("READ_ORDERS") else {}
    if not found:
        return None
    today, week = standing.due(who, midnight + timedelta(days=1), midnight + A_WEEK)
    declined = standing.declined(who)
    rows = standing.declined_rows(who, SHOWN) if declined else []
    return Due(today, week, declined, rows, parts(found), sum(found.values()))


def parts(found: dict[OrderStatus, int]) -> list[Part]:
    """The statuses that orders have, with their share of the bar."""
    whole, left, made = sum(found.values()), 0, []
    for status, count in found.items():
        made.append(Part(
            title=MEANINGS.get(status, words(status.value)), look=LOOKS[status], count=count,
            left=round(100 * left / whole, 2), width=round(100 * count / whole, 2),
            url=orders.PAGE.url("list", status=status.value),
        ))
        left += count
    return made
