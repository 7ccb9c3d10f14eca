"""Describes contracts and operations for the reference, beyond their declarations."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprints.api.json_schema import Schema

WHOLE: Schema = {"type": "integer", "minimum": 1}
SECRET: Schema = {"type": "string", "description": "Shown once, not where a call is repeated with its Idempotency-Key"}


@dataclass(frozen=True, slots=True)
class ParameterDescription:
    """A parameter of the path, the query or the headers."""

    name: str
    location: str                           # path, query, header
    schema: Schema
    about: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class ExampleBody:
    """A body or a response: its schema and an example."""

    schema: Schema
    example: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """One operation's body, query and response, if it has no exposure."""

    body: ExampleBody | None = None
    query: Mapping[str, Schema] = field(default_factory=dict)
    required: tuple[str, ...] = ()                                      # of the query
    called_with: Mapping[str, Any] = field(default_factory=dict)        # an example of the query
    answer: ExampleBody | None = None                                          # without the contract's envelope
    refused_with: tuple[str, ...] = ()                                  # statuses beside the usual ones
    versioned: bool = False                                             # the response has an ETag


def bare_row(one: ExampleBody) -> ExampleBody:
    """One row without an envelope."""
    return one


def bare_rows(row: ExampleBody) -> ExampleBody:
    """Rows without an envelope."""
    rows: Schema = {"type": "array", "items": row.schema}
    return ExampleBody(rows, [row.example])


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractDescription:
    """A contract's conventions: credential, envelope, errors."""

    title: str
    about: str
    version: str
    prefix: str                             # shown in the reference
    header: str                             # with the credential
    scheme: str                             # before the credential
    credential: str                         # its name in samples
    opened_by: str                          # the kind of credential
    in_query: str = ""                      # the query parameter that may have it instead
    lists: Mapping[str, tuple[Schema, str]]                 # the query parameters of every list
    item: Callable[[ExampleBody], ExampleBody] = bare_row           # one row in the contract's envelope, if it has one
    collection: Callable[[ExampleBody], ExampleBody] = bare_rows    # a list in its envelope, given one row
    error: ExampleBody                             # an error response
    refusals: Mapping[str, str]             # the meaning of its statuses
    rpc: bool = False
    always: tuple[ParameterDescription, ...] = ()           # the parameters of every operation
    changes: ExampleBody | None = None             # the response to a change, if not the row
