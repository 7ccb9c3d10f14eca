"""Implements the Public API's contract: bearer keys, page and limit, {data, pagination, meta}, prefixed ids."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from flask import g
from pydantic_core import PydanticCustomError
from werkzeug.wrappers import Request

from blueprints.api.contract import Contract, Exposure, Parameter
from blueprints.api.field import Formats, Problems, texts
from blueprints.api.field_map import number_after
from blueprints.api.public import rate_limit
from blueprints.api.public.description import DESCRIPTION
from blueprints.api.requests import unknown_names
from blueprints.api.requests.holds import PAY_URL
from blueprints.api.wire import json_reader
from blueprints.api.wire.bodies import UNSUPPORTED, body_of
from blueprints.api.wire.numbers import amount, price
from blueprints.api.wire.statuses import status_of
from domain import clock, errors, zones
from domain.actor import Actor
from domain.errors import DomainError, Invalid, Unauthenticated
from domain.inputs import times
from domain.pages import Page, Query

EXPECTED = "Authorization: Bearer bk_live_..."
WHOLE = re.compile(r"\d{1,9}\Z", re.ASCII)
LARGEST_WHOLE = 10**9 - 1
NUMBER = re.compile(r"\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?\Z", re.ASCII)
LARGEST_AMOUNT = 9 * 10**14
TEN_THOUSANDTHS = 10**4                 # the smallest unit of any currency
VERSION = re.compile(r"/v\d+([./]|\Z)", re.ASCII | re.IGNORECASE)
PATCHES = ("application/merge-patch+json", "application/json-patch+json")    # they mean other changes than ours
MAX_LIMIT = 100
LONGEST_SEARCH = 200


class PublicContract(Contract):
    """Server to server: budgets, customers, products."""

    name = "public"
    prefixes = ("/v1/api/public", "/api/public")
    https_only = True
    steady = True
    limited = True
    several_limits = True
    idempotent = ("POST",)
    codes_fields = True
    changes_also = ("PATCH",)               # both change only the fields that are sent
    description = DESCRIPTION
    formats = Formats(moment=None, day=None, amount=amount, price=price)     # the JSON writer does RFC 3339
    list_parameters = ("page", "limit", "search", "createdAfter", "createdBefore", "sort", "order")

    # Reading ------------------------------------------------------------------------------------

    def secret(self, request: Request) -> tuple[str, str]:
        header = request.headers.get("Authorization")
        if not header:
            raise Unauthenticated("An API key is required.", details={"expected": EXPECTED})
        scheme, _, secret = header.partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthenticated("An API key is required.", details={"expected": EXPECTED})
        return "integration", secret.strip()

    def covers(self, path: str) -> bool:
        """Below /v1 everything, and whatever looks like another version: these are programs' addresses."""
        return VERSION.match(path) is not None or super().covers(path)

    def body(self, request: Request, *, optional: bool = False) -> Any:
        kind = request.mimetype
        if kind in PATCHES:
            raise DomainError(
                "Send the body as application/json: a list, address or metadata in it replaces the former one whole.",
                code="unsupported_media_type",
            )
        if kind and kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
            raise DomainError("Send the body as application/json.", code="unsupported_media_type")
        raw = body_of(request)
        if optional and not raw:
            return None
        return json_reader.read(raw)

    def query(self, exposure: Exposure, given: Mapping[str, list[str]], actor: Actor) -> Query:
        known = (*self.list_parameters, *exposure.parameters)
        reader = QueryReader(given, known, actor)
        page = reader.whole("page", 1)
        limit = min(reader.whole("limit", 10), MAX_LIMIT)
        sort = reader.choice("sort", {**exposure.sorts}, "createdAt")
        descending = reader.choice("order", {"asc": False, "desc": True}, "asc" if "sort" in given else "desc")
        filters = reader.span()
        for name, parameter in exposure.parameters.items():
            filters[parameter.filter] = reader.filter(name, parameter, exposure)
        search = reader.text("search")
        reader.done()
        return Query(
            filters={name: value for name, value in filters.items() if value is not None},
            search=search or "", sort=sort, descending=descending, limit=limit, offset=(page - 1) * limit,
        )

    # Writing ------------------------------------------------------------------------------------

    def meta(self) -> dict[str, Any]:
        return {"requestId": g.call.request_id, "timestamp": clock.now()}

    def item(self, shown: Any) -> Any:
        return {"data": shown, "meta": self.meta()}

    def collection(self, shown: Any, page: Page) -> Any:
        numbers = {"page": page.number, "limit": page.limit, "total": page.total, "hasMore": page.more}
        return {"data": shown, "pagination": numbers, "meta": self.meta()}

    def status(self, error: DomainError) -> int:
        if error.code in ("invalid_json", "invalid_parameter", "idempotency_key_invalid"):
            return 400
        if error.code in ("unsupported_media_type", UNSUPPORTED):
            return 415
        return status_of(error)

    def failure(self, error: DomainError, status: int, fields: Problems) -> Any:
        return {
            "error": self.logged_code(error),
            "message": error.message,
            "details": self._details(error, fields),
            "timestamp": clock.now(),
            "requestId": g.call.request_id,
        }

    def logged_code(self, error: DomainError) -> str:
        return "validation_error" if error.code == "invalid" else error.code.replace("-", "_")

    def _details(self, error: DomainError, fields: Problems) -> dict[str, Any]:
        if isinstance(error, errors.NotFound):
            return {}
        details = {camel(name): value for name, value in error.details.items()} | texts(fields)
        if isinstance(error, errors.LimitExceeded):
            reset = datetime.fromtimestamp(error.details["reset"], UTC)
            paid_at = {PAY_URL: details[PAY_URL]} if PAY_URL in details else {}
            several = {"windows": rate_limit.windows(details["windows"])} if "windows" in details else {}
            return {"limit": details["limit"], "remaining": details["remaining"], "resetAt": reset} | several | paid_at
        listed = [{"field": name, "code": one.code, "message": one.text} for name, one in fields.items()]
        return details | ({"fields": listed} if listed else {})          # no field has this name

    def challenge(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


def camel(name: str) -> str:
    """A name of the domain as this contract spells names: pendingBudgets."""
    first, *others = name.split("_")
    return first + "".join(one.capitalize() for one in others)


class QueryReader:
    """Reads query parameters, each once; collects all mistakes as `invalid_parameter`."""

    def __init__(self, given: Mapping[str, list[str]], known: tuple[str, ...], actor: Actor):
        self.given = given
        self.actor = actor
        self.problems: dict[str, errors.Problem] = {}
        if not given.keys() <= set(known):
            wrong = unknown_names.problems(given, known)
            self.problems |= {path.removeprefix(unknown_names.SENT): one for path, one in wrong.items()}

    def _one(self, name: str) -> str | None:
        values = self.given.get(name)
        if values is None:
            return None
        if len(values) > 1:
            self._wrong(name, "was sent more than once", "repeated")
        return values[0]

    def _wrong(self, name: str, text: str, code: str) -> None:
        self.problems.setdefault(name, errors.Problem(code, text))

    def whole(self, name: str, default: int) -> int:
        """A whole number from 1 on, with at most nine digits."""
        text = self._one(name)
        if text is None:
            return default
        if not WHOLE.match(text) or int(text) < 1:
            self._wrong(name, f"must be a whole number from 1 to {LARGEST_WHOLE:,}", "range")
            return default
        return int(text)

    def text(self, name: str) -> str | None:
        text = self._one(name)
        if text is not None and ("\x00" in text or "\ufffd" in text):
            self._wrong(name, "contains characters that cannot be searched for", "characters")
        if text is not None and len(text) > LONGEST_SEARCH:
            self._wrong(name, f"must have at most {LONGEST_SEARCH} characters", "too_long")
        return text.strip() if text else text

    def choice(self, name: str, known: Mapping[str, Any], default: str) -> Any:
        text = self._one(name)
        if text is not None and text not in known:
            self._wrong(name, "must be one of " + ", ".join(known), "inclusion")
        return known[text if text is not None and text in known else default]

    def span(self) -> dict[str, Any]:
        """The period in which the rows were created, both ends included."""
        after, before = self.moment("createdAfter"), self.moment("createdBefore")
        if before is not None and before.microsecond == 0:
            before += timedelta(microseconds=999_999)       # rows show whole seconds and must be found by them
        if after is not None and before is not None and after > before:
            self._wrong("createdAfter", "must not be after createdBefore", "contradiction")
        return {"created_after": after, "created_before": before}

    def moment(self, name: str) -> datetime | None:
        """An ISO 8601 time; a bare day of the merchant's means its first instant, in a …Before its last."""
        text = self._one(name)
        if text is None:
            return None
        if "T" in text:
            text = text.replace(" ", "+")       # the plus of an offset that was not escaped
        try:
            zone = zones.of_actor(self.actor) if times.DAY.match(text) else UTC
            return times.moment(text, zone, end_of_day=name.endswith("Before"))
        except PydanticCustomError as problem:
            self._wrong(name, problem.message(), problem.type)
            return None

    def filter(self, name: str, parameter: Parameter, exposure: Exposure) -> Any:
        """The typed value of a filter, or None."""
        text = self._one(name)
        if text is None:
            return None
        if parameter.words is not None:
            return self.choice(name, parameter.words, next(iter(parameter.words)))
        if parameter.prefix:
            key = number_after(parameter.prefix, text)
            if key is None:
                self._wrong(name, f"must be an id such as {parameter.prefix}123", "invalid")
            return key
        kind = exposure.resource.listing.filters[parameter.filter].kind
        if kind == "amount":
            return self._amount(name, text)
        return self.text(name)

    def _amount(self, name: str, text: str) -> int | None:
        """A number in ten-thousandths."""
        if not NUMBER.match(text.replace(" ", "+")):        # a plus that was not escaped
            self._wrong(name, "must be a number from 0 on", "type")
            return None
        value = Decimal(text.replace(" ", "+"))
        if value > LARGEST_AMOUNT:
            self._wrong(name, f"must be at most {LARGEST_AMOUNT:,}", "range")
            return None
        rounding = ROUND_CEILING if name.startswith("min") else ROUND_FLOOR     # no amount lies between
        return int((value * TEN_THOUSANDTHS).to_integral_value(rounding))

    def done(self) -> None:
        """Raises Invalid (`invalid_parameter`) when anything was wrong."""
        if self.problems:
            raise Invalid(
                "Some query parameters cannot be used.", code="invalid_parameter", fields=self.problems
            )
