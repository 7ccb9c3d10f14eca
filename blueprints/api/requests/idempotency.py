"""Implements Idempotency-Key: compares requests and replays the stored response of the first.

Two requests are the same when they name the same operations with the same parameters, whatever the
spelling of their JSON: order of names, white space, escapes, and numbers by their value (2, 2.0 and
2e0 are one). The order of lists counts, and null is not the same as nothing.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any

import orjson
from werkzeug.wrappers import Request

from blueprints.api.contract import Arguments, Contract, Operation, Outcome
from blueprints.api.wire.json_reader import NotJson
from blueprints.api.wire.row_cache import DUMPS
from domain import replies
from domain.actor import Actor
from domain.replies import Claim, Reply

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_HEADERS = ("ETag",)


def claim_of(
    contract: Contract, actor: Actor, operation: Operation, arguments: Arguments, request: Request
) -> Claim | None:
    """The claim of a REST call; None for a method that takes no key, without one, or if repeating it is harmless."""
    key = request.headers.get(HEADER)
    if key is None or request.method not in contract.idempotent or not operation.kept:
        return None
    query = request.args.to_dict(flat=False) if request.query_string else {}
    found = claim(contract, actor, key, [operation.name, arguments.key, arguments.body, query])
    return None if found is None else replace(found, former=former(request))


def claim(contract: Contract, actor: Actor, key: str, asked: Any) -> Claim | None:
    """The claim of a request; None without a credential. Raises Invalid for an invalid key."""
    replies.check_key(key)
    owner = replies.owner_of(actor)
    return None if owner is None else Claim(owner, actor.test, contract.name, key, fingerprint(asked))


def fingerprint(asked: Any) -> str:
    """The fingerprint: two requests with the same one are the same."""
    try:
        return hashlib.sha256("".join(canonical(asked)).encode("utf-8", "surrogatepass")).hexdigest()
    except RecursionError:
        raise NotJson("The body is nested too deeply.") from None


def former(request: Request) -> str:
    """The fingerprint of v0.1: method, path and the bytes of the body."""
    return hashlib.sha256(
        b"\n".join((request.method.encode(), request.path.encode(), request.get_data(cache=True)))
    ).hexdigest()


def canonical(value: Any) -> Iterable[str]:
    """Canonical JSON, piece by piece."""
    if isinstance(value, dict):
        yield "{"
        for name in sorted(value):
            yield json.dumps(name) + ":"
            yield from canonical(value[name])
            yield ","
        yield "}"
    elif isinstance(value, list | tuple):
        yield "["
        for one in value:
            yield from canonical(one)
            yield ","
        yield "]"
    elif isinstance(value, int | Decimal) and not isinstance(value, bool):
        yield number(Decimal(value))
    else:
        yield json.dumps(value)


def number(value: Decimal) -> str:
    """A number in canonical form, with all its digits."""
    digits = max(1, len(value.as_tuple().digits))
    return str(value.normalize(Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN))) if value else "0"


def reply_of(outcome: Outcome) -> Reply:
    """The response to store, without secrets."""
    payload = outcome.payload if outcome.kept is None else outcome.kept
    headers = {name: value for name, value in outcome.headers.items() if name in KEPT_HEADERS}
    return Reply(outcome.status, orjson.dumps(payload, option=DUMPS), headers)


def replayed(reply: Reply) -> Outcome:
    """The stored response as an outcome."""
    return Outcome(orjson.Fragment(reply.body), reply.status, {**reply.headers, REPLAYED: "true"})
