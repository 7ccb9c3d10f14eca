"""Encodes the state of rows before an action in the URL that undoes it."""

import json
from typing import Any

from blueprints.admin.crud.listing import ListPage
from domain.actor import Actor
from domain.errors import Invalid, NotFound
from domain.resource import Action

States = list[tuple[int, dict[str, Any]]]      # the row's id, and its columns' values


def state_of(action: Action, row: Any) -> dict[str, Any]:
    """The values of the columns that the action changes."""
    return {name: getattr(row, name) for name in action.keeps}


def address(here: ListPage, verb: str, states: States) -> str | None:
    """The URL of the undo; None for an action without one. Rows with equal values are grouped."""
    action = here.verbs[verb]
    if action.undo is None:
        return None
    groups: dict[str, list[str]] = {}
    for key, was in states:
        groups.setdefault(json.dumps(list(was.values())), []).append(str(key))
    written = {".".join(keys): json.loads(values) for values, keys in groups.items()}
    return here.url("undo", verb=verb, was=json.dumps(written, separators=(",", ":")))


def states(action: Action, written: str) -> States:
    """Decode what `address` wrote; raises Invalid for anything else. The action's undo checks the values."""
    unknown = Invalid("This cannot be undone.")
    if action.undo is None:
        raise unknown
    try:
        groups = json.loads(written)
        found = [
            (int(key), dict(zip(action.keeps, values, strict=True)))
            for keys, values in groups.items() for key in keys.split(".")
        ]
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise unknown from None
    if not found:
        raise unknown
    return sorted(found)


def find(here: ListPage, who: Actor, key: int, *, removed: bool = False) -> tuple[Actor, Any]:
    """The row, locked, and before it the actor for its merchant; `removed` looks among the deleted ones first."""
    listing = here.resource.listing
    if removed:
        try:
            return listing.lock(who, key, removed=True)
        except NotFound:
            pass                                    # kept because it is in use: only inactive
    return listing.lock(who, key)
