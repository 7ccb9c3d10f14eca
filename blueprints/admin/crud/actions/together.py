"""Runs an action on several rows together, after a confirmation that says what it will do to them."""

from typing import Any

from flask import request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud.actions.reporting import done
from blueprints.admin.crud.confirm import Confirmation, ask, sentence
from blueprints.admin.crud.listing import ListPage
from blueprints.pages.session import wide_actor
from blueprints.row_keys import row_key
from database import transaction
from domain.actor import Actor
from domain.errors import Conflict, PreconditionFailed
from domain.listing import expect
from domain.resource import Action, Several

CHOSEN = "chosen"                   # the field with the rows and their versions: 12:3,13:1


def bulk(here: ListPage, verb: str, action: Action, several: Several, keys: list[int]) -> BaseResponse:
    """Show the confirmation of the chosen rows; with a confirmed form, run the action."""
    try:
        if CHOSEN in request.form:
            return run(here, several)
        return confirm(here, verb, action, several, sorted(keys))
    except (Conflict, PreconditionFailed) as error:
        return done(here, f"{error.message} Nothing was changed.", None, kind="bad")


def confirm(here: ListPage, verb: str, action: Action, several: Several, keys: list[int]) -> BaseResponse:
    """What the action would do; a refusal says why it cannot be done."""
    who, listing = wide_actor(), here.resource.listing
    rows = [listing.get(who, key) for key in keys]
    (text, *facts), what = several.confirm(rows), f"{len(rows)} {here.nouns[1]}"
    return ask(Confirmation(
        title=f"{sentence(action.title, what)}?", text=text, facts=tuple(facts), danger=action.danger,
        button=sentence(action.title, what), action=here.url("bulk"), back=here.url("list"),
        fields={"verb": verb, CHOSEN: ",".join(f"{row.id}:{row.version}" for row in rows)},
    ))


def run(here: ListPage, several: Several) -> BaseResponse:
    """Run the action on the rows of a confirmed form, unless one of them was changed meanwhile."""
    listing, who, found = here.resource.listing, wide_actor(), seen()
    with transaction():
        locked: list[tuple[Actor, Any]] = [listing.lock(who, key) for key, _ in found]
        for (_, version), (_, row) in zip(found, locked, strict=True):
            expect(row, version)
        rows = [row for _, row in locked]
        several.run(locked[0][0], rows)
    return done(here, several.past.format(f"{len(rows)} {here.nouns[1]}"), None)


def seen() -> list[tuple[int, int]]:
    """The rows of the form and their versions; raises Conflict for anything else."""
    found = []
    for key, _, version in (one.partition(":") for one in request.form[CHOSEN].split(",")):
        pair = row_key(key), row_key(version)
        if pair[0] is None or pair[1] is None:
            raise Conflict("Choose the rows again.")
        found.append((pair[0], pair[1]))
    return sorted(found)
