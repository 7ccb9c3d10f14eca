"""Runs actions on one row or many, with a toast that offers to undo them."""

import time
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, flash, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.crud import cells
from blueprints.admin.crud.actions import matching, matching_undo, together, undoing
from blueprints.admin.crud.actions.reporting import done
from blueprints.admin.crud.confirm import Confirmation, ask, sentence
from blueprints.admin.crud.listing import ListPage
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import need, wide_actor
from blueprints.row_keys import row_key
from blueprints.services import ask_outside
from database import transaction
from domain.errors import Conflict, Invalid, NotFound, PreconditionFailed
from domain.listing import expect
from domain.resource import Action, Kept

MOST_AT_ONCE = 100                  # as many as a page can have
ASKING = 10.0                       # seconds of one request; the worker asks for the rest


@dataclass(slots=True)
class Performed:
    """The result of an action: the rows by name, notices about rows that were kept, all previous states, and what is
    asked outside now that it is committed."""

    names: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    states: undoing.States = field(default_factory=list)
    begun: list[Any] = field(default_factory=list)


def register(bp: Blueprint, here: ListPage) -> None:
    """Register the URLs of the noun's actions."""
    write = need(here.resource.write_scope)

    def add(rule: str, view: str, run: Any, method: str) -> None:
        run.__name__ = view
        bp.add_url_rule(here.path + rule, f"{here.resource.name}_{view}", write(here.guard(run)), methods=[method])

    asked = [verb for verb, action in here.verbs.items() if action.confirm]
    if here.verbs:
        add(f"/<int:key>/<any({', '.join(here.verbs)}):verb>", "act", lambda key, verb: act(here, key, verb), "POST")
    if asked:
        add(f"/<int:key>/<any({', '.join(asked)}):verb>", "ask", lambda key, verb: ask_first(here, key, verb), "GET")
    if here.bulk:
        add("/bulk", "bulk", lambda: bulk(here), "POST")
    if any(action.undo for action in here.verbs.values()):
        add("/undo", "undo", lambda: undo(here), "POST")


def action_of(here: ListPage, verb: str) -> Action:
    """The action of this verb, if pages offer it."""
    if verb not in here.verbs:
        raise NotFound("action", verb)
    return here.verbs[verb]


def act(here: ListPage, key: int, verb: str) -> BaseResponse:
    """Run an action on one row; a toast reports it and offers undo."""
    action = action_of(here, verb)
    if action.typed and not is_named(here, key):
        return ask_first(here, key, verb, f"That is not the name of the {here.resource.noun}.")
    try:
        performed = perform(here, [key], action)
    except (Conflict, PreconditionFailed) as error:
        return refused(here, key, error.message)
    gone = action.removes and not performed.kept
    return done(here, message_of(here, action, performed), undoing.address(here, verb, performed.states), gone=gone)


def is_named(here: ListPage, key: int) -> bool:
    """Whether the row's name was typed."""
    name = here.name(here.resource.listing.read(wide_actor(), key))
    return request.form.get("words", "").strip() == name.strip()


def ask_first(here: ListPage, key: int, verb: str, wrong: str = "") -> BaseResponse:
    """Show the confirmation of an action."""
    action, who = action_of(here, verb), wide_actor()
    record = here.resource.listing.read(who, key)
    name = here.name(record)
    if not action.offered(who, record) or action.confirm is None:
        return refused(here, key, f"You cannot {action.title.lower()} {name} now.")
    text, *facts = action.confirm(record)
    return ask(Confirmation(
        title=f"{sentence(action.title, name)}?", text=text, facts=(*facts, *here.warnings(verb, record)),
        button=action.title if " " in action.title else f"{action.title} {here.resource.noun}", danger=action.danger,
        words=name if action.typed else "",
        action=here.url("act", key=key, verb=verb), back=here.url("show", key=key), version=record.version, wrong=wrong,
    ))


def bulk(here: ListPage) -> BaseResponse:
    """Run an action on the chosen rows, all of them or none."""
    verb = request.form.get("verb", "")
    action = action_of(here, verb)
    if not action.bulk:
        raise NotFound("action", verb)
    if "matching" in request.form and not action.several:
        return matching.bulk(here, verb, action)
    keys = [key for text in request.form.getlist("ids") if (key := row_key(text)) is not None]
    if action.several and "matching" in request.form:
        return done(here, "Choose the rows one by one. Nothing was changed.", None, kind="bad")
    if action.several and len(keys) <= MOST_AT_ONCE:
        return together.bulk(here, verb, action, action.several, keys)
    if not 0 < len(keys) <= MOST_AT_ONCE:
        reason = f"At most {MOST_AT_ONCE} rows at once." if keys else "Nothing was selected."
        return done(here, reason, None, kind="bad")
    try:
        performed = perform(here, keys, action)
    except (Conflict, PreconditionFailed) as error:
        return done(here, f"{error.message} Nothing was changed.", None, kind="bad")
    return done(here, message_of(here, action, performed), undoing.address(here, verb, performed.states))


def undo(here: ListPage) -> BaseResponse:
    """Undo an action on its rows, all of them or none."""
    verb = request.values.get("verb", "")
    action = action_of(here, verb)
    who, names = wide_actor(), []
    if "requests" in request.values and action.undo is not None:
        return matching_undo.undo(here, action)
    try:
        with transaction():
            for key, was in undoing.states(action, request.values.get("was", "")):
                own, row = undoing.find(here, who, key, removed=action.removes)
                assert action.undo is not None
                action.undo(own, row, was)
                names.append(here.name(row))
    except (Conflict, Invalid) as error:
        return done(here, f"{error.message} Nothing was undone.", None, kind="bad")
    return done(here, message_about(here, "{} was restored.", names), None)


def message_about(here: ListPage, sentence: str, names: list[str]) -> str:
    """The message about one row by its name, or about many by their number."""
    if len(names) == 1:
        return sentence.format(names[0])
    return sentence.format(f"{len(names)} {here.nouns[1]}").replace(" was ", " were ")


def message_of(here: ListPage, action: Action, performed: Performed) -> str:
    """The message about the rows, and about those that were kept."""
    sentences = [message_about(here, action.past, performed.names)] if performed.names else []
    return " ".join(sentences + performed.kept)


def perform(here: ListPage, keys: list[int], action: Action) -> Performed:
    """Run an action on rows in one transaction."""
    who, performed = wide_actor(), Performed()
    with transaction():
        found = [undoing.find(here, who, key) for key in keys]         # one out of reach refuses all, before any runs
        for key, (own, row) in zip(keys, found, strict=True):
            name, was = here.name(row), undoing.state_of(action, row)
            expect(row, cells.seen_version())
            try:
                result = action.run(own, row)
            except Conflict as error:
                which = f"{name}: " if len(keys) > 1 else ""
                raise Conflict(f"{which}{error.message.rstrip('.')}.") from None
            if isinstance(result, Kept):
                performed.kept.append(result.notice.format(name))
            else:
                performed.names.append(name)
            if action.asks:
                performed.begun.append(result)
            performed.states.append((key, was))
    deadline = time.monotonic() + ASKING
    for one in performed.begun:
        if time.monotonic() < deadline:
            ask_outside(one)
    return performed


def refused(here: ListPage, key: int, message: str) -> BaseResponse:
    """Show the reason of a refusal on the record's page or on the list."""
    flash(message, "bad")
    return redirect_to(here.url("show", key=key) if here.opens else here.url("list"))
