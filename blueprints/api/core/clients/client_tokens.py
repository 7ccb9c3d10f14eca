"""Declares customers' tokens of the Client API in the Core API."""

from blueprints.api.contract import Arguments, Outcome
from blueprints.api.core.commerce import CLIENTS
from blueprints.api.core.contract import CONTRACT
from blueprints.api.description import SECRET, Description, ExampleBody
from blueprints.api.verbs import locked, operation
from domain.access import customer_tokens
from domain.actor import Actor

ISSUED = ExampleBody(
    {
        "title": "ClientToken", "type": "object", "required": ["id"],
        "properties": {"id": {"type": "integer"}, "token": SECRET | {"pattern": "^[0-9a-f]{64}$"}},
    },
    {"id": 1, "token": "0123456789abcdef" * 4},
)
REVOKED = ExampleBody(
    {"title": "ClientTokenRevoked", "type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
    {"id": 1},
)


def issue(actor: Actor, arguments: Arguments) -> Outcome:
    """A new token, shown once; the one before stops working."""
    own, customer = locked(CLIENTS, actor, arguments)
    payload = {"id": customer.id}
    return Outcome({**payload, "token": customer_tokens.issue(own, customer)}, kept=payload)


def revoke(actor: Actor, arguments: Arguments) -> Outcome:
    own, customer = locked(CLIENTS, actor, arguments)
    customer_tokens.revoke(own, customer)
    return Outcome({"id": customer.id})


CONTRACT.operations += [
    operation(
        CLIENTS, "issue_token", "POST", "/{key}/issue_token", issue, positional=("id",),
        summary="A new token of the Client API for a client", described=Description(answer=ISSUED),
    ),
    operation(
        CLIENTS, "revoke_token", "POST", "/{key}/revoke_token", revoke, positional=("id",),
        summary="Revoke a client's token of the Client API", described=Description(answer=REVOKED),
    ),
]
