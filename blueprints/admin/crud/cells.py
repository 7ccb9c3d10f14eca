"""Inline editing of a list's cells: show, edit, save, undo."""

from typing import Any

from flask import Response, flash, make_response, render_template, request

from blueprints.admin.crud.form_fields import plain
from blueprints.admin.crud.listing import Column, ListPage
from blueprints.pages.format import zone
from blueprints.pages.htmx import refreshed, with_toast
from blueprints.pages.session import wide_actor
from database import transaction
from domain import inputs
from domain.errors import Conflict, Invalid, NotFound, PreconditionFailed
from domain.listing import expect


def column_of(here: ListPage, name: str) -> Column:
    """The column, if it is editable; NotFound otherwise."""
    for column in here.columns:
        if column.name == name and column.editable:
            return column
    raise NotFound("column", name)


def show(here: ListPage, key: int, name: str) -> str:
    """The cell, or its form."""
    column = column_of(here, name)
    record = here.resource.listing.read(wide_actor(), key)
    if "edit" not in request.args:
        return render_template("admin/_cell.html", here=here, record=record, column=column)
    return render_template("admin/_cell_edit.html", here=here, record=record, column=column,
                           typed=editable(here, key, column), version=record.version)


def editable(here: ListPage, key: int, column: Column) -> str:
    """The value for a form control."""
    row = here.resource.listing.get(wide_actor(), key)
    return plain(here.values(row).get(column.editable))


def save(here: ListPage, key: int, name: str) -> Response:
    """Save the new value and offer undo, or show the mistake."""
    column, who, listing = column_of(here, name), wide_actor(), here.resource.listing
    assert here.resource.input is not None
    assert here.resource.update is not None
    typed = request.values.get("value", "")
    try:
        changes = inputs.changes(here.resource.input, {column.editable: typed}, text=True, zone=zone().key)
        with transaction():
            own, row = listing.lock(who, key)
            expect(row, seen_version())
            before = plain(here.values(row).get(column.editable))
            here.resource.update(own, row, changes)
    except (Invalid, Conflict, PreconditionFailed) as error:
        return wrong(here, key, column, typed, error)
    if "undo" in request.args:
        return put_back(column)
    record = listing.read(who, key)
    cell = make_response(render_template("admin/_cell.html", here=here, record=record, column=column))
    undo = here.url("cell_save", key=key, name=name, value=before, undo=1)
    return with_toast(cell, f"{column.heading} of {here.name(record)} was changed.", undo=undo)


def wrong(here: ListPage, key: int, column: Column, typed: str, error: Any) -> Response:
    """The form with the mistake and what was typed, and the stored value after a conflict."""
    record = here.resource.listing.read(wide_actor(), key)
    sentence = str(error.fields.get(column.editable, error.message))
    version = seen_version() or record.version          # after a mistake, other people's changes still conflict
    if isinstance(error, PreconditionFailed):
        version = record.version
        sentence = f"Another user changed it to “{editable(here, key, column)}”. Save again to overwrite."
    page = render_template(
        "admin/_cell_edit.html", here=here, record=record, column=column, typed=typed, wrong=sentence, version=version
    )
    return make_response(page, 409 if isinstance(error, PreconditionFailed) else 422)


def put_back(column: Column) -> Response:
    """Reload the page after an undo."""
    flash(f"{column.heading} was restored.", "ok")
    return refreshed()


def seen_version() -> int | None:
    """The version of the row that the person saw."""
    return version_in(request.form.get("version", ""))


def version_in(raw: str) -> int | None:
    """A version as forms and the addresses of an undo say it."""
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None
