"""Serves the URL of JSON-RPC: authenticates the caller and formats refusals."""

from dataclasses import replace
from typing import Any

from flask import Flask, Response, g, request

from blueprints.api import rpc
from blueprints.api.contract import Arguments, Operation, Outcome
from blueprints.api.core.contract import CoreContract
from blueprints.api.credentials import FIND
from blueprints.api.pipeline import anonymous_actor, enter, execute, explain, refused
from blueprints.api.requests import idempotency
from blueprints.api.requests.touched import Part
from domain import replies
from domain.actor import Actor
from domain.errors import DomainError, Invalid, Unauthenticated
from domain.replies import Claim

PATHS = ("/", "/api/", "/api")
REFUSED = (401, 403, 409, 413, 415, 429, 503)         # also the HTTP status: nothing was run
UNREAD = (413, 415)


def mount(app: Flask, contract: CoreContract) -> None:
    """JSON-RPC at the root and below /api."""
    dispatcher = rpc.Dispatcher(contract)

    def run() -> Response:
        try:
            return rpc.document(dispatcher, lambda calls: runner(contract, dispatcher, calls))
        except Exception as error:            # every error is reported in this protocol
            return refusal(contract, error)

    rpc.mount(app, contract, run, PATHS)


def runner(contract: CoreContract, dispatcher: rpc.Dispatcher, calls: list[rpc.RpcCall]) -> rpc.Run:
    """The function that runs this caller's calls; raises when the caller is refused."""
    contract.gate(request)
    methods = [dispatcher.methods.get(call.method) for call in calls]
    if methods and all(method is not None and method.public for method in methods):
        return as_actor(contract, anonymous_actor(contract), calls)
    kind, secret = contract.secret(request)
    try:
        g.call.key = FIND[kind](secret)
        if g.call.key is None:
            raise contract.unknown(secret)
        actor = enter(contract, g.call.key, cost=max(1, len(calls)))
    except Unauthenticated as error:
        if kind != "jwt":
            raise
        return failing(error)                     # a bad JSON Web Token is an error of each call
    return as_actor(contract, actor, calls)


def as_actor(contract: CoreContract, actor: Actor, calls: list[rpc.RpcCall]) -> rpc.Run:
    """The function that runs an actor's calls, with the headers of the whole document."""
    if_match = request.headers.get("If-Match")
    if if_match is not None and len(calls) > 1:
        raise Invalid.field("If-Match", "concerns one row: send such a call alone")
    whole = claim_of(contract, actor, calls)

    def run(operation: Operation, arguments: Arguments, part: int) -> Outcome:
        claim = replace(whole, part=part) if whole and operation.method != "GET" and operation.kept else None
        return execute(contract, actor, operation, replace(arguments, if_match=if_match), claim)

    return run


def claim_of(contract: CoreContract, actor: Actor, calls: list[rpc.RpcCall]) -> Claim | None:
    """The claim of a document with an Idempotency-Key: it covers all of its calls, whatever ids they carry.

    Each call's answer is kept with its effect, so that a document that was cut off is completed by its repetition.
    """
    key = request.headers.get(idempotency.HEADER)
    if key is None:
        return None
    claim = idempotency.claim(contract, actor, key, [[call.method, call.params] for call in calls])
    if claim is not None:
        replies.check_same(claim)
    return claim


def failing(error: DomainError) -> rpc.Run:
    def run(operation: Operation, arguments: Arguments, part: int) -> Outcome:
        raise error

    return run


def refusal(contract: CoreContract, error: Exception) -> Response:
    """The response that refuses the whole document, with its id if there is one."""
    known, status = explain(error, contract)
    failure = contract.rpc_failure(known, status, known.fields)
    g.call.error_code, g.call.name, g.call.endpoint = str(failure["code"]), "rpc", "rpc"
    g.call.children, g.call.part = None, Part()
    g.call.part.refuse(failure, known.fields)
    document = {"jsonrpc": "2.0", "error": failure, "id": None if status in UNREAD else single_id()}
    return refused(contract, known, document, status, status if status in REFUSED else 200)


def single_id() -> Any:
    """The id of a single call; null for a batch and for an unreadable document."""
    try:
        given = rpc.read(request)
    except rpc.RpcError:
        return None
    return rpc.echoed(rpc.call_of(given).id) if isinstance(given, dict) else None
