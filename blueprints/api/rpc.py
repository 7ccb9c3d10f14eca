"""Serves a contract's operations by JSON-RPC 2.0: one document in, at most one out.

Every call runs in its own transaction; a failure affects only that call. The request log gets one
row for the request, and for a batch a child row for each call.
"""

import time
from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import orjson
from flask import Flask, Response, g, request
from werkzeug.wrappers import Request

from blueprints.api.contract import Arguments, Contract, Operation, Outcome
from blueprints.api.field import Problems
from blueprints.api.pipeline import addressed, explain, json_response, note_path
from blueprints.api.requests.idempotency import REPLAYED
from blueprints.api.requests.touched import Part
from blueprints.api.requests.unknown_names import as_sent
from blueprints.api.wire import json_reader
from blueprints.api.wire.answers import Answer
from blueprints.api.wire.bodies import body_of
from blueprints.api.wire.row_cache import DUMPS
from database import db
from database.reader import ResultTooLarge
from domain.errors import DomainError, TooLarge

MOST_CALLS = 50
MOST_BYTES = 16 * 1024 * 1024         # of all results of a document together
READ_IN_VAIN = MOST_BYTES // 2        # what a result counts that was too large to be made: it was read, too
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
MISSING = object()
Run = Callable[[Operation, Arguments, int], Outcome]     # the last: the call's position in the document


class RpcContract(Contract):
    """A contract that also speaks JSON-RPC."""

    @abstractmethod
    def arguments(self, operation: Operation, params: Mapping[str, Any]) -> Arguments:
        """Named parameters as arguments of the operation; raises Invalid."""

    @abstractmethod
    def rpc_failure(self, error: DomainError, status: int, fields: Problems) -> dict[str, Any]:
        """The error object; `fields` have the contract's names."""


class RpcError(Exception):
    """An error of the protocol itself."""

    def __init__(self, code: int, message: str, data: Any = None):
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def as_dict(self) -> dict[str, Any]:
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error


@dataclass(frozen=True, slots=True)
class RpcCall:
    """One call of a document; `wrong` for an invalid one."""

    method: str = ""
    params: Any = None
    id: Any = MISSING
    wrong: RpcError | None = None

    @property
    def is_notification(self) -> bool:
        return self.id is MISSING and self.wrong is None


def read(asked: Request) -> Any:
    """The document; raises RpcError for invalid JSON."""
    try:
        return json_reader.read(body_of(asked))
    except json_reader.NotJson:
        raise RpcError(PARSE_ERROR, "Parse error") from None


def calls(document: Any) -> list[RpcCall]:
    """The calls of a document; raises RpcError for an empty or an oversized batch."""
    if not isinstance(document, list):
        return [call_of(document)]
    if not document:
        raise RpcError(INVALID_REQUEST, "Invalid Request")
    if len(document) > MOST_CALLS:
        raise RpcError(INVALID_REQUEST, "Invalid Request", {"batch": f"May have at most {MOST_CALLS} calls"})
    return [call_of(one) for one in document]


def call_of(given: Any) -> RpcCall:
    """One call, checked strictly against the specification."""
    wrong = RpcError(INVALID_REQUEST, "Invalid Request")
    if not isinstance(given, dict):
        return RpcCall(id=None, wrong=wrong)
    known = given.get("id", MISSING)
    if known is not MISSING and (isinstance(known, bool) or not isinstance(known, str | int | Decimal | None)):
        return RpcCall(id=None, wrong=wrong)
    if isinstance(known, str) and not _is_storable(known):
        return RpcCall(id=None, wrong=wrong)
    method, params = given.get("method"), given.get("params", MISSING)
    takes_params = params is MISSING or isinstance(params, list | dict)
    if given.get("jsonrpc") != "2.0" or not isinstance(method, str) or not takes_params:
        return RpcCall(id=None if known is MISSING else known, wrong=wrong)
    return RpcCall(method, {} if params is MISSING else params, known)


