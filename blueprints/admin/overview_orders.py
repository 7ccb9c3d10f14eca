"""The overview's figures of orders: what was collected today, what is due, what was declined, orders by status."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from blueprints.admin import orders, payments, reports, scheduled
from blueprints.admin.order_words import MEANINGS
from blueprints.admin.reports import Bar, Chart
from blueprints.pages.format import money, words, zone
from domain.actor import Actor
from domain.payments.reports import standing
from domain.payments.reports.periods import Step, spans
from domain.payments.reports.standing import Declined, DeclinedRow, Sum
from domain.sales.orders import order_counts
from models.order import OrderStatus

FOUR_WEEKS, DAYS_TO_COME = timedelta(days=28), 7
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


def due_by_day(who: Actor, midnight: datetime) -> list[list[Sum]]:
    """What is due on each of seven days, today first with what is late; empty for who may not see orders."""
    if not who.can("READ_ORDERS"):
        return []
    return standing.due(who, [midnight + timedelta(days=place) for place in range(1, DAYS_TO_COME + 1)])


def by_day(who: Actor, midnight: datetime, days_due: list[list[Sum]]) -> list[Chart]:
    """A chart for each currency: what was collected in four weeks and today, then what is due, dashed.

    Empty without payments, or for who may not see them.
    """
    if not who.can("READ_PAYMENTS"):
        return []
    today = midnight.date()
    periods = spans(today - FOUR_WEEKS, today, Step.DAY, zone())
    places = {one.day: place for place, one in enumerate(periods)}
    amounts: dict[str, list[int]] = {}
    for row in reports.income_rows(who, periods):
        amounts.setdefault(row.currency, [0] * len(periods))[places[row.day]] = row.collected_minor
    dues: dict[str, list[int]] = {}
    for place, sums in enumerate(days_due):
        for one in sums:
            dues.setdefault(one.currency, [0] * DAYS_TO_COME)[place] = one.minor
    return [
        chart(today, currency, amounts.get(currency, [0] * len(periods)), dues.get(currency, [0] * DAYS_TO_COME))
        for currency in sorted({*amounts, *dues})[:MOST_CHARTS]
    ]


def chart(today: date, currency: str, collected: list[int], due: list[int]) -> Chart:
    """The bars of one currency; that of today shows both, what is due on top."""
    before = len(collected) - 1
    days = [today + timedelta(days=place) for place in range(-before, len(due))]
    solid, dashed = [*collected, *[0] * (len(due) - 1)], [*[0] * before, *due]
    most = max(map(sum, zip(solid, dashed, strict=True)))
    bars = [
        Bar(share(paid, most), "v1", words_of(day, currency, paid, owed), url_of(day, currency, day > today),
            share(owed, most))
        for day, paid, owed in zip(days, solid, dashed, strict=True)
    ]
    words = f"{money(sum(collected), currency)} collected in four weeks and today, {money(sum(due), currency)} due"
    return Chart(currency, bars, sum(collected), max(collected), f"{words} within {len(due)} days")


def share(minor: int, most: int) -> float:
    """An amount in percent of the highest bar."""
    return round(100 * minor / most, 1) if most else 0.0


def words_of(day: date, currency: str, paid: int, owed: int) -> str:
    """What a bar says under the pointer."""
    parts = [f"{money(paid, currency)} collected"] if paid or not owed else []
    parts += [f"{money(owed, currency)} due"] if owed else []
    return f"{day:%-d %b %Y}: {', '.join(parts)}"


def url_of(day: date, currency: str, is_to_come: bool) -> str:
    """The page of a bar's rows."""
    if is_to_come:
        return scheduled.PAGE.url("list", status="scheduled", collected="true", currency=currency,
                                  due_after=day.isoformat(), due_before=day.isoformat())
    return payments.PAGE.url("list", status="approved", currency=currency, executed_after=day.isoformat(),
                             executed_before=day.isoformat())


def weeks(midnight: datetime) -> list[str]:
    """The days that stand under the charts: the same weekday four times, today, and the last one."""
    first, last = midnight.date() - FOUR_WEEKS, midnight.date() + timedelta(days=DAYS_TO_COME - 1)
    return [*(f"{first + timedelta(weeks=place):%-d %b}" for place in range(4)), "Today", f"{last:%-d %b}"]


def due(who: Actor, days_due: list[list[Sum]]) -> Due | None:
    """What is to come; None for a user who may not see orders, and while there are none."""
    found = order_counts.counts(who) if who.can("READ_ORDERS") else {}
    if not found:
        return None
    declined = standing.declined(who)
    rows = standing.declined_rows(who, SHOWN) if declined else []
    return Due(days_due[0], standing.added(days_due), declined, rows, parts(found), sum(found.values()))


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
