"""Defines a contract: an API's names, formats and credentials. It may not query, commit or have rules.

A contract is a subclass of `Contract` plus declarations: `expose` for a noun's verbs, `Operation`
for anything else. Each declaration is the single source of the route, the scope, the typed input,
the words of errors and the reference.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.wrappers import Request

from blueprints.api import field_parts
from blueprints.api.description import ContractDescription, Description
from blueprints.api.field import Fields, Formats, Problems
from blueprints.api.rate_limits import Spent
from blueprints.api.requests import unknown_names
from blueprints.api.requests.touched import Reference
from blueprints.api.requests.unknown_names import UnknownNames
from blueprints.api.wire.row_cache import RowCache
from domain.access.key_access import unknown_key
from domain.actor import Actor
from domain.errors import DomainError, Invalid, Problem
from domain.pages import Page, Query, Record
from domain.resource import Resource


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter: the filter it feeds, and the contract's words for the filter's values."""

    filter: str
    words: Mapping[Any, Any] | None = None
    prefix: str = ""                        # of ids


@dataclass(frozen=True, slots=True)
class Arguments:
    """What an operation is called with, whatever the protocol."""

    key: str | None = None
    body: Any = None
    query: Mapping[str, list[str]] = field(default_factory=dict)
    if_match: str | None = None
    ready: Any = None                       # the result of `before`
    above: Mapping[str, str] = field(default_factory=dict)      # the path's other ids


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an operation."""

    payload: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kept: Any = None                        # stored for an Idempotency-Key instead of a payload with a secret
    begun: Any = None                       # what `finish` has to end, after the transaction
    is_stored: bool = True                  # False for a preview: it uses no Idempotency-Key up


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation that a caller can request."""

    name: str                               # customers.list
    method: str
    path: str                               # /customers/{id}
    scope: str | None
    run: Callable[[Actor, Arguments], Outcome]
    before: Callable[[Actor, Arguments], Any] | None = None     # slow work before the transaction
    finish: Callable[[Actor, Outcome], Outcome] | None = None   # slow work after it; also of a replayed response
    also: tuple[str, ...] = ()              # other methods that do the same
    writes: bool = False
    takes_body: bool = False
    optional_body: bool = False             # the body may be left out
    exposure: "Exposure | None" = None
    parameters: tuple[str, ...] = ()        # declared query parameters; values of others are not logged
    positional: tuple[str, ...] = ()        # parameter names in order, for protocols that count them
    public: bool = False                    # may be called without a credential
    kept: bool = True                       # its response may be stored for an Idempotency-Key
    lasting: bool = False                   # nothing takes it back, and the row can no longer be deleted
    per_minute: int = 0                     # a limit of its own for each merchant; 0: none
    spends: bool = True                     # counts against the caller's rate limit
    summary: str = ""
    verb: str = ""                          # create, update and so on, where it is one of a noun's verbs
    described: Description | None = None    # its body and response, without an exposure
    media: str = ""                         # the type of the file that it answers with; JSON without one


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
    required: tuple[str, ...]               # domain names that a creation requires here
    tenant: str                             # the wire name of the merchant, if a caller may have several
    unscoped: tuple[str, ...]               # verbs that require no scope
    name: str                               # the contract's name of the noun
    event_shape: bool                       # events show the noun like this
    show: Callable[[Record], dict[str, Any]]
    noun: str = ""                           # its name in the request log
    wrapper: str = ""                        # the name of the object around a body's fields; none if empty
    references: tuple[Reference, ...] = ()   # the fields of a body that name rows
    written: RowCache | None = None          # rows as JSON, if the contract shows them alike to all callers

    def take(self, body: Any, *, new: bool = False) -> tuple[dict[str, Any], Problems]:
        """The body in the domain's names, and the mistakes found without the domain."""
        problems: Problems = {}
        taken = field_parts.take_object(self.fields, body, "", problems)
        form = self.resource.input
        for name in form.only_in_changes & taken.keys() if form is not None and new else ():
            problems[name] = Problem("fixed", "cannot be set here; it is changed afterwards")
        for name in self.required:
            is_missing = taken.get(name) is None and (new or name in taken)
            if is_missing and name not in problems:
                problems[name] = Problem("missing", "is required" if new else "must not be null")
        return taken, self.contract.judged(problems, self.word)

    def page(self, actor: Actor, query: Query) -> tuple[Page, Any]:
        """A page of the list, with its rows as JSON."""
        listing = self.resource.listing
        if self.written is None:
            page = listing.page(actor, query)
            return page, [self.show(record) for record in page.records]
        page = listing.page(actor, query, self.written.array)
        return page, page.shown

    def word(self, path: str) -> str:
        return field_parts.word(self.fields, path)

    @property
    def show_in_events(self) -> Callable[[Record], dict[str, Any]]:
        """How events show a row: as responses do, but for what depends on the call."""
        formats = self.contract.event_formats
        return self.show if formats is None else field_parts.record_shower(self.fields, formats)


