"""The reports page: what was collected, what recurs, what is owed, what will become due; also as CSV and JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Response, jsonify, render_template, request, url_for

from blueprints.admin.crud.export import send
from blueprints.pages import navigation
from blueprints.pages.format import money, zone
from blueprints.pages.navigation import Item
from blueprints.pages.session import actor, need
from domain import clock
from domain.actor import Actor
from domain.errors import Invalid, NotFound
from domain.payments.reports import income, receivables, recurring
from domain.payments.reports.periods import Span, Step, floor, midnight, spans
from domain.payments.reports.receivables import Debt, Due
from models.money import Money

USUAL_DAYS = {Step.DAY: 27, Step.WEEK: 83, Step.MONTH: 364}
WEEKS = 13                          # of the forecast: 90 days


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: its height in percent, its class, what it says under the pointer, and the page of its rows.

    `due` is the height of what is due, dashed on top of it.
    """

    height: float
    look: str
    words: str
    url: str
    due: float = 0.0


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of one currency, with what stands above and below them."""

    currency: str
    bars: list[Bar]
    total_minor: int
    best_minor: int
    label: str


@dataclass(frozen=True, slots=True)
class Row:
    """One span and currency of the table."""

    day: date
    last: date
    currency: str
    collected_minor: int
    refunded_minor: int
    count: int


def register(bp: Any) -> None:
    """Register the URLs."""
    check = need("READ_PAYMENTS")
    bp.add_url_rule("/reports", "reports", check(show), methods=["GET"])
    bp.add_url_rule("/reports/<name>.<any(csv, json):kind>", "reports_export", check(export), methods=["GET"])
    navigation.add(Item(
        title="Reports", icon="chart-bar", path="/admin/reports", position=165, group="Billing", keys="f",
        scope="READ_PAYMENTS",
    ))


def show() -> str:
    """The page."""
    who = actor()
    step, first, last = chosen()
    periods = spans(first, last, step, zone())
    rows = income_rows(who, periods)
    coming = list(receivables.forecast(who, clock.now()))
    weeks, week = forecast_rows(coming), chosen_week()
    return render_template(
        "admin/reports.html", step=step, steps=list(Step), first=first, last=last, rows=rows[::-1],
        charts=charts(rows, periods), ends=(periods[0].day, periods[-1].day),
        recurring=recurring.recurring(who, a_month_ago()), debts=debts(who), weeks=weeks,
        upcoming=forecast_charts(weeks), week=week, dues=[one for one in coming if week and in_week(one.at) == week],
    )


def export(name: str, kind: str) -> Response:
    """One report as a file: its rows with all figures, amounts as decimals with their currency."""
    who = actor()
    reports = {"income": _income, "recurring": _recurring, "receivables": _receivables, "forecast": _forecast}
    if name not in reports:
        raise NotFound("report", name)
    found = list(reports[name](who))
    if kind == "json":
        return jsonify(found)
    return send(name, list(found[0]) if found else ["currency"], [list(one.values()) for one in found])


def chosen() -> tuple[Step, date, date]:
    """The steps and days of the address; the last four weeks, quarter or year where it names none."""
    try:
        step = Step(request.args.get("step") or Step.DAY)
        today = clock.now().astimezone(zone()).date()
        last = date.fromisoformat(request.args["to"]) if request.args.get("to") else today
        usual = last - timedelta(days=USUAL_DAYS[step])
        first = date.fromisoformat(request.args["from"]) if request.args.get("from") else usual
        if not date(2000, 1, 1) <= first <= last <= date(2200, 1, 1):
            raise ValueError
    except (ValueError, OverflowError):
        raise Invalid("Choose days like 2026-11-28, the first one not after the last, by day, week or month.") from None
    return step, first, last


def chosen_week() -> date | None:
    """The week of the address, by its Monday, whose payments to come are listed one by one."""
    try:
        return floor(date.fromisoformat(request.args["week"]), Step.WEEK) if request.args.get("week") else None
    except (ValueError, OverflowError):
        raise Invalid("Name the week by a day like 2026-11-30.") from None


def a_month_ago() -> datetime:
    """The first moment of the 30 days whose changes of recurring revenue are shown, today included."""
    return midnight(clock.now().astimezone(zone()).date() - timedelta(days=29), zone())


def debts(who: Actor) -> list[tuple[Debt, str]]:
    """What is owed by age, each with the list of its payments."""
    now = clock.now()
    return [
        (one, url_for(
            "admin.scheduled_payments_list", status="owed", currency=one.currency,
            due_after=(now - timedelta(days=one.until_days)).isoformat(),
            due_before=(now - timedelta(days=one.after_days)).isoformat(),
        ))
        for one in receivables.debts(who, now)
    ]


def in_week(at: datetime) -> date:
    """The Monday of a moment's week."""
    return floor(at.astimezone(zone()).date(), Step.WEEK)


