"""Implements the Client API's contract: a customer's token, calls counted by address, errors as text and code."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, g
from werkzeug.wrappers import Request

from blueprints.api import money_text
from blueprints.api.client.description import DESCRIPTION
from blueprints.api.contract import Arguments, Contract, Exposure, Operation
from blueprints.api.field import Formats, Problems
from blueprints.api.rate_limits import Spent, rate_limits
from blueprints.api.requests.holds import PAY_URL
from blueprints.api.requests.unknown_names import UnknownNames
from blueprints.api.wire import json_reader, transport
from blueprints.api.wire.bodies import UNSUPPORTED, body_of
from blueprints.api.wire.statuses import status_of
from domain import errors, settings
from domain.access.customer_access import unknown_token
from domain.actor import Actor
from domain.errors import DomainError, Invalid, Problem, Unauthenticated
from domain.pages import Page, Query
from models.money import exponent

TOKEN = DESCRIPTION.in_query            # the query parameter that may have the token
PAGE, LIMIT = "page", "limit"
PER_PAGE, MOST_PER_PAGE = 20, 100
MOST_ROWS = 10_000                      # of a list without pages
WHOLE = re.compile(r"[1-9]\d{0,8}\Z", re.ASCII)
WHOLE_REQUEST = {
    401: "Invalid API token", 402: "Payment required", 403: "Forbidden", 404: "Resource not found",
    405: "Method not allowed", 429: "Rate limit exceeded", 500: "Internal server error",
}
OWN_WORDS = ("token_missing", "https_required")     # refusals whose sentence says more
ABSENT = ("missing", "blank")


def moment(value: datetime) -> str:
    """2024-01-01 10:00:00, in the installation's time zone."""
    zone = settings.get("system_timezone")
    return value.astimezone(UTC if zone == "UTC" else ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")


def price(micro: int | None, currency: str) -> str | None:
    """A unit price as text, with all its decimals and at least those of the currency."""
    return money_text.price(micro, exponent(currency))


class ClientContract(Contract):
    """The contract for the programs of a merchant's customers."""

    name = "client"
    prefixes = ("/api/v1",)
    limited = True
    counts_addresses = True
    idempotent = ("POST",)
    unknown_names = UnknownNames.IGNORED
    description = DESCRIPTION
    formats = Formats(
        moment=moment, day=date.isoformat, amount=money_text.amount, price=price, moment_form="%Y-%m-%d %H:%M:%S",
        moment_schema={"type": "string", "pattern": r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$"},
    )
    paged: Mapping[str, str] = {"invoices": "issue_on"}     # nouns whose lists have pages, newest first by this

    # Who --------------------------------------------------------------------------------------------

    def counted(self, request: Request) -> Spent | None:
        limit = settings.get("client_api_limit_per_minute")
        if not limit:
            return None
        return rate_limits.spend_by_address(limit, "minute", self.name, request.remote_addr or "")

    def gate(self, request: Request) -> None:
        if current_app.config["REQUIRE_HTTPS"] == "always":
            transport.require_https(request)

    def secret(self, request: Request) -> tuple[str, str]:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and token.strip():
            return "customer", token.strip()
        sent = request.args.get(TOKEN, "")
        if not sent:
            raise Unauthenticated("Authentication required", code="token_missing")
        return "customer", sent

    def unknown(self, secret: str) -> DomainError:
        return unknown_token()

    def challenge(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}

    # Reading ----------------------------------------------------------------------------------------

    def read(self, request: Request, operation: Operation, key: str | None) -> Arguments:
        arguments = super().read(request, operation, key)
        return replace(arguments, query=self.without_token(arguments.query))

    def known_query(self, query: Mapping[str, list[str]], known: tuple[str, ...]) -> Mapping[str, list[str]]:
        return super().known_query(self.without_token(query), known)

    @staticmethod
    def without_token(query: Mapping[str, list[str]]) -> Mapping[str, list[str]]:
        return {name: values for name, values in query.items() if name != TOKEN}

    def body(self, request: Request, *, optional: bool = False) -> Any:
        found = json_reader.read(body_of(request))
        if not isinstance(found, dict):
            raise Invalid("The body must be a JSON object.", code="invalid_json")
        return found

    def query(self, exposure: Exposure, given: Mapping[str, list[str]], actor: Actor) -> Query:
        if exposure.name not in self.paged:
            self.known_query(given, ())
            return Query(sort="id", descending=True, limit=MOST_ROWS)      # all rows at once
        known = self.known_query(given, (PAGE, LIMIT))
        page, rows = whole(known, PAGE, 1), min(whole(known, LIMIT, PER_PAGE), MOST_PER_PAGE)
        sort = self.paged[exposure.name]
        return Query(sort=sort, descending=True, limit=rows, offset=(page - 1) * rows)

    # Writing ----------------------------------------------------------------------------------------

    def collection(self, shown: Any, page: Page) -> Any:
        rows = {"data": shown, "count": len(page.records)}
        if page.limit >= MOST_ROWS:
            return rows
        pages = -(-page.total // page.limit)
        return rows | {"total": page.total, "page": page.number, "limit": page.limit, "pages": pages}

    def status(self, error: DomainError) -> int:
        if isinstance(error, errors.Foreign):
            return 403
        if error.code == UNSUPPORTED:
            return 415
        if isinstance(error, Invalid):
            return 422 if lacks(error.fields) or error.code == "nothing_sent" else 400
        return status_of(error)

    def failure(self, error: DomainError, status: int, fields: Problems) -> Any:
        paid_at = {"pay_url": error.details[PAY_URL]} if PAY_URL in error.details else {}
        return {"error": sentence(error, status, fields), "code": status} | paid_at


def is_creation() -> bool:
    """Whether this call makes a row: an empty text is then as good as none."""
    return bool(g.call.request.method == "POST")


def lacks(fields: Mapping[str, Problem]) -> list[str]:
    """The required fields that were not sent."""
    absent = ABSENT if is_creation() else ABSENT[:1]
    return [name for name, one in fields.items() if one.code in absent]


def sentence(error: DomainError, status: int, fields: Problems) -> str:
    """What is wrong: the missing fields, else the wrong ones, else the whole request."""
    if fields and status == 422:
        names = lacks(fields)
        return f"Missing required field{'s' if len(names) > 1 else ''}: {', '.join(names)}"
    if fields and status == 400:
        return f"Invalid value for {', '.join(fields)}"
    if error.code in OWN_WORDS:
        return error.message
    return WHOLE_REQUEST.get(status, error.message)


def whole(given: Mapping[str, list[str]], name: str, default: int) -> int:
    """A whole number from 1 on among the query parameters."""
    values = given.get(name)
    if values is None:
        return default
    if len(values) > 1 or not WHOLE.match(values[0]):
        problem = Problem("range", "must be a whole number from 1 on")
        raise Invalid("A query parameter cannot be used.", code="invalid_parameter", fields={name: problem})
    return int(values[0])


CONTRACT = ClientContract()
