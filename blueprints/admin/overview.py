"""The overview page: money, what needs attention, today's API traffic, and next steps."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import render_template, request, session

from blueprints.admin import attention, overview_orders, traffic
from blueprints.pages import navigation
from blueprints.pages.format import zone
from blueprints.pages.navigation import Item
from blueprints.pages.session import actor, me
from domain import clock
from domain.actor import Actor, All
from domain.catalog import products
from domain.integrations import api_keys
from domain.pages import Query
from domain.people import customers, merchants
from domain.sales.budgets import budget_sums, budgets
from domain.sales.budgets.budget_sums import Sum
from models.credential import Mode

NEWEST = 6
ONE = Query(limit=1)
PERIODS = (7, 30, 90)               # days
USUAL = 30
A_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Step:
    """One step before the first call works."""

    title: str
    text: str
    url: str
    action: str
    done: bool


@dataclass(frozen=True, slots=True)
class Money:
    """Budgets by currency. `before` are the amounts approved in a period of the same length before."""

    pending: list[Sum]
    approved: list[Sum]
    expiring: list[Sum]
    before: dict[str, int]


def register(bp: Any) -> None:
    """Register the page's URL."""
    bp.add_url_rule("/", "overview", show, methods=["GET"])
    navigation.add(Item(title="Overview", icon="layout-dashboard", path="/admin/", position=0, group="", keys="o"))


def show() -> str:
    """The parts of the page that the user may see; others are not queried."""
    who, days = actor(), period()
    mode = Mode.TEST if me().session.test_mode else Mode.LIVE
    now = clock.now()
    since = midnight(now)
    days_due = overview_orders.due_by_day(who, since)
    newest = customers.LISTING.page(who, Query(limit=NEWEST))
    return render_template(
        "admin/overview.html",
        today=traffic.today(who, mode) if who.can("READ_ANALYTICS") else None,
        collected=overview_orders.collected(who, since, now), due=overview_orders.due(who, days_due),
        by_day=overview_orders.by_day(who, since, days_due), weeks=overview_orders.weeks(since),
        in_a_week=(since + A_WEEK - timedelta(days=1)).date().isoformat(),
        money=money(who, days), days=days, periods=PERIODS,
        pending=budget_sums.next_to_expire(who, NEWEST) if who.can("READ_BUDGETS") else [],
        customers=newest,
        notices=attention.notices(who, mode),
        steps=steps(who, mode, newest.total) if who.can("WRITE_KEYS") else [],
        now=now.astimezone(zone()),
    )


def period() -> int:
    """The number of days that approved budgets are added up for; the browser's session keeps the choice."""
    chosen = request.args.get("days", "")
    if chosen in [str(days) for days in PERIODS]:
        session["overview_days"] = int(chosen)
    days = session.get("overview_days", USUAL)
    return days if days in PERIODS else USUAL


def money(who: Actor, days: int) -> Money:
    """Pending budgets, and those approved since midnight so many days ago."""
    now = clock.now()
    start = midnight(now) - timedelta(days=days - 1)
    pending, expiring = budget_sums.pending(who, now + A_WEEK)
    approved, before = budget_sums.approved(who, start, now)
    return Money(
        pending=pending, approved=approved, expiring=expiring, before={one.currency: one.minor for one in before})


def midnight(now: datetime) -> datetime:
    """The beginning of the day in the reader's zone."""
    return now.astimezone(zone()).replace(hour=0, minute=0, second=0, microsecond=0)


def steps(who: Actor, mode: Mode, customer_count: int) -> list[Step]:
    """The steps to the first successful call; none once it was made."""
    has_products = bool(products.LISTING.few(who, ONE))
    found = [
        Step("Add a product", "What you sell, with its price.", "/admin/products/new", "New product",
             has_products),
        Step("Add a customer", "A person or company to bill.", "/admin/customers/new", "New customer",
             customer_count > 0),
        Step("Create an API key", "For your program; shown once.", "/admin/keys/new", "Create key",
             api_keys.LISTING.count(who, status="ACTIVE", mode=mode) > 0),
        Step("Create a budget", "Here or through the API.", "/admin/budgets/new", "New budget",
             bool(budgets.RESOURCE.listing.few(who, ONE))),
    ]
    if who.can("WRITE_MERCHANTS") and isinstance(who.merchant_ids, All):
        begun = has_products or customer_count > 0 or merchants.LISTING.count(who) > 0
        found.insert(0, Step("Create a merchant profile", "The owner of customers, products and budgets.",
                             "/admin/merchants/new", "New merchant profile", begun))
    return [] if all(step.done for step in found) else found
