"""What a noun offers to every surface: its list, its input, its verbs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from domain.inputs import Input
from domain.listing import Listing


@dataclass(frozen=True, kw_only=True)
class Resource:
    """Declared once beside the rules; contracts and pages call nothing else.

    Signatures are the same for every noun: `create(actor, input)`, `update(actor, row, changes)`,
    `delete(actor, row)`, `action(actor, row)`. They flush but never commit.

    What takes long, such as hashing, is done before the transaction, once the caller may write this:
    `create` then takes what `before_create(actor, input)` made of the input, and `update` what
    `before_update(actor, changes)` made of the changes.
    """

    name: str                                       # plural: customers
    noun: str                                       # singular: customer
    listing: Listing
    read_scope: str
    write_scope: str
    input: type[Input] | None = None
    create: Callable[..., Any] | None = None
    update: Callable[..., Any] | None = None
    before_create: Callable[..., Any] | None = None
    before_update: Callable[..., Any] | None = None
    delete: Callable[..., Any] | None = None
    secret_field: str = ""                             # what a creation tells once, when create gives (row, secret)
    actions: Mapping[str, Callable[..., Any]] = field(default_factory=dict)
