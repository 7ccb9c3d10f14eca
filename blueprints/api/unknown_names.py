"""Names that an operation does not have: each contract refuses them, or ignores them and says so.

A wrong name stands among the problems of a body under its path in the domain's names, whose last part
is the name as it was sent, marked by `SENT`: items.1.=unit_prise.
"""

from collections.abc import Iterable
from difflib import SequenceMatcher
from enum import StrEnum

from flask import g

from domain.errors import Problem

SENT = "="                              # no name of the domain begins so
CODE = "unknown_name"
LONGEST, MOST = 60, 20                  # characters of a name that are said back; names
HEADER = "X-Ignored-Parameters"


class UnknownNames(StrEnum):
    """What a contract does with names that it does not know."""

    REFUSED = "refused"
    IGNORED = "ignored"                 # and told in a header and in the request log


def printable(text: str) -> str:
    """The beginning of what a caller sent, so that it can be said back as JSON."""
    return text[:LONGEST].encode("utf-8", "replace").decode()


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like it; empty where nothing is known."""
    wanted = _plain(name)
    return max(known, key=lambda one: SequenceMatcher(None, wanted, _plain(one)).ratio(), default="")


def _plain(name: str) -> str:
    return printable(name).replace("_", "").lower()


def problem(name: str, known: Iterable[str]) -> Problem:
    """What is wrong with a name, and which one may have been meant."""
    near = nearest(name, known)
    return Problem(CODE, f"is not known here; the nearest known name is {near}" if near else "is not known here")


def problems(names: Iterable[str], known: Iterable[str], path: str = "") -> dict[str, Problem]:
    """The same for several names, by their paths."""
    listed = sorted(set(known))
    wrong = [name for name in names if name not in listed][:MOST]
    return {f"{path}{SENT}{printable(name)}": problem(name, listed) for name in wrong}


def as_sent(path: str) -> str:
    """A path without the mark, where there are no words to put it in."""
    return path.removeprefix(SENT)


def note(names: Iterable[str]) -> None:
    """Remember what this call sent for nothing."""
    ignored = g.call.ignored
    ignored += [printable(name) for name in names if name not in ignored][: MOST - len(ignored)]


def header(names: Iterable[str]) -> str:
    """The names as a header's value: what is not printable in ASCII is escaped."""
    return ", ".join(
        "".join(char if char.isascii() and char.isprintable() and char not in ",%" else f"%{ord(char):02X}"
                for char in name)
        for name in names
    )
