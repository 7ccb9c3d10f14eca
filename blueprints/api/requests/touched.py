"""Collects, for the request log, the rows that a call's path and body name and that it creates."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from blueprints.api.field import Fields
from blueprints.api.field_map import Ident, number_after
from blueprints.api.field_parts import Many, One

MOST = 8                                # objects of one call that are kept
CUSTOMER = "customer"                   # the noun that has a column of its own in the request log
Object = tuple[str, int]


class Part:
    """The rows of one call, and the reason of its refusal: an HTTP request, or one call of a batch."""

    __slots__ = ("fields", "made", "message", "named")

    def __init__(self) -> None:
        self.named: list[Object] = []
        self.made: list[Object] = []
        self.message: str | None = None
        self.fields: list[str] = []

    def names(self, noun: str, key: int) -> None:
        """Add a row that the caller named."""
        if len(self.named) < MOST and (noun, key) not in self.named:
            self.named.append((noun, key))

    def makes(self, noun: str, key: int) -> None:
        """Add a row that was created."""
        self.made.append((noun, key))

    def refuse(self, failure: Mapping[str, Any], fields: Iterable[str], otherwise: str = "") -> None:
        """Store the message and the wrong fields of a refusal, which created nothing.

        `otherwise` is the message if the contract's refusal has none.
        """
        self.fields = list(fields)
        self.message = sentence(failure, plain=not self.fields) or otherwise
        self.made = []

    def record(self) -> dict[str, Any]:
        """The keys for a record of the request log; none if all are empty."""
        if not self.named and not self.made and self.message is None:
            return {}
        found: dict[str, Any] = {}
        objects = list(dict.fromkeys((*self.made, *self.named)))[:MOST] if self.made else self.named
        if objects:
            found["objects"] = objects
            for noun, key in objects:
                if noun == CUSTOMER:
                    found["customer_id"] = key
                    break
        if self.message is not None:
            found |= {"message": self.message, "fields": self.fields}
        return found


def sentence(failure: Mapping[str, Any], *, plain: bool) -> str:
    """The message of a refusal, wherever its contract puts it; the data of a `plain` one name no fields."""
    error = failure.get("error")
    if not isinstance(error, dict):
        error = failure
    data = error.get("data") if plain else None
    words = data.get("message") if isinstance(data, dict) else None
    alone = error.get("error", "")              # the Client API's whole refusal is its sentence
    message = words if isinstance(words, str) else error.get("message", alone)
    return message if isinstance(message, str) else ""


@lru_cache(256)
def slug(noun: str) -> str:
    """A noun's name in the request log and in URLs: api_key."""
    return noun.lower().replace(" ", "_")


# What a body names --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Reference:
    """A field that names a row, or (with `inner`) objects that have such fields."""

    wire: str
    noun: str = ""
    prefix: str = ""
    inner: tuple["Reference", ...] = ()


def references(fields: Fields) -> tuple[Reference, ...]:
    """The fields of a body that name rows."""
    found = []
    for wire, one in fields.items():
        if not one.writable:
            continue
        if one.refers:
            found.append(Reference(wire, slug(one.refers), one.prefix if isinstance(one, Ident) else ""))
        elif isinstance(one, One | Many) and (inner := references(one.fields)):
            found.append(Reference(wire, inner=inner))
    return tuple(found)


def named_in(body: Any, wanted: tuple[Reference, ...]) -> Iterator[Object]:
    """The rows that a body names, whether or not they exist."""
    for one in wanted if isinstance(body, dict) else ():
        value = body.get(one.wire)
        for each in value if isinstance(value, list) else (value,):
            if one.inner:
                yield from named_in(each, one.inner)
            elif (key := number_of(one.prefix, each)) is not None:
                yield one.noun, key


def number_of(prefix: str, value: Any) -> int | None:
    """The number of a row that is named by 12, "12" or "customer_12"."""
    if isinstance(value, int) and not isinstance(value, bool) and not prefix:
        value = str(value)
    return number_after(prefix, value)
