"""A form's control for one row of a noun: a list to choose from while there are few, else found as one types its name.

Both hold a row as its name and number, Standard (3), and take the number alone as well.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import render_template, request
from werkzeug.datastructures import MultiDict

from blueprints.admin import line_forms
from blueprints.admin.crud.form_fields import Field
from blueprints.pages.session import need
from blueprints.row_keys import row_key
from database import db
from domain.actor import Actor
from domain.errors import NotFound, Problem
from domain.listing import Listing
from domain.pages import Query

FEW = 100                           # rows that a list to choose from has at most


@dataclass(frozen=True, kw_only=True)
class RowField:
    """The control `name` for a row of a listing; `slug` is the end of the address of its suggestions."""

    name: str
    noun: str
    listing: Listing
    scope: str
    slug: str
    filters: Mapping[str, Any] = field(default_factory=dict)
    words: Callable[[Any], str] = lambda row: str(row.name)         # of the row in a list and on pages

    def field(self, **more: Any) -> Field:
        """The control; its page reads the form by `read`, and explains mistakes by `explain`."""
        return Field(
            name=self.name, kind="row", choices=self.choices, suggested=f"admin.choices_{self.slug}",
            written=self.written, fact=self.fact, **more,
        )

    def choices(self, who: Actor) -> Sequence[tuple[str, str]]:
        """All rows by name while they are few; none where they are more."""
        query = Query(filters=self.filters, sort="name", descending=False, limit=FEW + 1)
        found = self.listing.page(who, query).records
        return [(held(one), self.words(one)) for one in found] if len(found) <= FEW else []

    def named(self, key: int | None) -> str:
        """A stored row as the control holds it."""
        row = db.session.get(self.listing.model, key) if key is not None else None
        return held(row) if row is not None else ""

    def written(self, who: Actor, value: str) -> str:
        """The value with the row's name, where it is a number from the page's address."""
        key = row_key(value) if who.can(self.scope) else None
        try:
            return held(self.listing.read(who, key)) if key is not None else value
        except NotFound:
            return value

    def fact(self, row: Any) -> str:
        """The text on the page of a row that names one."""
        key = getattr(row, self.name)
        found = db.session.get(self.listing.model, key) if key is not None else None
        return self.words(found) if found is not None else ""

    def suggest(self) -> str:
        """The rows whose name matches what was typed, as choices of the control."""
        found = line_forms.search(
            self.listing, line_forms.acting(), request.args.get(self.name, ""), **self.filters)
        return render_template(
            "admin/_row_options.html", rows=[(held(one), self.words(one)) for one in found])


def held(row: Any) -> str:
    """A row as controls hold it."""
    return f"{row.name} ({row.id})"


def add_suggestions(bp: Any, fields: Sequence[RowField]) -> None:
    """Register the addresses that the controls ask while someone types."""
    for one in fields:
        view = need(one.scope)(one.suggest)
        bp.add_url_rule(f"/choices/{one.slug}", f"choices_{one.slug}", view, methods=["GET"])


def read(fields: Sequence[RowField], form: MultiDict[str, str]) -> MultiDict[str, str]:
    """The form with the rows' numbers."""
    plain = form.copy()
    for one in fields:
        if one.name in form:
            plain[one.name] = line_forms.key_in(one.listing, form[one.name], line_forms.acting(), **one.filters)
    return plain


def explain(fields: Sequence[RowField], name: str, problem: Problem) -> tuple[str, Problem]:
    """A mistake in the words of the controls."""
    noun = next((one.noun for one in fields if one.name == name), "")
    if problem.code != "type" or not noun:
        return name, problem
    return name, Problem("unknown", f"has no match: choose a {noun} from the list")