def _is_storable(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def echoed(known: Any) -> Any:
    """An id exactly as sent: the JSON writer supports neither decimals nor integers beyond 64 bits."""
    if known is MISSING:
        return None
    if isinstance(known, Decimal) or (isinstance(known, int) and not -(2**63) <= known < 2**63):
        return orjson.Fragment(str(known).encode())
    return known


def no_room() -> TooLarge:
    return TooLarge(
        f"All results of a document together may have {MOST_BYTES:,} bytes. Ask for fewer rows, or for less at once.",
        code="answer_too_large",
    )


class Dispatcher:
    """The methods of one contract."""

    def __init__(self, contract: RpcContract):
        self.contract = contract
        # A file is no JSON: it has an address alone.
        self.methods = {operation.name: operation for operation in contract.operations if not operation.media}

    def arguments(self, operation: Operation, params: Any) -> Arguments:
        """Parameters by name or by position as arguments of the operation; raises RpcError."""
        if isinstance(params, list):
            if len(params) > len(operation.positional):
                raise RpcError(
                    INVALID_PARAMS, "Invalid params",
                    {"params": f"Takes at most {len(operation.positional)} by position"},
                )
            params = dict(zip(operation.positional, params, strict=False))
        if "{key}" in operation.path:
            note_path(operation, params.get("id"))
        return self.contract.arguments(operation, params)

    def one(self, call: RpcCall, run: Run, part: int, room: int) -> tuple[dict[str, Any], Mapping[str, str], int]:
        """The response of one call, the headers of its outcome and its size in bytes; and its child row for the log.

        A call that only reads is refused when its result is larger than `room`.
        """
        started = time.perf_counter_ns()
        operation = self.methods.get(call.method)
        headers: Mapping[str, str] = {}
        g.call.part = Part()                 # the previous part is another call's
        try:
            if call.wrong is not None:
                raise call.wrong
            if operation is None:
                raise RpcError(METHOD_NOT_FOUND, "Method not found")
            if room <= 0 and operation.method == "GET":
                raise no_room()
            outcome = run(operation, self.arguments(operation, call.params), part)
            text = orjson.dumps(outcome.payload, option=DUMPS)
            if (size := len(text)) > room and operation.method == "GET":
                raise no_room()
            answer: dict[str, Any] = {"result": orjson.Fragment(text)}
            headers = outcome.headers
            code = None
        except Exception as error:           # any error affects only this call
            failure, size = self.failure(error, operation), READ_IN_VAIN if isinstance(error, ResultTooLarge) else 0
            answer, code = {"error": failure}, failure["code"]
        finally:
            if db.session.registry().in_transaction():
                db.session.rollback()        # the next call reads the current state, also after a failure
        self._note(operation, code, started)
        return {"jsonrpc": "2.0", **answer, "id": echoed(call.id)}, headers, size

    def failure(self, error: Exception, operation: Operation | None) -> dict[str, Any]:
        """Any exception as the error object of the contract."""
        if isinstance(error, RpcError):
            failure = error.as_dict()
            g.call.part.refuse(failure, ())
            return failure
        known, status = explain(error, self.contract)
        word = operation.exposure.word if operation and operation.exposure else as_sent
        fields = {word(name): problem for name, problem in known.fields.items()}
        failure = self.contract.rpc_failure(known, status, fields)
        g.call.part.refuse(failure, fields)
        return failure

    @staticmethod
    def _note(operation: Operation | None, code: int | None, started: int) -> None:
        name = operation.name if operation else "(unknown)"
        if g.call.children is None:
            g.call.children = []
        g.call.children.append({
            "method": request.method, "endpoint": f"rpc:{name}", "operation": name, "status": 200,
            "error_code": None if code is None else str(code),
            "duration_us": (time.perf_counter_ns() - started) // 1000, **g.call.part.record(),
        })


def close(batch: bool) -> None:
    """Complete the request log: a single call is the request's row, a batch has children."""
    call = g.call
    children = call.children or []
    call.name = call.endpoint = "rpc:batch"
    if not batch and children:
        call.name, call.endpoint = children[0]["operation"], children[0]["endpoint"]
        call.error_code, call.children = children[0]["error_code"], None
        return
    call.part = Part()                       # each call records its own rows
    if not children:
        call.endpoint = call.name = "rpc"
    elif any(child["error_code"] for child in children):
        call.error_code = next(child["error_code"] for child in children if child["error_code"])


def document(dispatcher: Dispatcher, enter: Callable[[list[RpcCall]], Run]) -> Response:
    """Answer the document in the request; `enter` authenticates and returns the function that runs a call."""
    try:
        given = read(request)
        found = calls(given)
    except RpcError as error:
        enter([])
        g.call.error_code, g.call.name, g.call.endpoint = str(error.code), "rpc", "rpc"
        g.call.part.refuse(error.as_dict(), ())
        return json_response({"jsonrpc": "2.0", "error": error.as_dict(), "id": None}, 200)
    run = enter(found)
    batch = isinstance(given, list)
    answers, room = [], MOST_BYTES
    headers: dict[str, str] = {}
    for part, call in enumerate(found):
        answer, own_headers, size = dispatcher.one(call, run, part, room)
        room -= size
        headers |= {name: value for name, value in own_headers.items() if not batch or name == REPLAYED}
        if not call.is_notification:
            answers.append(answer)
    close(batch)
    if not answers:
        return addressed(Answer(None, 204, headers))
    return json_response(answers if batch else answers[0], 200, headers)


def mount(app: Flask, contract: Contract, view: Callable[[], Response], paths: tuple[str, ...]) -> None:
    """Register JSON-RPC at these paths."""
    view.contract, view.operation = contract, None        # type: ignore[attr-defined]
    for number, path in enumerate(paths):
        app.add_url_rule(
            path, f"{contract.name}.rpc#{number}", view, methods=["POST"], provide_automatic_options=False
        )
