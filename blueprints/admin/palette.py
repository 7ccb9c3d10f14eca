"""The command palette: pages, actions and records by name, from the keyboard."""

import re
from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for

from blueprints.pages.htmx import page_or_part
from blueprints.pages.session import actor, me, wide_actor
from blueprints.pages.shell import NAVIGATION, exists
from database import ip_addresses
from domain.actor import Actor
from domain.catalog import products
from domain.errors import NotFound
from domain.integrations import api_keys
from domain.pages import Query
from domain.people import customers, users
from domain.resource import Resource
from domain.sales import budgets

MOST = 5
ACTIONS = (
    ("Create API key", "key", "admin.api_keys_new", "WRITE_KEYS"),
    ("New customer", "plus", "admin.customers_new", "WRITE_CUSTOMERS"),
    ("New product", "plus", "admin.products_new", "WRITE_PRODUCTS"),
    ("New budget", "plus", "admin.budgets_new", "WRITE_BUDGETS"),
    ("New webhook endpoint", "webhook", "admin.webhooks_new", "WRITE_KEYS"),
    ("New user", "user-plus", "admin.users_new", "WRITE_USERS"),
    ("My account", "user", "admin.account", None),
)
NUMBERED = re.compile(r"([A-Za-z][A-Za-z _]*[ _#]|#)?([0-9]{1,18})")
RECORDS = (
    ("Customers", "user-circle", customers.RESOURCE, "admin.customers_show"),
    ("Products", "package", products.RESOURCE, "admin.products_show"),
    ("Budgets", "file-dollar", budgets.RESOURCE, "admin.budgets_show"),
    ("API keys", "key", api_keys.RESOURCE, "admin.api_keys_show"),
    ("Users", "users", users.RESOURCE, "admin.users_show"),
)


@dataclass(frozen=True, slots=True)
class Hit:
    """One line of the palette."""

    title: str
    icon: str
    url: str
    note: str = ""


def register(bp: Any) -> None:
    """The palette's address; as a page of its own it is the search of browsers without JavaScript."""
    bp.add_url_rule("/palette", "palette", palette, methods=["GET"])


def palette() -> Response:
    """What fits the words that were typed."""
    words = request.args.get("q", "").strip()[:100].replace("\x00", "")
    found = [("Actions", actions(words)), ("Go to", pages(words)), *records(words)]
    groups = [(title, hits) for title, hits in found if hits]
    return page_or_part("admin/palette.html", "admin/_palette_list.html", groups=groups, words=words)


def actions(words: str) -> list[Hit]:
    """What can be begun from here."""
    who = wide_actor()
    return [
        Hit(title, icon, url_for(endpoint)) for title, icon, endpoint, scope in ACTIONS
        if words.lower() in title.lower() and (scope is None or who.can(scope))
    ]


def pages(words: str) -> list[Hit]:
    """The pages of the navigation."""
    who = wide_actor()
    return [
        Hit(item.title, item.icon, item.path) for group in NAVIGATION for item in group.items
        if words.lower() in item.title.lower() and (item.scope is None or who.can(item.scope)) and exists(item.path)
    ]


def records(words: str) -> list[tuple[str, list[Hit]]]:
    """Rows that fit, a few of each kind; and the request, when it is the id of one."""
    if len(words) < 2 and not words.isdigit():
        return []
    who = actor()
    found = requests_of(words) if me().actor().can("READ_ANALYTICS") else []
    for title, icon, resource, endpoint in RECORDS:
        if who.can(resource.read_scope):
            query = Query(search=words, limit=MOST)
            rows = numbered(who, resource, words)
            rows += [row for row in resource.listing.page(who, query).records if row.id not in [one.id for one in rows]]
            found.append((title, [hit(row, icon, endpoint) for row in rows[:MOST]]))
    return found


def numbered(who: Actor, resource: Resource, words: str) -> list[Any]:
    """The row that is called by its number: 242, #242, Budget 242, budget_242."""
    called = NUMBERED.fullmatch(words)
    kind = (called[1] or "").strip(" _#").replace("_", " ").lower() if called else ""
    if called is None or kind not in ("", resource.noun.lower()):
        return []
    try:
        return [resource.listing.read(who, int(called[2]))]
    except NotFound:
        return []


def requests_of(words: str) -> list[tuple[str, list[Hit]]]:
    """The request log, searched for a request or for the caller's address."""
    address = ip_addresses.parsed(words)
    if address is not None:
        return [("Requests", [Hit(f"Requests from {address}", "list-search", f"/admin/requests?ip={address}")])]
    if words.startswith("req_"):
        return [("Requests", [Hit(f"Request {words}", "list-search", f"/admin/requests?q={words}")])]
    return []


def hit(row: Any, icon: str, endpoint: str) -> Hit:
    """A row as a line."""
    title = getattr(row, "name", None) or getattr(row, "email", None) or f"Budget {row.id}"
    note = getattr(row, "email", None) or getattr(row, "customer_name", None) or getattr(row, "sku", None) or ""
    return Hit(title, icon, url_for(endpoint, key=row.id), "" if note == title else note)