class Contract(ABC):
    """Base of all contracts; each overrides what its specification requires."""

    name: str
    prefixes: tuple[str, ...]
    created = 201                           # the status of a creation
    formats: Formats
    event_formats: Formats | None = None    # of events, where those of responses depend on the call
    description: ContractDescription
    unknown_names = UnknownNames.REFUSED
    list_parameters: tuple[str, ...] = ()   # of every list
    call_parameters: tuple[str, ...] = ()   # query parameters of every operation
    reads_text = False                      # numbers and truths may be sent as text, as forms do
    https_only = False
    steady = False                          # a row is shown alike to every caller
    deprecated_since = 0                    # Unix time, if a way of calling is deprecated
    limited = False                         # its responses have rate limit headers
    several_limits = False                  # a caller may have limits of several windows, which further headers tell of
    counts_addresses = False                # its limit counts every call of an address, before authentication
    list_headers: Mapping[str, str] = {}    # the headers of its lists, as `page_headers` gives them, and what they say
    idempotent: tuple[str, ...] = ()        # the methods on which it supports Idempotency-Key
    allows_head = True                      # HEAD is named in Allow; where GET is, it is supported anyway
    codes_fields = False                    # its errors list wrong fields with codes
    changes_by = "PUT"                      # the method of a change
    changes_also: tuple[str, ...] = ()      # other methods of a change
    names: Mapping[str, str] = {}           # verbs with another name

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    # Reading ------------------------------------------------------------------------------------

    def narrow(self, request: Request, actor: Actor) -> Actor:
        """The actor for the part of its rows that the request chooses; by default all."""
        return actor

    @abstractmethod
    def secret(self, request: Request) -> tuple[str, str]:
        """The kind of credential and its text; raises Unauthenticated when there is none."""

    def gate(self, request: Request) -> None:  # noqa: B027  (most contracts accept callers from anywhere)
        """Refuse callers before their credentials are read."""

    def counted(self, request: Request) -> Spent | None:
        """Count the call against a limit of its address, before anything else is looked at; by default none.

        Raises LimitExceeded.
        """
        return None

    def unknown(self, secret: str) -> DomainError:
        """The error for an unknown credential."""
        return unknown_key(secret)

    def read(self, request: Request, operation: Operation, key: str | None) -> Arguments:
        """The arguments of a REST call: body if the operation takes one, query, the row's key."""
        body = self.body(request, optional=operation.optional_body) if operation.takes_body else None
        query: Mapping[str, list[str]] = request.args.to_dict(flat=False) if request.query_string else {}
        if operation.verb != "list":            # a list reports all mistakes in its parameters together
            query = self.known_query(query, operation.parameters)
        return Arguments(key, body, query, request.headers.get("If-Match"))

    def judged(self, problems: Problems, word: Callable[[str], str]) -> Problems:
        """The problems of a body without those that the contract only notes."""
        if self.unknown_names is UnknownNames.REFUSED:
            return problems
        ignored = [path for path, one in problems.items() if one.code == unknown_names.CODE]
        unknown_names.note(word(path) for path in ignored)
        return {path: one for path, one in problems.items() if path not in ignored}

    def known_query(self, query: Mapping[str, list[str]], known: tuple[str, ...]) -> Mapping[str, list[str]]:
        """The query parameters that an operation has; raises Invalid for others, or notes them."""
        if query.keys() <= set(known):
            return query
        if self.unknown_names is UnknownNames.REFUSED:
            wrong = unknown_names.problems(query, known)
            raise Invalid(
                "Some query parameters cannot be used.", code="invalid_parameter",
                fields={path.removeprefix(unknown_names.SENT): one for path, one in wrong.items()},
            )
        unknown_names.note(name for name in query if name not in known)
        return {name: values for name, values in query.items() if name in known}

    def prepare(self, arguments: Arguments) -> None:  # noqa: B027  (most contracts have nothing of the kind)
        """Read settings of the whole call, such as a time zone."""

    def zone(self) -> str | None:
        """The zone of times without an offset in this call; None is UTC."""
        return None

    def changed(self, exposure: "Exposure", show: Callable[[], Outcome]) -> Outcome:
        """The response to a change: by default the row."""
        return show()

    def removed(self, exposure: "Exposure", key: int) -> Outcome:
        """The response to a deletion."""
        return Outcome(self.item({"id": f"{exposure.prefix}{key}", "deleted": True}))

    def kept(self, exposure: "Exposure", key: int, shown: Mapping[str, Any]) -> Outcome:
        """The response to a deletion that only deactivated the row, because documents refer to it."""
        row = {"id": shown.get("id", key), "deleted": False, "status": shown.get("status")}
        return Outcome(self.item(row))

    @abstractmethod
    def body(self, request: Request, *, optional: bool = False) -> Any:
        """The parsed body; None for an optional one that is left out."""

    @abstractmethod
    def query(self, exposure: Exposure, given: Mapping[str, list[str]], actor: Actor) -> Query:
        """The list's page, order and filters from the query parameters; bare days are in the merchant's zone."""

    # Writing ------------------------------------------------------------------------------------

    def run(self, operation: Operation, actor: Actor, arguments: Arguments) -> Outcome:
        """The outcome of an operation whose caller may ask for it."""
        return operation.run(actor, arguments)

    def item(self, shown: Any) -> Any:
        """One row in its envelope; by default there is none."""
        return shown

    def collection(self, shown: Any, page: Page) -> Any:
        """Rows in their envelope; by default there is none."""
        return shown

    def page_headers(self, page: Page) -> Mapping[str, str]:
        """Headers of a list."""
        return {}

    @abstractmethod
    def status(self, error: DomainError) -> int:
        """The HTTP status of an error."""

    @abstractmethod
    def failure(self, error: DomainError, status: int, fields: Problems) -> Any:
        """The body of an error; `fields` have the contract's names."""

    def logged_code(self, error: DomainError) -> str:
        """The error's type in the request log: one of few words, never a sentence."""
        return error.code

    def covers(self, path: str) -> bool:
        """Whether an unmatched path belongs to this contract."""
        return any(path == prefix or path.startswith(prefix + "/") for prefix in self.prefixes)

    def challenge(self) -> Mapping[str, str]:
        """Headers of a 401."""
        return {}
