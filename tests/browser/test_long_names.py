"""Long names without spaces are wrapped or cut; no page grows wider than its window."""

import re

import pytest

from tests.browser.conftest import WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.files]
LONG = "Donaudampfschiff" * 13
PAGES = ("", "customers", "products", "products/groups", "budgets", "keys", "webhooks", "webhooks/deliveries", "users",
         "merchants", "currencies", "outbox", "audit", "settings", "account", "requests", "analytics",
         "palette?q=donaudampf", "customers/new", "keys/new", "budgets/new")


def make(page, noun, form):
    """A row through its form; its address."""
    page.goto("/admin/keys")
    token = page.locator('meta[name="csrf-token"]').get_attribute("content")
    reply = page.request.post(f"/admin/{noun}", form={"csrf_token": token, **form}, max_redirects=0)
    assert reply.status in (201, 303), reply.text()[:4000]
    return reply.headers.get("location", "")


def rows_with_long_names(page):
    """One of each kind; their pages."""
    name = LONG[:200]
    merchant = make(page, "merchants", {"name": name[:100], "currency": "EUR", "timezone": "UTC", "active": "on"})
    mine = re.search(r"\d+$", merchant)[0]
    customer = make(page, "customers", {
        "merchant_id": mine, "name": name, "organisation": name, "status": "active", "credit_limit": "0"})
    product = make(page, "products", {
        "merchant_id": mine, "name": name, "sku": name[:60], "price": "1", "kind": "SERVICE", "status": "active"})
    budget = make(page, "budgets", {
        "merchant_id": mine, "customer_id": re.search(r"\d+$", customer)[0], "currency": "EUR", "notes": name,
        "items.0.description": name, "items.0.quantity": "1", "items.0.unit_price": "5"})
    user = make(page, "users", {
        "email": f"{name[:60]}@{name[:50]}.example", "name": name[:100], "role": "normal_user", "active": "on",
        "password": "a long enough password", "merchant_ids": mine})
    make(page, "keys", {"merchant_id": mine, "name": name[:60], "expires": "never", "rate_limit_per_hour": "500",
                  "mode": "live", "scope_CUSTOMERS": "read"})
    page.goto("/admin/keys")
    key = page.locator("#list a.rowlink", has_text=name[:60]).first.get_attribute("href")
    tabs = [f"{merchant}?tab=products", f"{customer}?tab=budgets", f"{customer}?tab=history", f"{budget}?tab=history"]
    page.goto(budget)
    page.get_by_role("button", name="Share").click()
    quote = page.locator("#secret").text_content()
    return [*(path for made in (merchant, customer, product, user) for path in (made, made + "/edit")), budget, key,
            *tabs, quote]


def test_long_names_are_no_reason_to_scroll_sideways(window):
    one, wrong = window(), []
    for path in [*(f"/admin/{path}" for path in PAGES), *rows_with_long_names(one.page)]:
        one.show("light", WIDTHS[0])
        one.page.goto(path)
        for width in WIDTHS:
            one.show("light", width)
            if one.overflow() > 0:
                wrong.append(f"{path}: {one.overflow()} px too wide at {width}")
    one.show("light", WIDTHS[0])
    one.page.goto("/admin/products")
    wrong += one.faults()                       # a name below another cell leaves that cell's button too small
    assert wrong == []
