"""One row of a declared noun: its page, its forms, and actions that can be undone."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, make_response, render_template, request
from sqlalchemy import select
from werkzeug.wrappers import Response as BaseResponse

from blueprints._htmx import go, is_htmx
from blueprints._session import actor, me, need, wide_actor
from blueprints._shell import own_merchants
from blueprints.admin import cells, export
from blueprints.admin.confirm import Question, ask
from blueprints.admin.fields import payload, plain
from blueprints.admin.listing import ListPage, show_list
from database import db, transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, DomainError, Invalid, NotFound, PreconditionFailed, Problem
from domain.listing import expect
from models.audit import AuditEntry

REFUSED = {Invalid: 422, Conflict: 422, PreconditionFailed: 409}
MOST_AT_ONCE = 500


def register(bp: Blueprint, here: ListPage) -> None:
    """Give a declared noun its addresses."""
    read, write = need(here.resource.read_scope), need(here.resource.write_scope)

    def add(rule: str, verb: str, view: Any, *methods: str) -> None:
        allowed = read if methods == ("GET",) and verb not in ("new", "edit", "cell", "ask") else write
        view.__name__ = verb
        bp.add_url_rule(here.path + rule, f"{here.resource.name}_{verb}", allowed(view), methods=methods)

    add("", "list", lambda: here.listed() if here.listed else show_list(here), "GET")
    add(".csv", "export", lambda: export_list(here), "GET")
    add("/<int:key>", "show", lambda key: show(here, key), "GET")
    if here.sections and here.resource.create:
        add("/new", "new", lambda: blank_form(here), "GET")
        add("", "create", lambda: create(here), "POST")
    if here.sections and here.resource.update:
        add("/<int:key>/edit", "edit", lambda key: filled_form(here, key), "GET")
        add("/<int:key>", "save", lambda key: save(here, key), "POST")
    add("/<int:key>/<any(archive, activate, delete, restore, approve, reject):verb>", "act",
        lambda key, verb: act(here, key, verb), "POST")
    if here.asks:
        add("/<int:key>/delete", "ask", lambda key: ask_delete(here, key), "GET")
    add("/bulk", "bulk", lambda: bulk(here), "POST")
    if any(column.editable for column in here.columns):
        add("/<int:key>/cell/<name>", "cell", lambda key, name: cells.show(here, key, name), "GET")
        add("/<int:key>/cell/<name>", "cell_save", lambda key, name: cells.save(here, key, name), "POST")


def export_list(here: ListPage) -> Response:
    """Everything that the list's address finds, on all pages."""
    who = actor()
    columns = [column for column in here.columns if column.kind != "custom"]
    rows = (
        [record.id, *(cells.flat(record, column) for column in columns)]
        for record in here.resource.listing.stream(who, here.query(who))
    )
    return export.send(here.resource.name, ["id", *(column.name for column in columns)], rows)


def show(here: ListPage, key: int) -> str:
    """The record, found in any of the user's merchants, whichever the switcher shows."""
    who = wide_actor()
    record = here.resource.listing.read(who, key)
    known = facts(here, key, who)
    filled = [name for name, value in known.items() if value]
    return render_template(
        here.show, here=here, record=record, who=who, trail=trail(here, key), facts=known, filled=filled,
        **here.context(record),
    )


def facts(here: ListPage, key: int, who: Actor) -> dict[str, str]:
    """The form's fields as they read: a choice by its words, not by its value."""
    row = here.resource.listing.get(who, key)
    values = {name: plain(value) for name, value in here.values(row).items()}
    for section in here.sections:
        for field in section.fields:
            chosen = dict(field.options(who.narrowed(getattr(row, "merchant_id", None)))) if field.choices else {}
            if field.kind == "check":
                values[field.name] = "Yes" if values.get(field.name) else "No"
            elif field.name in values:
                values[field.name] = chosen.get(values[field.name], values[field.name])
    return values


