"""What documents tell of a contract and of its operations beyond their declarations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprints.api.json_schema import Schema

WHOLE: Schema = {"type": "integer", "minimum": 1}


@dataclass(frozen=True, slots=True)
class Named:
    """A parameter of the path, the query or the headers."""

    name: str
    place: str                              # path, query, header
    schema: Schema
    about: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """A body or an answer: its schema and an example."""

    schema: Schema
    example: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One operation's body, query and answer, where no exposure tells them."""

    body: Told | None = None
    query: Mapping[str, Schema] = field(default_factory=dict)
    required: tuple[str, ...] = ()                                      # of the query
    called_with: Mapping[str, Any] = field(default_factory=dict)        # an example of the query
    answer: Told | None = None                                          # before the contract's envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """How one speaks to a contract, and what surrounds its answers."""

    title: str
    about: str
    version: str
    prefix: str                             # the one that the reference shows
    header: str                             # that carries the credential
    scheme: str                             # before the credential
    credential: str                         # its name in samples
    opened_by: str                          # what the credential is
    lists: Mapping[str, tuple[Schema, str]]                 # the query parameters of every list
    item: Callable[[Told], Told]            # one thing as the contract wraps it
    collection: Callable[[Told], Told]      # a list, given one row
    error: Told                             # a refusal
    refusals: Mapping[str, str]             # what its statuses mean
    rpc: bool = False
    changes: Told | None = None             # the answer to a change, where it is not the row
