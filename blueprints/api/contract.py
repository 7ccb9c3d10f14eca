"""What one API may decide for itself: words, shapes, credentials. It may not query, commit or judge.

A contract is a subclass of `Contract` plus declarations: `expose` for a noun's verbs, `Operation`
for anything else. Each declaration is the single source of the route, the scope, the typed input,
the words of errors and the reference.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request

from blueprints.api import fields as fieldmap
from blueprints.api.fields import Fields, Formats
from domain.actor import Actor
from domain.errors import DomainError, Invalid, Problem
from domain.listing import Page, Query, Record
from domain.resource import Resource


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter: the filter it feeds, and the contract's words for the filter's values."""

    filter: str
    words: Mapping[str, Any] | None = None
    prefix: str = ""                        # of ids


@dataclass(frozen=True, slots=True)
class Arguments:
    """What an operation is called with, whatever the protocol."""

    key: str | None = None
    body: Any = None
    query: Mapping[str, list[str]] = field(default_factory=dict)
    if_match: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an operation answers."""

    payload: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that a caller can do."""

    name: str                               # customers.list
    method: str
    path: str                               # /customers/{id}
    scope: str | None
    run: Callable[[Actor, Arguments], Outcome]
    writes: bool = False
    takes_body: bool = False
    exposure: "Exposure | None" = None
    parameters: tuple[str, ...] = ()        # the query parameters it declares; all others are not logged
    summary: str = ""


@dataclass(frozen=True, kw_only=True)
class Exposure:
    """A noun in a contract's words."""

    contract: "Contract"
    resource: Resource
    path: str
    fields: Fields
    parameters: Mapping[str, Parameter]
    sorts: Mapping[str, str]                # wire name to domain name
    prefix: str                             # of ids in paths
    required: tuple[str, ...]               # domain names that a creation must carry here
    show: Callable[[Record], dict[str, Any]]

    def take(self, body: Any, *, new: bool = False) -> dict[str, Any]:
        """The body in the domain's names; raises Invalid with what the words alone tell."""
        problems: fieldmap.Problems = {}
        taken = fieldmap.take_object(self.fields, body, "", problems)
        for name in self.required if new else ():
            if taken.get(name) is None and name not in problems:
                problems[name] = Problem("missing", "is required")
        if problems:
            raise Invalid("Some fields need attention.", fields=problems)
        return taken

    def word(self, path: str) -> str:
        return fieldmap.word(self.fields, path)


class Contract(ABC):
    """Base of the four; each says what its document demands."""

    name: str
    prefixes: tuple[str, ...]
    created = 201                           # the status of a creation
    formats: Formats
    list_parameters: tuple[str, ...] = ()   # those of every list
    https_only = False

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    # Reading ------------------------------------------------------------------------------------

    @abstractmethod
    def secret(self, request: Request) -> str | None:
        """The credential as it travels; raises Unauthenticated when it is not even that."""

    @abstractmethod
    def body(self, request: Request) -> Any:
        """The body, read as the contract reads bodies."""

    @abstractmethod
    def query(self, exposure: Exposure, given: Mapping[str, list[str]]) -> Query:
        """The list's page, order and filters out of the query parameters."""

    # Writing ------------------------------------------------------------------------------------

    @abstractmethod
    def item(self, shown: Any) -> Any:
        """One thing in its envelope."""

    @abstractmethod
    def collection(self, shown: list[Any], page: Page) -> Any:
        """Some things in their envelope."""

    @abstractmethod
    def status(self, error: DomainError) -> int:
        """The HTTP status of a refusal."""

    @abstractmethod
    def failure(self, error: DomainError, status: int, fields: Mapping[str, str]) -> Any:
        """The body of a refusal; `fields` are in the caller's words."""

    def covers(self, path: str) -> bool:
        """Does an unmatched path speak to this contract?"""
        return any(path == prefix or path.startswith(prefix + "/") for prefix in self.prefixes)

    def challenge(self) -> Mapping[str, str]:
        """Headers of a 401."""
        return {}