def trail(here: ListPage, key: int, limit: int = 20, kind: str = "") -> list[AuditEntry]:
    """What happened to the row, newest first."""
    statement = (
        select(AuditEntry)
        .where(AuditEntry.object_type == (kind or here.resource.noun.replace(" ", "_")), AuditEntry.object_id == key)
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(statement))


# Forms --------------------------------------------------------------------------------------------


def blank_form(here: ListPage) -> Response:
    """An empty form, or one that the address fills in; under All the merchant is asked for first."""
    if choice_of(here, None)["merchants"] and not chosen_merchant():
        return make_response(render_template("admin/choose_merchant.html", here=here, merchants=own_merchants(me())))
    assert here.resource.input is not None
    known = here.resource.input.model_fields
    defaults = {name: plain(field.default) for name, field in known.items() if not field.is_required()}
    return form(here, None, defaults | request.args.to_dict())


def filled_form(here: ListPage, key: int) -> Response:
    """The row as it is."""
    row = here.resource.listing.get(wide_actor(), key)
    if not here.can_edit(row):
        raise Conflict(f"{here.name(row)} can no longer be changed.")
    return form(here, row, {name: plain(value) for name, value in here.values(row).items()})


def form(here: ListPage, row: Any, values: dict[str, str], wrong: DomainError | None = None) -> Response:
    """The form, with what was typed and what is wrong with it."""
    theirs = here.values(row) if row is not None and isinstance(wrong, PreconditionFailed) else {}
    changed = {name: plain(now) for name, now in theirs.items() if plain(now) != values.get(name, "")}
    who = acting(here, row)
    page = render_template(
        here.form, here=here, row=row, values=values, wrong=wrong, now=changed, who=who, **choice_of(here, row),
        **here.choices(who),
    )
    return make_response(page, REFUSED.get(type(wrong), 422) if wrong else 200)


def choice_of(here: ListPage, row: Any) -> dict[str, Any]:
    """The merchants to choose from, where a new row needs one and the switcher names none."""
    asks = here.needs_merchant and row is None and me().session.merchant_id is None
    return {"merchants": [(one.id, f"{one.name} · {one.currency}") for one in own_merchants(me())] if asks else []}


def acting(here: ListPage, row: Any) -> Actor:
    """The user, for the one merchant that the form is about."""
    if row is not None:
        return wide_actor().narrowed(getattr(row, "merchant_id", None))
    chosen = chosen_merchant()
    if chosen is not None and me().session.merchant_id is None:
        return wide_actor().narrowed(chosen)
    return actor()


def chosen_merchant() -> int | None:
    """The merchant that the address or the form names."""
    raw = request.values.get("merchant_id", "")
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 19 else None


def create(here: ListPage) -> BaseResponse:
    """A new row from the form, or the form again with every mistake."""
    zone = me().user.timezone
    who = acting(here, None) if here.needs_merchant else wide_actor()
    model = here.resource.input
    assert model is not None
    assert here.resource.create is not None
    try:
        new = complete(here, lambda: inputs.parse(model, typed(here), text=True, zone=zone))
        if here.resource.before_create:
            new = here.resource.before_create(who, new)
        with transaction():
            row = here.resource.create(who, new)
            name, key = here.name(row), row.id
    except (Invalid, Conflict) as error:
        return form(here, None, request.form.to_dict(), error)
    flash(f"{name} was created.", "ok")
    return go(here.url("show", key=key))


def save(here: ListPage, key: int) -> BaseResponse:
    """The changes of the form, unless somebody else was faster."""
    zone = me().user.timezone
    model = here.resource.input
    assert model is not None
    assert here.resource.update is not None
    who, listing = wide_actor(), here.resource.listing
    try:
        changes = complete(here, lambda: inputs.changes(model, typed(here), text=True, zone=zone))
        if here.resource.before_update:
            expect(listing.get(who, key), cells.seen_version())
            changes = here.resource.before_update(who, changes)
        with transaction():
            row = listing.get(who, key, lock=True)
            expect(row, cells.seen_version())
            here.resource.update(who.narrowed(getattr(row, "merchant_id", None)), row, changes)
            name = here.name(row)
    except (Invalid, Conflict, PreconditionFailed) as error:
        return form(here, listing.get(who, key), request.form.to_dict(), error)
    flash(f"{name} was saved.", "ok")
    return go(here.url("show", key=key))


