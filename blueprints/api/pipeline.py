"""Handles every API request, of every contract, in these steps:

    open      contract, clock, request id                              (call.py, before_request)
    admit     transport, key -> actor, its addresses, its rate limit   403 401 403 429
    perform   body, scope, idempotency, transaction, domain, reply     400 403 409 404 422
    fail      any error becomes the contract's own envelope            (errorhandler)
    close     request id header, one request-log record                (call.py, after_request)
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask import Flask, Response, current_app, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from blueprints.api.call import Call, RefusedRequest
from blueprints.api.contract import Arguments, Contract, Operation, Outcome
from blueprints.api.credentials import FIND, Caller, KeyCaller
from blueprints.api.rate_limits import limit_headers, rate_limits
from blueprints.api.requests import conditions, holds, idempotency, unknown_names, unmatched
from blueprints.api.requests.touched import Part, named_in, number_of
from blueprints.api.requests.unknown_names import as_sent
from blueprints.api.wire import transport
from blueprints.api.wire.answers import Answer, json_answer
from blueprints.api.wire.bodies import GZIP, UNSUPPORTED
from blueprints.api.wire.files import FileContent, file_answer
from database import DatabaseBusy, DatabaseClash, is_unreachable, transaction
from database.faults import database_away
from database.reader import ResultTooLarge
from domain import replies
from domain.actor import Actor
from domain.errors import Conflict, DomainError, LimitExceeded, TooLarge, Unauthenticated, Unavailable
from domain.replies import Claim

REFUSED_BEFORE = (404, 405)
CLIENT_ERRORS = (400, 499)               # refusals whose sentence is ours; anything above is only logged
CODES = {
    404: "not_found", 405: "method_not_allowed", 400: "bad_request", 414: "address_too_long", 431: "headers_too_large",
    501: "transfer_coding_unsupported", 505: "http_version_unsupported",
}


def view(contract: Contract, operation: Operation) -> Any:
    """The Flask view of an operation."""

    def run(key: str | None = None, **above: str) -> Response:
        if key is not None:
            note_path(operation, key)
        actor = admit(contract) if not operation.public else anonymous_actor(contract)
        arguments = contract.read(g.call.request, operation, key)
        return perform(actor, operation, replace(arguments, above=above) if above else arguments)

    run.contract, run.operation = contract, operation       # type: ignore[attr-defined]
    return run


def admit(contract: Contract) -> Actor:
    """Authenticate the caller and check transport, address and rate limit."""
    call: Call = g.call
    asked = call.request
    open_to(contract)
    kind, secret = contract.secret(asked)
    call.key = FIND[kind](secret)                           # for the request log, even if the call is refused
    if call.key is None:
        raise contract.unknown(secret)
    cost = 0 if call.operation is not None and not call.operation.spends else 1
    call.actor = contract.narrow(asked, enter(contract, call.key, cost))
    return call.actor


def open_to(contract: Contract) -> None:
    """Count the call by its address and check the transport, where the contract does so."""
    call: Call = g.call
    call.limit = contract.counted(call.request)
    if contract.https_only:
        transport.require_https(call.request)
    contract.gate(call.request)


def anonymous_actor(contract: Contract) -> Actor:
    """The actor of operations that need no credential."""
    open_to(contract)
    actor = g.call.actor = Actor(
        label="anonymous", source=contract.name, ip=request.remote_addr, request_id=g.call.request_id
    )
    return actor


def enter(contract: Contract, caller: Caller, cost: int = 1) -> Actor:
    """The actor of a caller, after its address and its rate limit were checked; without a cost nothing is counted."""
    call: Call = g.call
    ip = call.request.remote_addr
    caller.check(ip)
    call.limit = caller.spend(cost) or call.limit
    call.actor = caller.actor(ip=ip, request_id=call.request_id, source=contract.name)
    if cost:
        holds.check(caller, call.operation, call.request.host_url)
    return call.actor


def execute(
    contract: Contract, actor: Actor, operation: Operation, arguments: Arguments, claim: Claim | None = None
) -> Outcome:
    """Run one operation: check the scope, call the domain; a write in one transaction with its stored response.

    An earlier response is looked up before slow work, and again under the lock: of two equal requests at
    once the second finds the first one's response there.
    """
    if operation.takes_body:
        note_body(operation, arguments.body)
    contract.prepare(arguments)
    if operation.scope is not None:
        actor.require(operation.scope)
    takes_long = operation.before is not None or not operation.writes
    if claim is not None and takes_long and (earlier := replies.earlier(claim)) is not None:
        return idempotency.replayed(earlier)
    if operation.per_minute:
        rate_limits.spend(operation.per_minute, "minute", operation.name, str(actor.merchant_id))
    if not operation.writes:
        outcome = contract.run(operation, actor, arguments)
        return outcome if claim is None else kept_afterwards(claim, outcome)
    if operation.before is not None:
        arguments = replace(arguments, ready=operation.before(actor, arguments))
    with transaction():
        if claim is None:
            outcome = contract.run(operation, actor, arguments)
        else:
            outcome = kept(claim, lambda: contract.run(operation, actor, arguments))
    return outcome if operation.finish is None else operation.finish(actor, outcome)


def note_path(operation: Operation, text: Any) -> None:
    """Add the row in the path of a call, or in its `id`, to the request log."""
    exposure = operation.exposure
    if exposure is not None and (key := number_of(exposure.prefix, text)) is not None:
        g.call.part.names(exposure.noun, key)


def note_body(operation: Operation, body: Any) -> None:
    """Add the rows that a body names to the request log."""
    exposure = operation.exposure
    if exposure is not None and exposure.references:
        part: Part = g.call.part
        for noun, key in named_in(body, exposure.references):
            part.names(noun, key)


def kept(claim: Claim, run: Callable[[], Outcome]) -> Outcome:
    """The stored response, or a new one, which is stored in the transaction of its effect."""
    earlier = replies.take(claim)
    if earlier is not None:
        return idempotency.replayed(earlier)
    outcome = run()
    if outcome.is_stored:
        replies.keep(claim, idempotency.reply_of(outcome))
    else:
        replies.release(claim)
    return outcome


def kept_afterwards(claim: Claim, outcome: Outcome) -> Outcome:
    """`kept` for operations with transactions of their own: the response is stored afterwards."""
    with transaction():
        return kept(claim, lambda: outcome)


def perform(actor: Actor, operation: Operation, arguments: Arguments) -> Response:
    """Run the operation of a request; a write with a known Idempotency-Key gets the stored response."""
    contract: Contract = g.call.contract
    claim = None
    if "HTTP_IDEMPOTENCY_KEY" in g.call.request.environ:
        claim = idempotency.claim_of(contract, actor, operation, arguments, g.call.request)
    return respond(execute(contract, actor, operation, arguments, claim))


def respond(outcome: Outcome) -> Response:
    """The response to an outcome; 304 when the caller already has it."""
    asked = g.call.request
    if "HTTP_IF_NONE_MATCH" in asked.environ and asked.method in ("GET", "HEAD") and "ETag" in outcome.headers:
        tag = conditions.unchanged(asked.headers["If-None-Match"], outcome.headers["ETag"])
        if tag is not None:
            return addressed(Answer(None, 304, {"ETag": tag}))
    if isinstance(outcome.payload, FileContent):
        return addressed(file_answer(outcome.payload, outcome.headers))
    return json_response(outcome.payload, outcome.status, outcome.headers)


def json_response(payload: Any, status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON response with the headers of every response."""
    return addressed(json_answer(payload, status, headers))


