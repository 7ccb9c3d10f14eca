"""Serves a row's page and its forms."""

import json
import re
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import actions, cells, changed_fields, export, facts, form_token, merging, tabs
from blueprints.admin.crud.form_fields import boxes, payload, plain
from blueprints.admin.crud.listing import ListPage, show_list
from blueprints.pages.format import zone
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import actor, me, need, wide_actor
from blueprints.pages.shell import own_merchants
from blueprints.row_keys import row_key
from database import transaction
from domain import inputs
from domain.actor import Actor
from domain.errors import Conflict, DomainError, Forbidden, Invalid, PreconditionFailed, Problem
from domain.listing import expect

BOTH = (
    "Another user changed this in the meantime. Fields that you had not changed now show the stored values; "
    "check the fields with a note, then save again."
)
LOOK_AGAIN = Problem(inputs.SENT_AGAIN.code, "was in the previous currency: check it, then save again")
BREAKS = re.compile(r"[\r\n]+")       # what browsers drop in a field of one line
REFUSED = {Invalid: 422, Conflict: 422, PreconditionFailed: 409}


def register(bp: Blueprint, here: ListPage) -> None:
    """Register the noun's URLs."""
    read, write = need(here.resource.read_scope), need(here.resource.write_scope)

    def add(rule: str, verb: str, view: Any, *methods: str) -> None:
        allowed = read if methods == ("GET",) and verb not in ("new", "edit", "cell") else write
        view.__name__ = verb
        view = view if verb == "cell_save" else here.guard(view)        # no cell gives anybody access
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
    actions.register(bp, here)
    if any(column.editable for column in here.columns):
        add("/<int:key>/cell/<name>", "cell", lambda key, name: cells.show(here, key, name), "GET")
        add("/<int:key>/cell/<name>", "cell_save", lambda key, name: cells.save(here, key, name), "POST")


def export_list(here: ListPage) -> Response:
    """Download all rows of the list's URL, on all pages."""
    who = actor()
    columns = here.columns + here.file_columns
    rows = (export.line(record, columns) for record in here.in_lists.stream(who, here.query(who)))
    return export.send(here.resource.name, export.heading(columns), rows)


def show(here: ListPage, key: int) -> Response:
    """The record's page, for any of the user's merchants, whichever the switcher shows."""
    who = wide_actor()
    return tabs.show(here, here.resource.listing.read(who, key), who)


# Forms --------------------------------------------------------------------------------------------


def blank_form(here: ListPage) -> Response:
    """An empty form, or one filled in from the URL; under All it asks for the merchant first."""
    if not here.creates:
        raise Forbidden(f"Only a user with all merchants can create a {here.resource.noun}.")
    if choice_of(here, None)["merchants"] and not chosen_merchant():
        return make_response(render_template("admin/choose_merchant.html", here=here, merchants=own_merchants(me())))
    return form(here, None, usual(here) | request.args.to_dict())


def usual(here: ListPage) -> dict[str, str]:
    """The values of a form in which nothing was chosen or typed."""
    assert here.resource.input is not None
    known = here.resource.input.model_fields
    return {name: plain(field.default) for name, field in known.items() if not field.is_required()}


def filled_form(here: ListPage, key: int) -> BaseResponse:
    """The form of a row; one that cannot be changed says so on its page."""
    row = here.resource.listing.get(wide_actor(), key)
    if not here.can_edit(row):
        return actions.refused(here, key, f"{here.name(row)} can no longer be changed.")
    return form(here, row, facts.stored(here, row))


def form(here: ListPage, row: Any, values: dict[str, str], wrong: DomainError | None = None) -> Response:
    """The form with what was typed and its mistakes; after a conflict, merged with the stored row."""
    now: dict[str, str] = {}
    who = acting(here, row)
    version, loaded = seen(here, row, wrong)
    if row is not None and isinstance(wrong, PreconditionFailed):
        version, loaded, wrong = row.version, digests(here, row), PreconditionFailed(BOTH)
        merged = merging.merge(held(here, row), boxes(here.sections), facts.texts(here, row.id, who))
        values, now = merged.values, merged.now
    page = render_template(
        here.form, here=here, row=row, values=values, wrong=wrong, now=now, who=who, version=version, loaded=loaded,
        usual=usual(here), once=form_token.token() if row is None else "", **choice_of(here, row), **here.choices(who),
    )
    return make_response(page, REFUSED.get(type(wrong), 422) if wrong else 200)


def seen(here: ListPage, row: Any, wrong: DomainError | None) -> tuple[int | None, str]:
    """The version and the digests with which the form was first loaded."""
    if row is None:
        return None, ""
    if request.method == "POST":
        return cells.seen_version() or row.version, merging.loaded_but(unsent(wrong))
    return row.version, digests(here, row)


