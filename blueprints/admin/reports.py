"""The reports page: what was collected, what recurs, what is owed, what will become due; also as CSV and JSON."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from flask import Response, jsonify, render_template, request

from blueprints.admin.crud.export import send
from blueprints.pages import navigation
from blueprints.pages.format import zone
from blueprints.pages.navigation import Item
from blueprints.pages.session import actor, need
from domain import clock
from domain.actor import Actor
from domain.errors import Invalid, NotFound
from domain.payments.reports import income, receivables, recurring
from domain.payments.reports.periods import Span, Step, floor, midnight, spans
from models.money import Money

USUAL_DAYS = {Step.DAY: 27, Step.WEEK: 83, Step.MONTH: 364}
WEEKS = 13                          # of the forecast: 90 days


@dataclass(frozen=True, slots=True)
class Chart:
    """The bars of one currency, with what stands above and below them."""

    currency: str
    bars: list[tuple[float, str]]
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
    now, weeks = clock.now(), forecast_rows(who)
    return render_template(
        "admin/reports.html", step=step, steps=list(Step), first=first, last=last, rows=rows[::-1],
        charts=charts(rows, periods), ends=(periods[0].day, periods[-1].day),
        recurring=recurring.recurring(who, midnight(now.astimezone(zone()).date() - timedelta(days=29), zone())),
        debts=receivables.debts(who, now), weeks=weeks, upcoming=forecast_charts(weeks),
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
    amounts: dict[str, list[int]] = {}
    for row in rows:
        amounts.setdefault(row.currency, [0] * len(periods))[places[row.day]] = row.collected_minor
    return [chart(currency, found, "v1", "collected") for currency, found in sorted(amounts.items())]


def chart(currency: str, amounts: list[int], look: str, verb: str) -> Chart:
    """Bars in percent of the highest one."""
    most = max(amounts, default=0)
    bars = [(round(100 * one / most, 1) if most else 0.0, look) for one in amounts]
    words = f"{Money(sum(amounts), currency)} {verb} in {len(amounts)} bars, at most {Money(most, currency)} in one"
    return Chart(currency, bars, sum(amounts), most, words)


def forecast_rows(who: Actor) -> list[Row]:
    """What becomes due in the next 90 days, by week and currency."""
    sums: dict[tuple[date, str], list[int]] = {}
    for one in receivables.forecast(who, clock.now()):
        week = floor(one.at.astimezone(zone()).date(), Step.WEEK)
        entry = sums.setdefault((week, one.currency), [0, 0])
        entry[0] += one.minor
        entry[1] += 1
    return [
        Row(week, week + timedelta(days=6), currency, minor, 0, count)
        for (week, currency), (minor, count) in sorted(sums.items())
    ]


def forecast_charts(rows: Sequence[Row]) -> list[Chart]:
    """A chart of the coming weeks for each currency."""
    first = floor(clock.now().astimezone(zone()).date(), Step.WEEK)
    amounts: dict[str, list[int]] = {}
    for row in rows:
        place = min((row.day - first).days // 7, WEEKS)
        amounts.setdefault(row.currency, [0] * (WEEKS + 1))[place] += row.collected_minor
    return [chart(currency, found, "vd", "due") for currency, found in sorted(amounts.items())]


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
    for one in recurring.recurring(who, clock.now() - timedelta(days=30)):
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

