"""Builds the frame of a page: navigation by permission, the merchant switcher, the account."""

from functools import cached_property
from typing import Any

from flask import Flask, request
from sqlalchemy import select

from blueprints.pages import navigation
from blueprints.pages.navigation import Creation, Group, Item
from blueprints.pages.session import SignedIn, actor, may, signed_in
from database import db
from models.merchant import Merchant
from models.user import Role

ROLES = {
    Role.ADMIN: "Administrator", Role.ACCOUNTANT: "Accountant",
    Role.NORMAL: "Staff", Role.RESTRICTED: "Staff, own records only",
}


class Shell:
    """The frame of one page for one user; templates read it lazily."""

    def __init__(self, who: SignedIn):
        self.who, self.user, self.session = who, who.user, who.session
        self.role, self.looks = ROLES[who.user.role], who.looks
        self.test_mode = who.session.test_mode

    def can(self, scope: str) -> bool:
        return may(scope)

    @cached_property
    def pages(self) -> list[Item]:
        """The pages that this user may open."""
        return navigation.items(self.who.actor())

    @property
    def record(self) -> str | None:
        """The record whose page this is, as noun and id."""
        return navigation.record_at(request.path)

    @property
    def navigation(self) -> list[Group]:
        return navigation.groups(self.pages)

    def waiting(self, item: Item) -> int:
        """How many rows of a page wait for a person, under the switcher's merchant."""
        return item.count(actor()) if item.count else 0

    @property
    def personal(self) -> list[Item]:
        """The pages of the account's menu."""
        return [item for item in self.pages if item.group is None]

    @property
    def creations(self) -> list[tuple[Creation, str]]:
        """The forms for new rows, with their letters."""
        return [(one, letter) for one, letter in navigation.creations(self.pages, self.who.actor()) if letter]

    @cached_property
    def merchants(self) -> list[Merchant]:
        return own_merchants(self.who)

    @property
    def merchant(self) -> Merchant | None:
        """The switcher's merchant; None for all."""
        chosen = self.session.merchant_id
        return next((one for one in self.merchants if one.id == chosen), None)

    @cached_property
    def merchant_names(self) -> dict[int, str]:
        """The merchants by id, where rows of several may stand beside each other; else empty."""
        return {one.id: one.name for one in self.merchants} if not self.merchant and len(self.merchants) > 1 else {}


def own_merchants(who: SignedIn) -> list[Merchant]:
    """The merchants a user may act for, by name."""
    statement = select(Merchant).order_by(Merchant.name_sort, Merchant.id)
    if not who.user.all_merchants:
        statement = statement.where(Merchant.id.in_(who.user.merchant_ids))
    return list(db.session.scalars(statement))


def init_app(app: Flask) -> None:
    """Give every template the frame, when a user is signed in, and what the user may do."""
    app.add_template_global(may)         # macros that are imported without their context ask it, too

    @app.context_processor
    def frame() -> dict[str, Any]:
        who = signed_in()
        return {"shell": Shell(who) if who is not None else None}
