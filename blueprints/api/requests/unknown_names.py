"""Handles unknown field and parameter names: each contract refuses or ignores and reports them.

An unknown name is one of a body's problems, under its path in the domain's names, whose last part is
the name as sent, marked by `SENT`: items.1.=unit_prise.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from enum import StrEnum

from flask import g

from domain.errors import Problem

SENT = "="                              # no name of the domain begins with it
CODE = "unknown_name"
LONGEST, MOST = 60, 20                  # characters of a reported name; reported names
HEADER = "X-Ignored-Parameters"


class UnknownNames(StrEnum):
    """How a contract handles unknown names."""

    REFUSED = "refused"
    IGNORED = "ignored"                 # and reported in a header and in the request log


def printable(text: str) -> str:
    """The beginning of a name that was sent, safe to report as JSON."""
    return text[:LONGEST].encode("utf-8", "replace").decode()


def nearest(name: str, known: Iterable[str]) -> str:
    """The most similar known name; empty if there are none."""
    wanted = _plain(name)
    return max(known, key=lambda one: SequenceMatcher(None, wanted, _plain(one)).ratio(), default="")


def _plain(name: str) -> str:
    return printable(name).replace("_", "").lower()


def problem(name: str, known: Iterable[str]) -> Problem:
    """The problem of an unknown name, with a suggestion."""
    near = nearest(name, known)
    return Problem(CODE, f"is not known here; the nearest known name is {near}" if near else "is not known here")


def problems(
    names: Iterable[str], known: Iterable[str], path: str = "", offered: Iterable[str] | None = None
) -> dict[str, Problem]:
    """The problems of several unknown names, by their paths; only names in `offered` are suggested, if it is given."""
    listed = sorted(set(known))
    wrong = [name for name in names if name not in listed][:MOST]
    suggested = listed if offered is None else sorted(offered)
    return {f"{path}{SENT}{printable(name)}": problem(name, suggested) for name in wrong}


def as_sent(path: str) -> str:
    """A path without the mark, in the domain's names."""
    return path.removeprefix(SENT)


def note(names: Iterable[str]) -> None:
    """Store the names that this call ignores."""
    if found := list(names):
        ignored = g.call.ignored
        ignored += [printable(name) for name in found if name not in ignored][: MOST - len(ignored)]


def header(names: Iterable[str]) -> str:
    """The names as a header's value, with characters escaped that are not printable ASCII."""
    return ", ".join(
        "".join(char if char.isascii() and char.isprintable() and char not in ",%" else f"%{ord(char):02X}"
                for char in name)
        for name in names
    )
