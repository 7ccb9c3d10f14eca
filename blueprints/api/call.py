"""Tracks one request for the pipeline and the request log, from before its first hook to after its last."""

import re
import time
from collections.abc import Callable
from functools import lru_cache
from random import getrandbits
from typing import Any, NoReturn

from flask import Flask, Request, Response, g, request
from werkzeug.exceptions import HTTPException

from blueprints.api.contract import Contract, Operation
from blueprints.api.credentials import Caller
from blueprints.api.requests.spellings import spellings
from blueprints.api.requests.touched import Part
from blueprints.api.wire.answers import WITHOUT_BODY, add
from domain.actor import Actor

Sink = Callable[[dict[str, Any]], Any]
Close = Callable[[Response], Response]
SILENT = ("/static/", "/healthz", "/readyz", "/metrics")
REFUSED = "server.refused"               # set by server/ for a request that it could not read: status, sentence
TOO_MUCH = 503                           # of a refusal of requests of which there are too many
UNREADABLE = "-"                         # the method of a request whose first line could not be read
MASK = "***"
CONVERTED = re.compile(r"<(?:[^<>:]*:)?(\w+)>")    # a variable of a rule, with its converter
ESCAPES = str.maketrans({char: f"%{ord(char):02X}" for char in "%&+#"})    # they would change the meaning of a value


class RefusedRequest(HTTPException):
    """The server refused to read this request, because of its form or its size."""

    def __init__(self, code: int, sentence: str):
        super().__init__(sentence)
        self.code = code


class Call:
    """The data of a request so far."""

    __slots__ = (
        "actor",
        "at_us",
        "children",
        "contract",
        "deprecated",
        "endpoint",
        "error_code",
        "ignored",
        "key",
        "limit",
        "name",
        "operation",
        "part",
        "request",
        "request_id",
        "started",
        "user_id",
        "zone",
    )

    def __init__(self, request: Request) -> None:
        self.request = request                   # not Flask's proxy, which costs time at each access
        self.started = time.perf_counter_ns()
        self.at_us = time.time_ns() // 1000
        self.request_id = f"req_{getrandbits(64):016x}"        # an identifier, not a secret; reseeded after fork()
        self.contract: Contract | None = None
        self.operation: Operation | None = None
        self.key: Caller | None = None
        self.name: str | None = None             # of the operation, if the route does not give it
        self.endpoint: str | None = None
        self.zone: Any = None                    # of times without an offset, in both directions
        self.deprecated = False                  # a deprecated way of calling was used
        self.actor: Actor | None = None
        self.user_id: int | None = None
        self.error_code: str | None = None
        self.limit: Any = None
        self.ignored: list[str] = []             # unknown names that were sent
        self.part = Part()
        self.children: list[dict[str, Any]] | None = None

    def record(self, response: Response) -> dict[str, Any]:
        """The row of the request log."""
        actor, key = self.actor, self.key
        asked, environ = self.request, self.request.environ
        rule, path = asked.url_rule, _without_token(asked)
        return {
            "at_us": self.at_us,
            "duration_us": (time.perf_counter_ns() - self.started) // 1000,
            "contract": self.contract.name if self.contract else _room(path),
            "operation": self.name or (self.operation.name if self.operation else asked.endpoint or "unmatched"),
            "method": asked.method[:16],
            "endpoint": self.endpoint or (_template(rule.rule) if rule else "(unmatched)"),
            "path": path if rule else path[:500],
            "query": self._query(),
            "status": response.status_code,
            "error_code": self.error_code,
            "request_bytes": asked.content_length or 0,
            "response_bytes": (
                0 if response.status_code in WITHOUT_BODY else int(response.headers.get("Content-Length", 0))
            ),
            "ip": asked.remote_addr or "",
            "user_agent": environ.get("HTTP_USER_AGENT", ""),
            "request_id": self.request_id,
            "key_id": key.id if key else actor.credential_id if actor else None,
            "merchant_id": _only_merchant(actor) or (key.merchant_id if key else None),
            "user_id": actor.user_id if actor else key.user_id if key else self.user_id,
            "customer_id": key.customer_id if key else actor.customer_id if actor else None,
            "idempotent": "HTTP_IDEMPOTENCY_KEY" in environ,
            "source": self._source(),
            "mode": str(key.mode) if key else str(actor.mode) if actor else "live",
            **self.part.record(),
            **({"children": self.children} if self.children else {}),
        }

    def _query(self) -> str:
        """The query with values only of the parameters that the operation declares."""
        if not self.request.query_string and not self.ignored:
            return ""
        known = self.operation.parameters if self.operation else ()
        return "&".join([
            f"{name[:60]}={value.translate(ESCAPES) if name in known else MASK}"
            for name, value in self.request.args.items(multi=True)
        ] + [f"{name.translate(ESCAPES)}={MASK}" for name in self.ignored if name not in self.request.args])[:500]

    def _source(self) -> str:
        if self.contract is None:
            return "pages"
        return "try-it" if self.request.environ.get("HTTP_X_COUNTINGHOUSE_SOURCE") == "try-it" else "api"


def refuse(call: Call) -> NoReturn:
    """Raise the server's refusal, in a contract's envelope if the path is an API's.

    No page is looked for, unless the request itself is in order and the server has too much to do.
    """
    status, sentence = call.request.environ[REFUSED]
    if call.request.method == UNREADABLE:
        call.contract = None
    if call.contract is None and status != TOO_MUCH:
        call.request.url_rule = None
    raise RefusedRequest(status, sentence)


def _without_token(asked: Request) -> str:
    """The path; a part of it that the route calls a token is a credential, and masked."""
    token = (asked.view_args or {}).get("token")
    return asked.path.replace(token, MASK) if token else asked.path


def _room(path: str) -> str:
    return "admin" if path.startswith(("/admin", "/login", "/logout")) else "other"


@lru_cache(1024)                             # one entry per rule
def _template(rule: str) -> str:
    return CONVERTED.sub(lambda found: "{id}" if found[1] == "key" else f"{{{found[1]}}}", rule)


def _only_merchant(actor: Actor | None) -> int | None:
    ids = actor.merchant_ids if actor else None
    return next(iter(ids)) if isinstance(ids, frozenset) and len(ids) == 1 else None


def init_app(app: Flask, sink: Sink, contracts: tuple[Contract, ...]) -> Close:
    """Open every request before all other hooks, close it after them, and pass its record to the sink.

    Returns the function that closes.
    """

    def open_call() -> None:
        call = g.call = Call(request._get_current_object())     # type: ignore[attr-defined]
        view = app.view_functions.get(call.request.endpoint or "")
        call.contract = getattr(view, "contract", None)
        call.operation = getattr(view, "operation", None)
        if view is None:                     # unmatched, or the method is not: the path decides which contract answers
            paths = spellings(call.request.path)
            call.contract = next((one for path in paths for one in contracts if one.covers(path)), None)
        if REFUSED in call.request.environ:
            refuse(call)

    def close_call(response: Response) -> Response:
        call: Call | None = g.get("call")
        if call is None:
            return response
        add(response, [("X-Request-Id", call.request_id)])
        if call.contract is not None or REFUSED in call.request.environ or not call.request.path.startswith(SILENT):
            try:
                sink(call.record(response))
            except Exception:                # logging must never break a response
                app.logger.exception("request %s could not be logged", call.request_id)
        return response

    # Its hook runs first before a request and, because after_request runs in reverse order, last after it.
    app.before_request_funcs.setdefault(None, []).insert(0, open_call)
    app.after_request_funcs.setdefault(None, []).insert(0, close_call)
    return close_call