def addressed(response: Answer) -> Answer:
    """The response with rate limit headers, marked as private."""
    response.headers["Vary"] = "Authorization, Accept-Encoding"     # not plain: compression reads it
    call: Call = g.call
    if call.deprecated and call.contract is not None:
        response.plain.append(("Deprecation", f"@{call.contract.deprecated_since}"))
    if call.limit is not None:
        response.plain.extend(call.limit.headers())
    if call.ignored:
        response.plain.append((unknown_names.HEADER, unknown_names.header(call.ignored)))
    return response


def explain(error: BaseException, contract: Contract) -> tuple[DomainError, int]:
    """Any exception as a domain error and an HTTP status of this contract."""
    if isinstance(error, DatabaseBusy):
        error = Unavailable("The database is busy. Try again in a moment.")
    elif isinstance(error, ResultTooLarge):
        error = TooLarge(f"The response would have {error}. Ask for fewer rows at once.", code="answer_too_large")
    elif isinstance(error, DatabaseClash):
        error = Conflict("This conflicts with an existing row.")
    elif isinstance(error, RefusedRequest) and error.code == 503:
        error = Unavailable(error.description or error.name)
    elif isinstance(error, HTTPException) and error.code == 413:
        most = current_app.config["MAX_CONTENT_LENGTH"]
        error = TooLarge(f"The request is larger than this API allows: {most:,} bytes.")
    if isinstance(error, DomainError):
        return error, contract.status(error)
    if isinstance(error, HTTPException) and error.code and _has_own_message(error):
        return _of_http(error), error.code
    if is_unreachable(error):
        database_away(error)
        known: DomainError = Unavailable("The database does not answer. Try again in a moment.")
        return known, contract.status(known)
    current_app.logger.error("request %s failed", g.call.request_id, exc_info=error)
    return DomainError("An unexpected error occurred. Report the request id.", code="internal_error"), 500


