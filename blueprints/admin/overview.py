"""The overview page: today's business and API traffic, and next steps."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import render_template

from blueprints.admin import traffic
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
from domain.sales import budgets
from models.budget import BudgetStatus
from models.credential import Mode

SOON = timedelta(days=14)
NEWEST = 6


@dataclass(frozen=True, slots=True)
class Step:
    """One step before the first call works."""

    title: str
    text: str
    url: str
    action: str
    done: bool


def register(bp: Any) -> None:
    """Register the page's URL."""
    bp.add_url_rule("/", "overview", show, methods=["GET"])
    navigation.add(Item(title="Overview", icon="layout-dashboard", path="/admin/", position=0, group="", keys="o"))


def show() -> str:
    """The parts of the page that the user may see; others are not queried."""
    who = actor()
    mode = Mode.TEST if me().session.test_mode else Mode.LIVE
    pending = Query(filters={"status": BudgetStatus.PENDING}, sort="valid_until", descending=False, limit=NEWEST)
    newest, offered = customers.LISTING.page(who, Query(limit=NEWEST)), products.LISTING.count(who)
    return render_template(
        "admin/overview.html",
        today=traffic.today(who, mode) if who.can("READ_ANALYTICS") else None,
        pending=budgets.RESOURCE.listing.page(who, pending),
        approved=budgets.RESOURCE.listing.count(who, status=BudgetStatus.APPROVED),
        customers=newest,
        products=offered,
        keys=warnings(who, mode) if who.can("READ_KEYS") else None,
        steps=steps(who, mode, offered, newest.total) if who.can("WRITE_KEYS") else [],
        day=clock.now().astimezone(zone()).date().isoformat(),
    )


def warnings(who: Actor, mode: Mode) -> dict[str, Any]:
    """Warnings about keys that expire soon or may be used from every address."""
    active = {"status": "ACTIVE", "mode": mode}
    expiring = Query(filters=active | {"expires_before": clock.now() + SOON}, sort="expires_at", descending=False)
    sample = api_keys.LISTING.page(who, Query(filters=active, limit=200)).records
    return {
        "active": api_keys.LISTING.count(who, **active),
        "expiring": api_keys.LISTING.page(who, expiring).records,
        "open": [key for key in sample if not key.allowed_ips],
    }


def steps(who: Actor, mode: Mode, product_count: int, customer_count: int) -> list[Step]:
    """The steps to the first successful call; none once it was made."""
    found = [
        Step("Add a product", "What you sell, with its price.", "/admin/products/new", "New product",
             product_count > 0),
        Step("Add a customer", "A person or company to bill.", "/admin/customers/new", "New customer",
             customer_count > 0),
        Step("Create an API key", "For your program; shown once.", "/admin/keys/new", "Create key",
             api_keys.LISTING.count(who, status="ACTIVE", mode=mode) > 0),
        Step("Create a budget", "Here or through the API.", "/admin/budgets/new", "New budget",
             budgets.RESOURCE.listing.count(who) > 0),
    ]
    if who.can("WRITE_MERCHANTS") and isinstance(who.merchant_ids, All):
        begun = product_count > 0 or customer_count > 0 or merchants.LISTING.count(who) > 0
        found.insert(0, Step("Create a merchant profile", "The owner of customers, products and budgets.",
                             "/admin/merchants/new", "New merchant profile", begun))
    return [] if all(step.done for step in found) else found