def income_rows(who: Actor, periods: Sequence[Span]) -> list[Row]:
    """The table: spans in order, each with its currencies."""
    return [
        Row(
            periods[one.place].day, (periods[one.place].end.astimezone(zone()) - timedelta(days=1)).date(),
            one.currency, one.collected_minor, one.refunded_minor, one.count,
        )
        for one in income.income(who, periods)
    ]


def charts(rows: Sequence[Row], periods: Sequence[Span]) -> list[Chart]:
    """A chart for each currency: bars of what was collected."""
    places = {one.day: place for place, one in enumerate(periods)}
    days = [(one.day, (one.end.astimezone(zone()) - timedelta(days=1)).date()) for one in periods]
    amounts: dict[str, list[int]] = {}
    for row in rows:
        amounts.setdefault(row.currency, [0] * len(periods))[places[row.day]] = row.collected_minor
    return [
        chart(currency, found, "v1", "collected", [
            (first, last, url_for("admin.payments_list", status="approved", currency=currency,
                                  executed_after=first.isoformat(), executed_before=last.isoformat()))
            for first, last in days
        ])
        for currency, found in sorted(amounts.items())
    ]


def chart(currency: str, amounts: list[int], look: str, verb: str, spans: Iterable[tuple[date, date, str]]) -> Chart:
    """Bars in percent of the highest one; of each its first and last day and the page of its rows."""
    most = max(amounts, default=0)
    bars = [
        Bar(round(100 * one / most, 1) if most else 0.0, look,
            f"{first:%-d %b %Y}{'' if last == first else f' – {last:%-d %b %Y}'}: {money(one, currency)} {verb}", url)
        for one, (first, last, url) in zip(amounts, spans, strict=True)
    ]
    words = f"{money(sum(amounts), currency)} {verb} in {len(amounts)} bars, at most {money(most, currency)} in one"
    return Chart(currency, bars, sum(amounts), most, words)


def forecast_rows(coming: Iterable[Due]) -> list[Row]:
    """What becomes due in the next 90 days, by week and currency."""
    sums: dict[tuple[date, str], list[int]] = {}
    for one in coming:
        entry = sums.setdefault((in_week(one.at), one.currency), [0, 0])
        entry[0] += one.minor
        entry[1] += 1
    return [
        Row(week, week + timedelta(days=6), currency, minor, 0, count)
        for (week, currency), (minor, count) in sorted(sums.items())
    ]


def forecast_charts(rows: Sequence[Row]) -> list[Chart]:
    """A chart of the coming weeks for each currency."""
    first = in_week(clock.now())
    weeks = [first + timedelta(weeks=place) for place in range(WEEKS + 1)]
    amounts: dict[str, list[int]] = {}
    for row in rows:
        place = min((row.day - first).days // 7, WEEKS)
        amounts.setdefault(row.currency, [0] * (WEEKS + 1))[place] += row.collected_minor
    pages = [(one, one + timedelta(days=6), week_url(one)) for one in weeks]
    return [chart(currency, found, "vd", "due", pages) for currency, found in sorted(amounts.items())]


def week_url(week: date) -> str:
    """The page with the payments of a week to come."""
    return url_for("admin.reports", week=week.isoformat(), _anchor="coming")


def _income(who: Actor) -> Iterable[dict[str, Any]]:
    step, first, last = chosen()
    for row in income_rows(who, spans(first, last, step, zone())):
        net = row.collected_minor - row.refunded_minor
        yield {
            "from": row.day.isoformat(), "to": row.last.isoformat(), "currency": row.currency,
            "collected": amount(row.collected_minor, row.currency),
            "refunded": amount(row.refunded_minor, row.currency),
            "net": amount(net, row.currency), "payments": row.count,
        }


def _recurring(who: Actor) -> Iterable[dict[str, Any]]:
    for one in recurring.recurring(who, a_month_ago()):
        yield {
            "currency": one.currency, "monthly": amount(one.minor, one.currency), "orders": one.orders,
            "added": amount(one.added_minor, one.currency), "ended": amount(one.ended_minor, one.currency),
            "declined": amount(one.at_risk_minor, one.currency),
        }


def _receivables(who: Actor) -> Iterable[dict[str, Any]]:
    for one in receivables.debts(who, clock.now()):
        yield {
            "days": one.age, "currency": one.currency, "open": amount(one.minor, one.currency), "payments": one.count,
        }


def _forecast(who: Actor) -> Iterable[dict[str, Any]]:
    for one in receivables.forecast(who, clock.now()):
        yield {
            "due_at": one.at.isoformat(), "order_id": one.order_id, "currency": one.currency,
            "amount": amount(one.minor, one.currency), "scheduled": one.is_row,
        }


def amount(minor: int, currency: str) -> str:
    """An amount with all decimals of its currency."""
    return str(Money(minor, currency).decimal)

