"""What a person changed in a form: only that reaches the domain, so that what nobody touched stays as it is.

A form carries digests of what it was loaded with (see `merging`). Fields of one object, such as an address, go
together; of a line that was there before, its id and what was changed of it.
"""

from collections.abc import Collection

from flask import request
from werkzeug.datastructures import MultiDict

from blueprints.admin.crud import merging

Form = MultiDict[str, str]


def only(boxes: Collection[str]) -> tuple[Form, list[str]]:
    """The fields that were changed, and the boxes that were switched off; everything when the form says no digests."""
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
            kept.setlist(name, form.getlist(name))
    return kept, [name for name in off if _group(name) in groups]


def _stays(name: str, changed: Collection[str]) -> bool:
    """Is it an unchanged part of a line that was there before?"""
    found = merging.ITEM.fullmatch(name)
    if found is None or found[2] == "id":
        return False
    own_id = f"items.{found[1]}.id"
    return own_id in request.form and own_id not in changed


def _group(name: str) -> str:
    return name.partition(".")[0]
