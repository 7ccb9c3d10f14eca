"""How one speaks to each contract: what its declarations do not say, and its reference has to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blueprints.api import core, public
from blueprints.api.contract import Contract
from blueprints.portal.schemas import Schema


@dataclass(frozen=True, slots=True)
class Named:
    """A parameter of the path, the query or the headers."""

    name: str
    place: str                              # path, query, header
    schema: Schema
    about: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What a contract's declarations do not say: how one speaks to it, and what surrounds its answers."""

    contract: Contract
    title: str
    about: str
    prefix: str                             # the one that the reference shows
    header: str                             # that carries the credential
    scheme: str                             # before the credential
    credential: str                         # its name in samples
    lists: Mapping[str, tuple[Schema, str]]
    enveloped: bool                         # is an answer {data, meta}?
    rpc: bool = False
    changes: Any = None                     # the answer to a change, where it is not the row

    @property
    def name(self) -> str:
        return self.contract.name


WHOLE: Schema = {"type": "integer", "minimum": 1}
TIME: Schema = {"type": "string", "format": "date-time"}
PUBLIC = Manners(
    contract=public.CONTRACT, title="Public API",
    about="Server to server, for programs of one merchant: budgets, customers, products. Opened by API keys.",
    prefix="/v1/api/public", header="Authorization", scheme="Bearer ", credential="KEY", enveloped=True,
    lists={
        "page": (WHOLE | {"default": 1}, "The page, from 1"),
        "limit": (WHOLE | {"maximum": 100, "default": 10}, "Rows of a page"),
        "search": ({"type": "string", "maxLength": 200}, "Words that the rows contain"),
        "createdAfter": (TIME, "Created at this time or later; a day means its first instant"),
        "createdBefore": (TIME, "Created at this time or earlier; a day means its last instant"),
        "sort": ({"type": "string"}, "What to sort by; createdAt when left out"),
        "order": ({"type": "string", "enum": ["asc", "desc"]}, "The direction; newest first without sort"),
    },
)
CORE = Manners(
    contract=core.CONTRACT, title="Core API",
    about="For programs of the operator on a private network, by REST and by JSON-RPC 2.0. Opened by users' tokens.",
    prefix="", header="X-Api-Key", scheme="", credential="TOKEN", enveloped=False, rpc=True, changes=1,
    lists={
        "limit": (WHOLE | {"maximum": 1000, "default": 20}, "Rows of an answer"),
        "offset": ({"type": "integer", "minimum": 0, "default": 0}, "Rows to skip"),
        "order": ({"type": "string"}, "Columns with commas between, a minus before those that descend"),
    },
)
PUBLISHED = {one.name: one for one in (PUBLIC, CORE)}
