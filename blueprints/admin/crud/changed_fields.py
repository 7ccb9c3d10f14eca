"""Reduces a form to the fields that a person changed, so that all others stay as they are.

A form carries digests of its loaded values (see `merging`). The fields of one object, such as an address, are
sent together; of an existing line, its id and its changed fields.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType

from flask import request
from werkzeug.datastructures import MultiDict

from blueprints.admin.crud import merging

Form = MultiDict[str, str]
EMPTY: Mapping[str, str] = MappingProxyType({})


def changed_only(boxes: Collection[str], stored: Mapping[str, str] = EMPTY) -> tuple[Form, list[str]]:
    """The changed fields, and the checkboxes that were cleared; all fields when the form has no digests.

    The other parts of a changed object are sent as they are stored: a control may not be able to hold the value.
    """
    form, base, sent = request.form, merging.loaded(), merging.typed()
    off = [name for name in boxes if name not in form]
    if not base:
        return form, off
    names = {*sent, *boxes, *(name for name in base if merging.ITEM.fullmatch(name))}
    changed = {name for name in names if base.get(name) != merging.digest(name, sent.get(name, ""))}
    groups = {_group(name) for name in changed}
    kept = Form()
    for name in form:
        if _group(name) in groups and (name in changed or not _stays(name, changed)):
            as_stored = name in stored and name not in changed and not merging.ITEM.fullmatch(name)
            kept.setlist(name, [stored[name]] if as_stored else form.getlist(name))
    return kept, [name for name in off if _group(name) in groups]


def _stays(name: str, changed: Collection[str]) -> bool:
    """Whether it is an unchanged part of an existing line."""
    found = merging.ITEM.fullmatch(name)
    if found is None or found[2] == "id":
        return False
    own_id = f"items.{found[1]}.id"
    return own_id in request.form and own_id not in changed


def _group(name: str) -> str:
    return name.partition(".")[0]
