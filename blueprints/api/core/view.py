"""The one address of JSON-RPC: who calls, and how a refusal of the caller looks in this protocol."""

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request

from blueprints.api import rpc
from blueprints.api.contract import Arguments, Operation
from blueprints.api.core.contract import CoreContract
from blueprints.api.doors import FIND
from blueprints.api.pipeline import enter, execute, explain, json_response, strangers
from domain.errors import DomainError, Unauthenticated

PATHS = ("/", "/api/", "/api")


def mount(app: Flask, contract: CoreContract) -> None:
    """JSON-RPC at the root and below /api."""
    dispatcher = rpc.Dispatcher(contract)

    def run() -> Response:
        try:
            return rpc.document(contract, dispatcher, lambda calls: runner(contract, dispatcher, calls))
        except DomainError as error:
            return refusal(contract, error)

    rpc.mount(app, contract, run, PATHS)


def runner(contract: CoreContract, dispatcher: rpc.Dispatcher, calls: list[rpc.RpcCall]) -> rpc.Run:
    """What runs the calls of this caller; raises when the caller is refused altogether."""
    contract.gate(request)
    has_key = "X-Api-Key" in request.headers
    if not has_key and "Authorization" not in request.headers and calls:
        methods = [dispatcher.methods.get(call.method) for call in calls]
        if all(method is not None and method.public for method in methods):
            return as_actor(contract, lambda: strangers(contract))
    kind, secret = contract.secret(request)
    try:
        g.call.key = FIND[kind](secret)
        if g.call.key is None:
            raise contract.unknown(secret)
        actor = enter(contract, g.call.key, cost=max(1, len(calls)))
    except Unauthenticated as error:
        if has_key:
            raise
        return failing(error)                     # a bad JSON Web Token is an error of each call
    return as_actor(contract, lambda: actor)


def as_actor(contract: CoreContract, actor: Callable[[], Any]) -> rpc.Run:
    def run(operation: Operation, arguments: Arguments) -> Any:
        return execute(contract, actor(), operation, arguments)

    return run


def failing(error: DomainError) -> rpc.Run:
    def run(operation: Operation, arguments: Arguments) -> Any:
        raise error

    return run


def refusal(contract: CoreContract, error: DomainError) -> Response:
    """The whole document refused: 401 for a bad key, 403 for a network; the id is told if there is one."""
    known, status = explain(error, contract)
    g.call.error_code, g.call.name, g.call.endpoint = known.code, "rpc", "rpc"
    failure = contract.rpc_failure(known, status, {})
    g.call.error_code = str(failure["code"])
    http = status if status in (401, 403) else 200
    return json_response({"jsonrpc": "2.0", "error": failure, "id": single_id()}, http)


def single_id() -> Any:
    """The id of a single call; null for a batch and for what cannot be read."""
    try:
        given = rpc.read(request.get_data(cache=True))
    except rpc.RpcError:
        return None
    return rpc.echoed(rpc.call_of(given).id) if isinstance(given, dict) else None
