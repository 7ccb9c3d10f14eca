"""Implements the Core API's contract: REST and JSON-RPC, results without envelope, a zone for each call."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from flask import current_app, g, request
from werkzeug.wrappers import Request

from blueprints.api.contract import Arguments, Exposure, Operation, Outcome
from blueprints.api.core.description import DESCRIPTION
from blueprints.api.core.reader import QueryReader
from blueprints.api.field import Formats, Problems, texts
from blueprints.api.rate_limits import rate_limits
from blueprints.api.requests import unknown_names
from blueprints.api.requests.unknown_names import printable
from blueprints.api.rpc import RpcContract
from blueprints.api.wire import json_reader
from blueprints.api.wire.bodies import UNSUPPORTED, body_of
from blueprints.api.wire.numbers import amount, price
from blueprints.api.wire.statuses import status_of
from blueprints.services import settings
from domain import errors, zones
from domain.access.key_access import is_within
from domain.access.user_access import unknown_token
from domain.actor import ALL, Actor
from domain.errors import DomainError, Forbidden, Invalid, Problem, Unauthenticated
from domain.inputs.validators import is_whole, timezones
from domain.pages import Query
from domain.usage import InUse

AUTHENTICATION_FAILED, NOT_FOUND, LOGICAL = -32005, -32001, -32002
INVALID_REQUEST, INVALID_PARAMS, INTERNAL = -32600, -32602, -32603
ZONE = "__tz"
MISSING = Problem("missing", "is required")
STATUSES = {errors.Conflict: 422, errors.Invalid: 400}         # the others are those of all contracts
FORM = "%Y-%m-%d %H:%M:%S%z"
MEMBER = re.compile(r"\.(\d+)(?=[.\[]|$)", re.ASCII)
MOMENT = {
    "type": "string", "pattern": r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d([+-]\d\d:?\d\d|Z)?$",
    "description": "YYYY-MM-DD HH:MM:SS+HHMM, in the zone of the call",
}

MOMENT_OR_DAY = {
    "type": "string", "pattern": r"^\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d([+-]\d\d:?\d\d|Z)?)?$",
    "description": f"{MOMENT['description']}; a day alone is its last second",
}


def moment(value: datetime) -> str:
    """2017-10-17 16:48:50+0300, in the zone of the call."""
    return value.astimezone(g.call.zone or UTC).strftime(FORM)


def exact(value: Decimal) -> orjson.Fragment:
    """A decimal as a JSON number with all its digits."""
    return orjson.Fragment(format(value.normalize(), "f").encode())


class CoreContract(RpcContract):
    """The contract for the operator's programs on a private network."""

    name = "core"
    prefixes = ("", "/api")
    created = 200
    deprecated_since = 1767225600           # 1 January 2026: signing in for a JSON Web Token
    changes_by = "PATCH"
    idempotent = ("POST", "PATCH", "PUT", "DELETE")
    limited = True
    names = {"list": "search"}
    description = DESCRIPTION
    formats = Formats(
        moment=moment, day=date.isoformat, amount=amount, price=price, moment_form=FORM, moment_schema=MOMENT,
        moment_taken=MOMENT_OR_DAY,
    )
    event_formats = replace(formats, moment=None)           # there is no call: UTC, as in all events
    list_parameters = ("limit", "offset", "order")

    def __init__(self) -> None:
        super().__init__()
        self.roots: tuple[str, ...] = ()            # first parts of this contract's paths
        self.objects: dict[str, str] = {}           # this contract's names of the domain's nouns

    def covers(self, path: str) -> bool:
        """At the root only paths that begin as operations do; below /api all that no other contract has."""
        return path in ("/", "/api") or path.startswith("/api/") or path.strip("/").split("/")[0] in self.roots

    # Authentication --------------------------------------------------------------------------------------------

    def gate(self, request: Request) -> None:
        networks = settings().core_api_networks
        if not is_within(request.remote_addr, networks):
            raise Forbidden("The Core API cannot be used from your network.", code="network-not-allowed")

    def secret(self, request: Request) -> tuple[str, str]:
        key = request.headers.get("X-Api-Key")
        if key is not None:
            return "user", key.strip()
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("An X-Api-Key header is required.", code="utoken-auth-failed")
        g.call.deprecated = True
        current_app.logger.warning("request %s uses a JSON Web Token, which is deprecated", g.call.request_id)
        return "jwt", token.strip()

    def unknown(self, secret: str) -> DomainError:
        """Count wrong tokens by address; right ones from the same address are not counted."""
        rate_limits.spend_wrong_token(request.remote_addr or "")
        if not g.call.deprecated:
            return unknown_token()
        return Unauthenticated("The token is not valid or has expired.", code="utoken-auth-failed")

    def challenge(self) -> Mapping[str, str]:
        """Name the token's header, which has no HTTP scheme. A JSON Web Token is a bearer token."""
        if g.call.deprecated:
            return {"WWW-Authenticate": "Bearer"}
        return {"WWW-Authenticate": 'ApiKey header="X-Api-Key"'}

    # Reading ----------------------------------------------------------------------------------------

    def body(self, request: Request, *, optional: bool = False) -> Any:
        """The JSON body, whatever its content type; the bytes are read before Flask can parse a form."""
        raw = body_of(request)
        found = json_reader.read(raw) if raw.strip() else {}
        if not isinstance(found, dict):
            raise Invalid("The body must be a JSON object.")
        return found

    def read(self, request: Request, operation: Operation, key: str | None) -> Arguments:
        """Merge query and body; the body takes precedence. `id[]=1` is an array."""
        known, params = self._names(operation), {}
        for name, values in request.args.lists():
            plain = name.removesuffix("[]") if name.removesuffix("[]") in known else name
            params[plain] = values if len(values) > 1 or plain != name else values[0]
        sent = params | self.body(request)
        arguments = self._checked(operation, sent if key is None else sent | {"id": key}, key)
        return replace(arguments, if_match=request.headers.get("If-Match"))

    @staticmethod
    def _names(operation: Operation) -> set[str]:
        """The parameters that an operation has."""
        known = {*operation.positional, ZONE}
        if operation.exposure is not None and operation.takes_body:
            known |= operation.exposure.fields.keys()
        return known

    def arguments(self, operation: Operation, params: Mapping[str, Any]) -> Arguments:
        """Named parameters of either protocol; raises Invalid for an unknown name."""
        keyed = "{key}" in operation.path
        if keyed and "id" not in params:
            raise Invalid("Invalid request", fields=self._unknown(operation, params) | {"id": MISSING})
        return self._checked(operation, params, self._key(params["id"]) if keyed else None)

    def _checked(self, operation: Operation, params: Mapping[str, Any], key: str | None) -> Arguments:
        """The arguments, if every name is known; a body's unknown names are reported with its other mistakes."""
        unknown = self._unknown(operation, params)
        if unknown and (operation.exposure is None or not operation.takes_body):
            raise Invalid("Invalid request", fields=unknown)
        body = {name: value for name, value in params.items() if name != ZONE}
        return Arguments(key, body, params)

    def _unknown(self, operation: Operation, params: Mapping[str, Any]) -> dict[str, Problem]:
        return unknown_names.problems(params, self._names(operation))

    def run(self, operation: Operation, actor: Actor, arguments: Arguments) -> Outcome:
        """The outcome; names that the operation's own body does not have are mistakes, beside those that it finds."""
        known = operation.described.body if operation.described is not None and operation.takes_body else None
        if known is None or "properties" not in known.schema:
            return super().run(operation, actor, arguments)
        own = {*operation.positional, *known.schema["properties"]}
        unknown = unknown_names.problems(arguments.body, {*own, "id", ZONE}, offered=own - {"id"})
        try:
            outcome = super().run(operation, actor, arguments)
        except Invalid as error:
            error.fields = {**unknown, **error.fields} if error.fields else error.fields
            raise
        if unknown:
            raise Invalid("Invalid request", fields=unknown)
        return outcome

    @staticmethod
    def _key(given: Any) -> str:
        if isinstance(given, Decimal) and is_whole(given):
            given = int(given)
        if isinstance(given, bool) or not isinstance(given, int):
            raise Invalid.field("id", "must be an integer", "type")
        return str(given)

    def prepare(self, arguments: Arguments) -> None:
        """The call's zone: as it says, else the user's, else that of the user's only merchant, else the system's."""
        wanted = arguments.query.get(ZONE)
        if wanted is not None and (not isinstance(wanted, str) or wanted not in timezones()):
            raise Invalid.field(ZONE, "unknown timezone", "unknown")
        caller = getattr(g.call.key, "caller", None)
        if wanted is not None or caller is None:
            g.call.zone = ZoneInfo(wanted) if wanted else zones.system()
            return
        user = caller.user
        g.call.zone = zones.of_person(user.timezone, ALL if user.all_merchants else caller.merchant_ids)

    def zone(self) -> str | None:
        return str(g.call.zone) if g.call.zone else None

    def query(self, exposure: Exposure, given: Mapping[str, Any], actor: Actor) -> Query:
        reader = QueryReader(given, g.call.zone or UTC)
        limit, offset = reader.whole("limit", 20, 1, 1000), reader.whole("offset", 0, 0, 10**9)
        order = reader.order("order", exposure.sorts)
        filters = {
            parameter.filter: reader.filter(name, parameter, exposure)
            for name, parameter in exposure.parameters.items()
        }
        reader.done()
        return Query(
            filters={name: value for name, value in filters.items() if value is not None},
            order=order or (("id", False),), limit=limit, offset=offset,
        )

    # Writing ----------------------------------------------------------------------------------------

    def changed(self, exposure: Exposure, show: Callable[[], Outcome]) -> Outcome:
        return Outcome(1)

    def removed(self, exposure: Exposure, key: int) -> Outcome:
        return Outcome(1)

    def status(self, error: DomainError) -> int:
        if error.code in (UNSUPPORTED, "idempotency_conflict"):
            return 415 if error.code == UNSUPPORTED else 409
        return status_of(error, STATUSES)

    def failure(self, error: DomainError, status: int, fields: Problems) -> Any:
        message, data = self._error_data(error, status, fields)
        if isinstance(error, Unauthenticated):
            return {"error": {"code": AUTHENTICATION_FAILED, "message": "Authentication failed", "data": data}}
        return {"error": {"message": message, "data": data}}

    def rpc_failure(self, error: DomainError, status: int, fields: Problems) -> dict[str, Any]:
        """The error object of JSON-RPC, with the data of REST."""
        message, data = self._error_data(error, status, fields)
        if isinstance(error, Unauthenticated):
            failed: dict[str, Any] = {"code": AUTHENTICATION_FAILED, "message": "Authentication failed"}
            return failed if error.code == "utoken-auth-failed" else failed | {"data": data}
        if isinstance(error, errors.TooLarge):
            return {"code": INVALID_REQUEST, "message": "Invalid Request", "data": data}
        if isinstance(error, errors.NotFound):
            return {"code": NOT_FOUND, "message": message, "data": data}
        if isinstance(error, Invalid):
            return {"code": INVALID_PARAMS, "message": "Invalid params", "data": data}
        if status >= 500 and not isinstance(error, errors.Unavailable):
            return {"code": INTERNAL, "message": "Internal error"}
        return {"code": LOGICAL, "message": message, "data": data}

    def _error_data(self, error: DomainError, status: int, fields: Problems) -> tuple[str, dict[str, Any]]:
        """The message and the data for both protocols."""
        if isinstance(error, errors.NotFound):
            name = self.objects.get(error.noun, error.noun)
            key = printable(str(error.key))
            text = f'Object "{name}({key})" was not found!'
            data = {"code": "not_found", "message": text, "object_name": name, "object_id": key}
            return f"not_found: {text}", data
        if isinstance(error, Invalid):
            known = {path_of(name, one): one for name, one in fields.items()}
            messages = {name: text[:1].upper() + text[1:] for name, text in texts(known).items()}
            return "Invalid request", messages or {"message": error.message}
        if error.code == "internal_error":
            return "An unexpected error occurred", {}
        code = f"{self.objects.get(error.noun, error.noun)}-has-documents" if isinstance(error, InUse) else error.code
        data = {"code": code, "message": error.message, **texts(fields)}
        return f"{code}: {error.message}", data


def path_of(name: str, problem: Problem) -> str:
    """The path of a wrong field; members of all lists are named alike: ids[0], items[0].quantity."""
    return name if problem.code == unknown_names.CODE else MEMBER.sub(r"[\1]", name)


CONTRACT = CoreContract()
