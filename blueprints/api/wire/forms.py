"""Parses form data whose names have brackets: a[b]=1, a[][b]=1 and a[0][b]=1 become objects and lists.

It reads the body's bytes, because Flask groups the values by name and so loses which `[]` belongs to
which. A value after `[]` belongs to the last object of the list, or begins a new one if that already
has it. A malformed name is a plain name with brackets in it.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from blueprints.api.requests.unknown_names import printable
from domain.errors import Invalid, Problem, TooLarge

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
KINDS = (URLENCODED, MULTIPART)
MOST_VALUES = 5000
LONGEST_NAME = 200
DEEPEST = 8
NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)\Z")
PART = re.compile(r"\[([^\[\]]*)\]")
INDEX = re.compile(r"\d{1,4}\Z", re.ASCII)
Pairs = Iterable[tuple[str, str]]


class NotForm(Invalid):
    """The body is not form data that can be read."""

    code = "invalid_form"


def read(raw: bytes, kind: str, boundary: str | None) -> dict[str, Any]:
    """The body as nested objects and lists, whose values are text."""
    return nested(urlencoded(raw) if kind == URLENCODED else multipart(raw, boundary))


# Names and values ---------------------------------------------------------------------------------


def urlencoded(raw: bytes) -> list[tuple[str, str]]:
    """The names and values of a urlencoded body, in order."""
    if raw.count(b"&") >= MOST_VALUES:
        raise too_many()
    try:
        return parse_qsl(raw.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise NotForm("The form data is not UTF-8.") from None


def multipart(raw: bytes, boundary: str | None) -> list[tuple[str, str]]:
    """The names and values of a multipart body, in order; raises NotForm for a file."""
    if not boundary:
        raise NotForm("The content type has no boundary.")
    try:
        decoder = MultipartDecoder(boundary.encode(), max_parts=MOST_VALUES)
        decoder.receive_data(raw)
        decoder.receive_data(None)
        return [(name, value.decode()) for name, value in _parts(decoder)]
    except RequestEntityTooLarge:
        raise too_many() from None
    except UnicodeError:
        raise NotForm("The form data is not UTF-8.") from None
    except ValueError:
        raise NotForm("The form data is cut off or malformed.") from None


def _parts(decoder: MultipartDecoder) -> Iterator[tuple[str, bytes]]:
    name, value = None, b""
    while not isinstance(event := decoder.next_event(), Epilogue):
        if isinstance(event, File):
            raise NotForm("Files cannot be sent here.")
        if isinstance(event, NeedData):
            raise NotForm("The form data is cut off.")
        if isinstance(event, Field):
            name, value = event.name, b""
        elif isinstance(event, Data):
            value += event.data
            if not event.more_data and name is not None:
                yield name, value


def too_many() -> TooLarge:
    return TooLarge(f"Form data may have at most {MOST_VALUES:,} values.")


# Objects and lists --------------------------------------------------------------------------------


def nested(pairs: Pairs) -> dict[str, Any]:
    """The names as objects and lists; raises NotForm for a name that is sent twice, or as two kinds of value."""
    root: dict[str, Any] = {}
    for name, value in pairs:
        if len(name) > LONGEST_NAME:
            raise NotForm(f"A name may have at most {LONGEST_NAME} characters.")
        try:
            _put(root, path_of(name), value)
        except _Clash as clash:
            problem = Problem("repeated", str(clash))
            raise NotForm("A name of the form data is sent twice.", fields={printable(name): problem}) from None
    return {name: _listed(value) for name, value in root.items()}


def path_of(name: str) -> list[str]:
    """The parts of a name: order[items][][qty] as order, items, nothing, qty."""
    found = NAME.match(name)
    parts = PART.findall(found[2]) if found else []
    if found is None or any(pair == ("", "") for pair in pairwise(parts)):
        return [name]
    if len(parts) > DEEPEST:
        raise NotForm("The form data is nested too deeply.")
    return [found[1], *parts]


class _Clash(Exception):
    """A name is there already."""


def _put(node: dict[str, Any], path: list[str], value: str) -> None:
    name, *rest = path
    if not rest:
        if name in node:
            raise _Clash("was sent more than once")
        node[name] = value
    elif rest[0] == "":
        _append(_child(node, name, list), rest[1:], value)
    else:
        _put(_child(node, name, dict), rest, value)


def _append(entries: list[Any], path: list[str], value: str) -> None:
    if not path:
        entries.append(value)
        return
    last = entries[-1] if entries else None
    if not isinstance(last, dict) or _has(last, path):
        last = {}
        entries.append(last)
    _put(last, path, value)


def _child(node: dict[str, Any], name: str, kind: type) -> Any:
    found = node.setdefault(name, kind())
    if not isinstance(found, kind):
        raise _Clash("was sent as two kinds of value")
    return found


def _has(node: Any, path: list[str]) -> bool:
    """Whether a value stands at the path already; a list takes more of them."""
    for name in path:
        if name == "" or not isinstance(node, dict) or name not in node:
            return False
        node = node[name]
    return True


def _listed(value: Any) -> Any:
    """The value with every object whose names are numbers as a list, in the order of the numbers."""
    if isinstance(value, list):
        return [_listed(one) for one in value]
    if not isinstance(value, dict):
        return value
    if all(INDEX.match(name) for name in value):
        return [_listed(value[name]) for name in sorted(value, key=int)]
    return {name: _listed(one) for name, one in value.items()}