def unsent(wrong: DomainError | None) -> list[str]:
    """Amounts that must be confirmed: sent unchanged, they count as changed the next time."""
    return [name for name, one in wrong.fields.items() if one is LOOK_AGAIN] if wrong else []


def in_words_of_form(here: ListPage, error: DomainError) -> DomainError:
    """The mistakes in this form's words."""
    error.fields = dict(
        here.explain(name, LOOK_AGAIN if one is inputs.SENT_AGAIN else one) for name, one in error.fields.items()
    )
    return error


def digests(here: ListPage, row: Any) -> str:
    return json.dumps(merging.digests(held(here, row)), separators=(",", ":"))


def held(here: ListPage, row: Any) -> dict[str, str]:
    """The row's values as the controls hold them: one of a single line without line breaks."""
    fields = [field for section in here.sections for field in section.fields]
    lines = {field.name for field in fields if field.kind not in ("area", "networks")}
    values = facts.stored(here, row)
    return {name: BREAKS.sub("", value) if name in lines else value for name, value in values.items()}


def choice_of(here: ListPage, row: Any) -> dict[str, Any]:
    """The merchants to choose from, where a new row needs one and the switcher names none."""
    asks = here.needs_merchant and row is None and me().session.merchant_id is None
    return {"merchants": [(one.id, f"{one.name} · {one.currency}") for one in own_merchants(me())] if asks else []}


def acting(here: ListPage, row: Any) -> Actor:
    """The user, for the merchant of the form."""
    return acting_new() if row is None else wide_actor().for_row(row)


def acting_new() -> Actor:
    """The user, for the merchant of a new row."""
    chosen = chosen_merchant()
    if chosen is not None and me().session.merchant_id is None:
        return wide_actor().narrowed(chosen)
    return actor()


def chosen_merchant() -> int | None:
    """The merchant in the URL or the form."""
    return row_key(request.values.get("merchant_id", ""))


def create(here: ListPage) -> BaseResponse:
    """Create a row from the form, or show the form with every mistake."""
    who = acting(here, None) if here.needs_merchant else wide_actor()
    model = here.resource.input
    assert model is not None
    try:
        new = complete(here, lambda: inputs.parse(model, typed(here), text=True, zone=zone().key))
        if here.resource.before_create:
            new = here.resource.before_create(who, new)
        with transaction():
            address, _ = form_token.create_once(lambda: store(here, who, new))
    except (Invalid, Conflict) as error:
        return form(here, None, merging.typed(), in_words_of_form(here, error))
    return redirect_to(address)


def store(here: ListPage, who: Actor, new: Any) -> str:
    """Create the row; returns the URL of its page."""
    assert here.resource.create is not None
    row = here.resource.create(who, new)
    flash(f"{here.name(row)} was created.", "ok")
    return here.url("show", key=row.id)


def save(here: ListPage, key: int) -> BaseResponse:
    """Save the changes of the form, unless the row was changed meanwhile."""
    model = here.resource.input
    assert model is not None
    assert here.resource.update is not None
    who, listing = wide_actor(), here.resource.listing
    try:
        seen = listing.get(who, key)
        changes = complete(here, lambda: inputs.changes(model, typed(here, seen), text=True, zone=zone().key))
        if here.resource.before_update:
            expect(seen, cells.seen_version())
            changes = here.resource.before_update(who.for_row(seen), changes)
        with transaction():
            own, row = listing.lock(who, key)
            expect(row, cells.seen_version())
            if changes:                      # else the row stays as it is, without a new version or an event
                here.resource.update(own, row, changes)
            said = follow(here, own, row)
    except (Invalid, Conflict, PreconditionFailed) as error:
        return form(here, listing.get(who, key), merging.typed(), in_words_of_form(here, error))
    flash(said, "ok")
    return redirect_to(here.url("show", key=key))


def follow(here: ListPage, who: Actor, row: Any) -> str:
    """Do the action that the form's button names, in the transaction of the change; returns what was done."""
    verb = request.form.get("then", "")
    if verb not in here.then:
        return f"{here.name(row)} was saved."
    action = here.resource.verbs[verb]
    action.run(who, row)
    return action.past.format(here.name(row))


def complete(here: ListPage, read: Callable[[], Any]) -> Any:
    """The form after `read`; raises Invalid with its mistakes and the empty required fields."""
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
        raise Invalid.several(blank)
    return found


def typed(here: ListPage, row: Any = None) -> dict[str, Any]:
    """The form as the domain's input; of a stored row only what was changed."""
    stored = facts.stored(here, row) if row is not None else {}
    form, off = changed_fields.changed_only(boxes(here.sections), stored)
    return payload(here.read(form), off)