def _has_own_message(error: HTTPException) -> bool:
    in_range = CLIENT_ERRORS[0] <= (error.code or 0) <= CLIENT_ERRORS[1]
    return in_range or isinstance(error, RefusedRequest)


def _of_http(error: HTTPException) -> DomainError:
    words = {404: "This address does not exist.", 405: "This address does not support this method."}
    code = CODES.get(error.code or 0, error.name.lower().replace(" ", "_"))
    own = error.description if isinstance(error, RefusedRequest) else None
    return DomainError(own or words.get(error.code or 0, error.name), code=code)


def fail(error: BaseException, contract: Contract) -> Response:
    """The response to an error, in the contract's envelope."""
    call: Call = g.call
    known, status = explain(error, contract)
    exposure = call.operation.exposure if call.operation else None
    word = exposure.word if exposure else as_sent
    fields = {word(name): problem for name, problem in known.fields.items()}
    if call.limit is None and isinstance(call.key, KeyCaller) and status in REFUSED_BEFORE:
        call.limit = call.key.spend(0)          # known, but refused before the call was counted
    failure = contract.failure(known, status, fields)
    call.error_code = contract.logged_code(known)
    call.part.refuse(failure, fields, known.message)
    response = refused(contract, known, failure, status)
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        left_out = set() if contract.allows_head else {"HEAD"}
        response.headers["Allow"] = ", ".join(sorted(set(error.valid_methods) - left_out))
    return response


def refused(contract: Contract, known: DomainError, payload: Any, status: int, sent: int | None = None) -> Answer:
    """An error response with headers such as Retry-After; `sent` is its status if not the error's own."""
    headers: dict[str, str] = {}
    if isinstance(known, LimitExceeded) and (limits := limit_headers(known)):
        headers |= limits
        g.call.limit = None                     # the state of another limit would contradict it
    if isinstance(known, Unauthenticated):
        headers |= contract.challenge()
    if status == 503:
        headers["Retry-After"] = "1"
    if known.code == UNSUPPORTED:
        headers["Accept-Encoding"] = GZIP[0]
    return json_response(payload, sent or status, headers)


def init_app(app: Flask, page_error: Callable[[Exception], Any], neutral: Contract) -> None:
    """Handle errors of API requests, matched or not, in their contract's envelope; others as pages do.

    Programs that call a path of no contract get JSON as well, in the envelope of the `neutral` contract.
    """

    @app.errorhandler(Exception)
    def on_error(error: Exception) -> Any:
        call: Call | None = g.get("call")
        if call is None:
            return page_error(error)
        refused = isinstance(error, RefusedRequest)
        if call.contract is None:
            is_program = request.url_rule is None and (refused or unmatched.wants_json())
            return fail(error, neutral) if is_program else page_error(error)
        if call.operation is None or refused:
            unmatched.attribute(call)
        over = None if call.operation is not None or refused else unmatched.count(call)
        return fail(over or error, call.contract)
