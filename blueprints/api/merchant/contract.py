"""Implements the Merchant API's contract: users' tokens, merchant profiles, form data or JSON, errors by attribute."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from flask import current_app
from flask import request as current
from werkzeug.wrappers import Request

from blueprints.api.contract import Arguments, Contract, Exposure, Operation
from blueprints.api.field import Formats, Problems
from blueprints.api.merchant.description import DESCRIPTION
from blueprints.api.merchant.fields import price
from blueprints.api.merchant.reader import MOST_PER_PAGE, PER_PAGE, QueryReader, id_of
from blueprints.api.money_text import amount
from blueprints.api.rate_limits import rate_limits
from blueprints.api.requests import unknown_names
from blueprints.api.requests.unknown_names import UnknownNames
from blueprints.api.wire import forms, json_reader, transport
from blueprints.api.wire.bodies import UNSUPPORTED, body_of
from blueprints.api.wire.statuses import status_of
from domain import errors, tenants
from domain.access.user_access import unknown_token
from domain.actor import Actor
from domain.errors import DomainError, Forbidden, Invalid, Problem, Unauthenticated
from domain.pages import Page, Query

PROFILE = "profile_id"
NOT_ACCESSIBLE = Problem("unknown", "is not accessible")
UNREADABLE = ("invalid_json", "invalid_form")
AS_SAID = ("invalid_parameter", "invalid_form", "missing_wrapper", "profile_not_accessible")     # no words of a body
BAD_REQUESTS = (*UNREADABLE, "invalid_parameter", "missing_wrapper")
NOT_READABLE = "Request body is not valid JSON or form data"
PLACE = re.compile(r"\[(\d+)\]")
SAID = {                                # the vocabulary of bodies; other mistakes keep their own words
    "blank": "can't be blank", "missing": "can't be blank", "too_long": "is too long",
    "taken": "has already been taken", "inclusion": "is not included in the list", "unknown": "must exist",
    "invalid": "is invalid", "type": "is invalid", "characters": "is invalid", "archived": "is archived",
}
SAID_OF = {"country": "is invalid"}     # by the last part of the name


def moment(value: datetime) -> str:
    """2024-02-12T15:12:37.314Z."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class MerchantContract(Contract):
    """The contract for a merchant's own programs."""

    name = "merchant"
    prefixes = ("/api/v1",)
    created = 200
    steady = True
    limited = True
    idempotent = ("POST", "PUT")
    reads_text = True
    allows_head = False
    unknown_names = UnknownNames.IGNORED
    description = DESCRIPTION
    formats = Formats(
        moment=moment, day=date.isoformat, amount=amount, price=price, moment_form="%Y-%m-%dT%H:%M:%S.000Z",
    )
    list_parameters = ("page", "per_page")
    list_headers = {
        "X-Page": "The page of the rows, from 1 on", "X-Per-Page": "Rows of a page",
        "X-Total": "Rows on all pages", "X-Total-Pages": "The last page",
    }
    call_parameters = (PROFILE,)
    newest_first: tuple[str, ...] = ()      # nouns whose lists begin with the latest row

    # Who --------------------------------------------------------------------------------------------

    def gate(self, request: Request) -> None:
        if current_app.config["REQUIRE_HTTPS"] == "always":
            transport.require_https(request)

    def secret(self, request: Request) -> tuple[str, str]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise Unauthenticated("An API token is required.", code="token_missing")
        return "role user", token.strip()

    def unknown(self, secret: str) -> DomainError:
        rate_limits.spend_wrong_token(current.remote_addr or "")
        return unknown_token()

    def challenge(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}

    def narrow(self, request: Request, actor: Actor) -> Actor:
        """The actor for the merchant profile that the query names, or for the only one."""
        given = request.args.getlist(PROFILE)
        if len(given) > 1:
            raise _wrong_profile("was sent more than once", "repeated")
        wanted = tenants.only(actor) if not given else id_of(given[0])
        if not given and wanted is None and actor.reaches_any:
            raise _wrong_profile("is required", "missing")
        if wanted is None or not (actor.merchant_ids == frozenset({wanted}) or tenants.is_active(actor, wanted)):
            fields = {PROFILE: NOT_ACCESSIBLE}
            raise Forbidden("The merchant profile is not accessible.", code="profile_not_accessible", fields=fields)
        return actor.narrowed(wanted)

    def covers(self, path: str) -> bool:
        """Whether the path begins with a resource of this contract; others of the same prefix are not its own."""
        place = path.removeprefix(self.prefixes[0] + "/")
        return place != path and place.partition("/")[0] in {one.path.split("/")[1] for one in self.operations}

    # Reading ----------------------------------------------------------------------------------------

    def body(self, request: Request, *, optional: bool = False) -> Any:
        raw = body_of(request)
        if not raw:
            return {}
        if request.mimetype in forms.KINDS:
            return forms.read(raw, request.mimetype, request.mimetype_params.get("boundary"))
        found = json_reader.read(raw)
        if not isinstance(found, dict):
            raise Invalid("The body must be a JSON object.", code="invalid_json")
        return found

    def read(self, request: Request, operation: Operation, key: str | None) -> Arguments:
        arguments = super().read(request, operation, key)
        exposure = operation.exposure
        if exposure is None or not operation.takes_body or not exposure.wrapper:
            return arguments
        return replace(arguments, body=self.unwrapped(arguments.body, exposure.wrapper))

    @staticmethod
    def unwrapped(body: Mapping[str, Any], wrapper: str) -> dict[str, Any]:
        """The object under the wrapper's name; names beside it are ignored and told."""
        inner = body.get(wrapper)
        if not isinstance(inner, dict):
            problem = Problem("missing", "is missing") if inner is None else Problem("type", "is invalid")
            raise Invalid(f"The body has no object {wrapper}.", code="missing_wrapper", fields={wrapper: problem})
        unknown_names.note(name for name in body if name != wrapper)
        return inner

    def query(self, exposure: Exposure, given: Mapping[str, list[str]], actor: Actor) -> Query:
        known = self.known_query(given, (*self.list_parameters, *self.call_parameters, *exposure.parameters))
        reader = QueryReader(known)
        page, rows = reader.whole("page", 1), min(reader.whole("per_page", PER_PAGE), MOST_PER_PAGE)
        filters = {
            parameter.filter: reader.filter(name, parameter, exposure)
            for name, parameter in exposure.parameters.items()
        }
        reader.done()
        return Query(
            filters={name: value for name, value in filters.items() if value is not None},
            sort="id", descending=exposure.name in self.newest_first, limit=rows, offset=(page - 1) * rows,
        )

    # Writing ----------------------------------------------------------------------------------------

    def page_headers(self, page: Page) -> Mapping[str, str]:
        return {
            "X-Page": str(page.number), "X-Per-Page": str(page.limit), "X-Total": str(page.total),
            "X-Total-Pages": str(-(-page.total // page.limit)),
        }

    def status(self, error: DomainError) -> int:
        if error.code in BAD_REQUESTS:
            return 400
        if error.code == UNSUPPORTED:
            return 415
        if isinstance(error, errors.Conflict) and error.fields:
            return 422
        return status_of(error)

    def failure(self, error: DomainError, status: int, fields: Problems) -> Any:
        if fields:
            exact = error.code in AS_SAID
            return {PLACE.sub(r".\1", name): [one.text if exact else said(name, one)] for name, one in fields.items()}
        if error.code in UNREADABLE:
            return {"base": [NOT_READABLE]}
        return {"base": [WHOLE_REQUEST.get(status, error.message)]}


WHOLE_REQUEST = {401: "Invalid API token", 404: "not found", 405: "method not allowed"}


def said(name: str, problem: Problem) -> str:
    """A mistake in the contract's vocabulary."""
    if problem.code in ("missing", "range") and name.endswith("_id"):
        return SAID["unknown"]              # of a row that has to be named; no row has such a number
    if problem.code == "range" and problem.values.get("ge") == 1:
        return "must be greater than 0"
    return SAID_OF.get(name.rpartition(".")[2]) or SAID.get(problem.code, problem.text)


def _wrong_profile(text: str, code: str) -> Invalid:
    fields = {PROFILE: Problem(code, text)}
    return Invalid("The merchant profile is not clear.", code="invalid_parameter", fields=fields)


CONTRACT = MerchantContract()
