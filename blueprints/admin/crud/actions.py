"""What is done with rows besides editing: one action on one row or on many, told by a toast that takes it back."""

from typing import Any

from flask import Response, flash, make_response, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import cells
from blueprints.admin.crud.confirm import Confirmation, ask
from blueprints.admin.crud.listing import ListPage
from blueprints.pages.htmx import go, is_htmx
from blueprints.pages.session import wide_actor
from database import transaction
from domain.actor import Actor
from domain.errors import Conflict, NotFound, PreconditionFailed
from domain.listing import expect

MOST_AT_ONCE = 500


def act(here: ListPage, key: int, verb: str) -> BaseResponse:
    """One action on one row; a toast says what was done and takes it back."""
    try:
        name = perform(here, [key], verb)[0]
    except (Conflict, PreconditionFailed) as error:
        return refused(here, key, error.message, gone=verb == "restore")
    message = here.past.get(verb, "{} was changed.").format(name)
    undo = here.url("act", key=key, verb=here.undo[verb]) if verb in here.undo else None
    return done(here, message, undo, gone=verb == "delete")


def ask_delete(here: ListPage, key: int) -> Response:
    """A question before what nobody can take back."""
    record = here.resource.listing.read(wide_actor(), key)
    name = here.name(record)
    return ask(Confirmation(
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
    try:
        perform(here, keys, verb)
    except (Conflict, PreconditionFailed) as error:
        return done(here, f"{error.message} Nothing was changed.", None, kind="bad")
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
            own, row = find(here, who, key, verb)
            name = here.name(row)
            try:
                run(own, row)
            except Conflict as error:
                which = f"{name}: " if len(keys) > 1 else ""
                raise Conflict(f"{which}{error.message.rstrip('.')}.") from None
            names.append(name)
    return names


def find(here: ListPage, who: Actor, key: int, verb: str) -> tuple[Actor, Any]:
    """The row, locked, and before it the actor for its merchant; an undo looks among the deleted ones first."""
    listing = here.resource.listing
    if verb == "restore":
        try:
            return listing.lock(who, key, removed=True)
        except NotFound:
            pass                                    # kept because something refers to it: only inactive
    own, row = listing.lock(who, key)
    expect(row, cells.seen_version())
    return own, row


def refused(here: ListPage, key: int, message: str, *, gone: bool = False) -> BaseResponse:
    """Say on the record's page why it was not done; `gone` says that it has none."""
    flash(message, "bad")
    return go(here.url("list") if gone else here.url("show", key=key))


def done(
    here: ListPage, message: str, undo: str | None, *, gone: bool = False, kind: str = "ok"
) -> BaseResponse:
    """Say what was done where the person is; a toast does it on the next page shown."""
    flash(message, undo or kind)
    if is_htmx():
        response = make_response("", 204)
        response.headers["HX-Refresh"] = "true"
        return response
    back = request.referrer or ""
    stays = not gone and back.startswith(request.host_url)
    return go(back if stays else here.url("list"))
