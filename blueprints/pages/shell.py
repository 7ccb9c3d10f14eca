"""What the frame of a page shows: navigation by permission, the merchant switcher, the account."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Flask, current_app, request
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from blueprints.pages.session import SignedIn, may, signed_in
from blueprints.services import services
from database import db
from models.merchant import Merchant
from models.user import Role

ROLES = {
    Role.ADMIN: "Administrator", Role.ACCOUNTANT: "Accountant",
    Role.NORMAL: "Staff", Role.RESTRICTED: "Staff, own records only",
}


@dataclass(frozen=True, slots=True)
class Item:
    """A page in the navigation: who sees it is decided by its scope."""

    title: str
    icon: str
    path: str
    scope: str | None = None
    keys: str = ""

    @property
    def current(self) -> bool:
        return request.path == self.path or (self.path != "/admin/" and request.path.startswith(self.path + "/"))


@dataclass(frozen=True, slots=True)
class Group:
    title: str
    items: tuple[Item, ...]


NAVIGATION = (
    Group("", (
        Item("Overview", "layout-dashboard", "/admin/", keys="g o"),
        Item("Analytics", "chart-bar", "/admin/analytics", "READ_ANALYTICS", "g a"),
        Item("Request log", "list-search", "/admin/requests", "READ_ANALYTICS", "g l"),
    )),
    Group("Billing", (
        Item("Customers", "user-circle", "/admin/customers", "READ_CUSTOMERS", "g c"),
        Item("Products", "package", "/admin/products", "READ_PRODUCTS", "g p"),
        Item("Budgets", "file-dollar", "/admin/budgets", "READ_BUDGETS", "g b"),
    )),
    Group("Developers", (
        Item("API keys", "key", "/admin/keys", "READ_KEYS", "g k"),
        Item("Webhooks", "webhook", "/admin/webhooks", "READ_KEYS", "g w"),
        Item("API reference", "code", "/docs", None, "g r"),
    )),
    Group("Settings", (
        Item("Users", "users", "/admin/users", "READ_USERS", "g u"),
        Item("Merchant profiles", "building-store", "/admin/merchants", "READ_MERCHANTS"),
        Item("Currencies and rates", "world", "/admin/currencies", "READ_SETTINGS"),
        Item("Outbox", "mail", "/admin/outbox", "READ_SETTINGS"),
        Item("Audit log", "history", "/admin/audit", "READ_AUDIT"),
        Item("Settings", "settings", "/admin/settings", "READ_SETTINGS", "g s"),
    )),
)


class Shell:
    """The frame of one page for one user; read lazily by the templates."""

    def __init__(self, who: SignedIn):
        self.who, self.user, self.session = who, who.user, who.session
        self.role = ROLES[who.user.role]
        self.test_mode = who.session.test_mode
        self.sees_modes = may("READ_KEYS") or may("READ_ANALYTICS")

    def can(self, scope: str) -> bool:
        return may(scope)

    @property
    def navigation(self) -> list[Group]:
        """The groups and pages that this user may open, and that this installation has."""
        groups = [
            Group(group.title, tuple(item for item in group.items if self._shows(item))) for group in NAVIGATION
        ]
        return [group for group in groups if group.items]

    def _shows(self, item: Item) -> bool:
        return (item.scope is None or may(item.scope)) and exists(item.path)

    @cached_property
    def merchants(self) -> list[Merchant]:
        return own_merchants(self.who)

    @property
    def merchant(self) -> Merchant | None:
        """The one that the switcher shows; None for all."""
        chosen = self.session.merchant_id
        return next((one for one in self.merchants if one.id == chosen), None)


def own_merchants(who: SignedIn) -> list[Merchant]:
    """The merchants a user may act for, by name."""
    statement = select(Merchant).order_by(Merchant.name)
    if not who.user.all_merchants:
        statement = statement.where(Merchant.id.in_(who.user.merchant_ids))
    return list(db.session.scalars(statement))


def exists(path: str) -> bool:
    """Is there a page at this address in this installation?"""
    known = services().known_pages
    if path not in known:
        known[path] = _matches(path)
    return known[path]


def _matches(path: str) -> bool:
    try:
        current_app.url_map.bind("").match(path, method="GET")
    except RequestRedirect:
        return True
    except HTTPException:
        return False
    return True


def init_app(app: Flask) -> None:
    """Give every template the frame's contents, when somebody is signed in."""
    @app.context_processor
    def frame() -> dict[str, Any]:
        who = signed_in()
        return {"shell": Shell(who) if who is not None else None, "may": may}
