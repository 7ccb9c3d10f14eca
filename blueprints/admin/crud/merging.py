"""Merges the changes of two people to one row: the form carries digests of the values it was loaded with.

A field that this person did not change gets the stored value; one that both changed keeps the typed value, with a note.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from flask import request

from blueprints.admin.crud.form_fields import MANY

ITEM = re.compile(r"items\.(\d{1,6})\.(\w+)")
TAKEN = "Changed by another user; you had not changed it."
Lines = dict[int, dict[str, str]]


@dataclass
class Merged:
    """The merged form: its values, and a message for each field that another person changed."""

    values: dict[str, str]
    now: dict[str, str] = field(default_factory=dict)


def typed() -> dict[str, str]:
    """The form's values, one text per field; checkboxes of one name are its lines."""
    form = request.form
    return {name: "\n".join(filter(None, form.getlist(name))) if name in MANY else form[name] for name in form}


def digests(values: Mapping[str, str]) -> dict[str, str]:
    """Digests of the form's loaded values, a few characters each."""
    return {name: digest(name, value) for name, value in values.items()}


def loaded() -> dict[str, str]:
    """The digests that the form sent back; none when they are missing or invalid."""
    try:
        found = json.loads(request.form.get("loaded", ""))
    except (ValueError, RecursionError):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)} if isinstance(found, dict) else {}


def loaded_but(names: Collection[str]) -> str:
    """The digests that were sent, without those of some fields; a list's name includes all of its parts."""
    if not names:
        return request.form.get("loaded", "")
    kept = {
        name: value for name, value in loaded().items()
        if name not in names and not (ITEM.fullmatch(name) and "items" in names)
    }
    return json.dumps(kept, separators=(",", ":"))


def merge(stored: Mapping[str, str], boxes: Collection[str], words: Mapping[str, str]) -> Merged:
    """The form merged with the row; `boxes` send nothing when off, `words` are texts of the row's values."""
    sent, base = typed(), loaded()
    merged = Merged({name: value for name, value in sent.items() if not ITEM.fullmatch(name)})
    for name, value in stored.items():
        if ITEM.fullmatch(name):
            continue
        if name in sent or name in boxes:
            _field(merged, name, (value, sent.get(name, ""), base.get(name)), words.get(name, value))
        else:
            merged.values[name] = value              # not in this person's form
    _lines(merged, _numbered(stored), _numbered(sent), _numbered(base))
    return merged


def _field(merged: Merged, name: str, sides: tuple[str, str, str | None], words: str) -> None:
    """Merge one field from the stored value, the typed one, and the digest of the loaded one."""
    now, mine, base = sides
    theirs, own = digest(name, now), digest(name, mine)
    merged.values[name] = now if own == base else mine
    if theirs in {own, base}:
        return
    merged.now[name] = TAKEN if own == base else f"Now stored: {', '.join(words.splitlines()) or 'nothing'}."


# Lines: the row's keep their numbers, this person's own come after them ---------------------------


def _lines(merged: Merged, now: Lines, mine: Lines, base: Lines) -> None:
    if not now and not mine:
        return
    if _as_digests(mine) == base:
        kept, changed = now, _as_digests(now) != base
        note = TAKEN if changed else ""
    elif base and all(_same(base[number], now.get(number)) for number in base):
        kept, note = _by_number(merged, now, mine, base)
    else:
        there = {line.get("id") for line in now.values()}
        kept = {number: _without_lost_id(line, there) for number, line in mine.items()}
        note = f"Now stored: {'; '.join(map(_sentence, now.values()))}."
    merged.values |= {f"items.{number}.{part}": text for number, line in kept.items() for part, text in line.items()}
    if note:
        merged.now["items"] = note


def _by_number(merged: Merged, now: Lines, mine: Lines, base: Lines) -> tuple[Lines, str]:
    """Lines that still match, merged field by field, with the lines that either person added."""
    kept: Lines = {}
    notes = []
    for number, line in now.items():
        if number not in base:
            kept[number] = line
            notes.append(f"Another user added line {number + 1}.")
        elif number in mine:
            for part, value in line.items():
                name = f"items.{number}.{part}"
                _field(merged, name, (value, mine[number].get(part, ""), base[number].get(part)), value)
            kept[number] = {part: merged.values.pop(f"items.{number}.{part}") for part in line}
        elif _as_digests({number: line}) != {number: base[number]}:
            notes.append(f"Another user changed a line that you removed: {_sentence(line)}.")
    own = [line for number, line in mine.items() if number not in base]
    kept |= dict(enumerate(own, max(now, default=-1) + 1))
    return kept, " ".join(notes)


def _without_lost_id(line: dict[str, str], there: Collection[str | None]) -> dict[str, str]:
    """A line without its id if another person removed the row: it becomes a new one."""
    return line if line.get("id") in there else {part: value for part, value in line.items() if part != "id"}


def _same(before: Mapping[str, str], now: Mapping[str, str] | None) -> bool:
    """Whether it is still that line: it has the same id, or more than half of its parts are unchanged."""
    if now is None:
        return False
    if "id" in now:
        return digest("id", now["id"]) == before.get("id")
    kept = [part for part, value in now.items() if digest(part, value) == before.get(part)]
    return 2 * len(kept) > len(now)


def _sentence(line: Mapping[str, str]) -> str:
    return " · ".join(value for part, value in line.items() if value and part != "id")


def _numbered(values: Mapping[str, str]) -> Lines:
    found: Lines = {}
    for name, value in values.items():
        if parts := ITEM.fullmatch(name):
            found.setdefault(int(parts[1]), {})[parts[2]] = value
    return dict(sorted(found.items()))


def _as_digests(lines: Lines) -> Lines:
    return {number: {part: digest(part, value) for part, value in line.items()} for number, line in lines.items()}


def digest(name: str, value: str) -> str:
    """The digest of a text, without regard to line endings and space at an end."""
    text = "\n".join(sorted(value.split())) if name in MANY else "\n".join(value.strip().splitlines())
    part = name.rpartition(".")[2] if ITEM.fullmatch(name) else name
    if part != name:
        text = text.replace("\n", "")                # what a field of one line does to a text of several
    return blake2b(f"{part}={text}".encode(), digest_size=5).hexdigest()
