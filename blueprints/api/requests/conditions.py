"""Parses If-Match and If-None-Match (RFC 9110): the versions of a row that its caller has seen."""

import re
from collections.abc import Iterator
from typing import Any

from domain.errors import PreconditionFailed
from domain.listing import expect

# One of our tags: a version, and (in a compressed response) the encoding.
OURS = re.compile(r"(\d{1,9})(?::[a-z]{2,4})?", re.ASCII)
ENTITY_TAG = re.compile(r'\s*(W/)?"([\x21\x23-\x7e\x80-\xff]*)"\s*(?:,|\Z)')
Tags = list[tuple[bool, str]]
CHANGED = "If-Match does not name the current version: read the row again and repeat the change."


def check(row: Any, if_match: str | None) -> None:
    """Raises PreconditionFailed unless If-Match names the row's version, or is absent."""
    expect(row, seen(if_match), CHANGED)


def tags(header: str) -> Tags:
    """The tags of a list, each with whether it is weak; none where the list is malformed."""
    found: Tags = []
    position = 0
    while position < len(header):
        match = ENTITY_TAG.match(header, position)
        if match is None:
            return []
        found.append((match[1] is not None, match[2]))
        position = match.end()
    return found


def seen(if_match: str | None) -> frozenset[int] | None:
    """The versions that If-Match allows to change; None for any.

    A weak tag matches none, because If-Match compares strongly. A bare number counts as a tag, as clients send it.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    header = if_match.strip()
    known = tags(header) or ([(False, header)] if header.isdigit() else [])
    if not known:
        raise PreconditionFailed("If-Match must be the ETag of an earlier response, or several separated by commas.")
    return frozenset(_versions(known, weak=False))


def _versions(known: Tags, *, weak: bool) -> Iterator[int]:
    for is_weak, tag in known:
        ours = OURS.fullmatch(tag)
        if ours is not None and (weak or not is_weak):
            yield int(ours[1])


def unchanged(if_none_match: str, tag: str) -> str | None:
    """The tag of a 304, when the caller already has the version of `tag` (quoted); compares weakly."""
    if if_none_match.strip() == "*":
        return tag
    plain = tag.strip('"')
    for _, known in tags(if_none_match):
        ours = OURS.fullmatch(known)
        if known == plain or (ours is not None and ours[1] == plain):
            return f'"{known}"'
    return None