def complete(here: ListPage, read: Callable[[], Any]) -> Any:
    """What `read` makes of the form; raises Invalid with its mistakes and with the required fields left blank."""
    fields = [field for section in here.sections for field in section.fields if field.required]
    blank = {
        field.name: Problem("missing", "is required")
        for field in fields if not request.form.get(field.name, "").strip()
    }
    try:
        found = read()
    except Invalid as error:
        raise Invalid(error.message, fields=blank | error.fields) from None
    if blank:
        raise Invalid("Some fields need attention.", fields=blank)
    return found


def typed(here: ListPage) -> dict[str, Any]:
    """The form as the domain's input reads it."""
    return payload(here.read(request.form), here.sections)


# Actions ------------------------------------------------------------------------------------------


def act(here: ListPage, key: int, verb: str) -> BaseResponse:
    """One action on one row; a toast says what was done and takes it back."""
    name = perform(here, [key], verb)[0]
    message = here.past.get(verb, "{} was changed.").format(name)
    undo = here.url("act", key=key, verb=here.undo[verb]) if verb in here.undo else None
    return done(here, message, undo, gone=verb == "delete")


def ask_delete(here: ListPage, key: int) -> Response:
    """A question before what nobody can take back."""
    record = here.resource.listing.read(wide_actor(), key)
    name = here.name(record)
    return ask(Question(
        title=f"Delete {name}?", text=f"The {here.resource.noun} is gone for good.", button="Delete", danger=True,
        action=here.url("act", key=key, verb="delete"), back=here.url("show", key=key), version=record.version,
    ))


def bulk(here: ListPage) -> BaseResponse:
    """One action on the chosen rows, all of them or none."""
    verb = request.values.get("verb", "")
    if verb not in here.bulk and verb not in here.undo.values():
        raise NotFound("action", verb)
    chosen = request.form.getlist("ids") or request.args.get("ids", "").split(",")
    keys = [int(key) for key in chosen if key.isascii() and key.isdigit()][:MOST_AT_ONCE]
    if not keys:
        return done(here, "Nothing was selected.", None)
    perform(here, keys, verb)
    many = f"{len(keys)} {here.resource.name if len(keys) > 1 else here.resource.noun}"
    message = here.past.get(verb, "{} was changed.").format(many)
    message = message.replace(" was ", " were ") if len(keys) > 1 else message
    undo = here.undo.get(verb)
    return done(here, message, here.url("bulk", verb=undo, ids=",".join(map(str, keys))) if undo else None)


def perform(here: ListPage, keys: list[int], verb: str) -> list[str]:
    """Run an action on rows in one transaction; their names."""
    resource, who = here.resource, wide_actor()
    run = resource.delete if verb == "delete" else resource.actions.get(verb)
    if run is None:
        raise NotFound("action", verb)
    names = []
    with transaction():
        for key in keys:
            row = find(here, who, key, verb)
            run(who, row)
            names.append(here.name(row))
    return names


def find(here: ListPage, who: Actor, key: int, verb: str) -> Any:
    """The row, locked; an undo looks among the deleted ones first."""
    listing = here.resource.listing
    if verb == "restore":
        try:
            return listing.get(who, key, lock=True, removed=True)
        except NotFound:
            pass                                    # kept because something refers to it: only inactive
    row = listing.get(who, key, lock=True)
    expect(row, cells.seen_version())
    return row


def done(here: ListPage, message: str, undo: str | None, *, gone: bool = False) -> BaseResponse:
    """Say what was done where the person is; a toast does it on the next page shown."""
    flash(message, undo or "ok")
    if is_htmx():
        response = make_response("", 204)
        response.headers["HX-Refresh"] = "true"
        return response
    back = request.referrer or ""
    stays = not gone and back.startswith(request.host_url)
    return go(back if stays else here.url("list"))
