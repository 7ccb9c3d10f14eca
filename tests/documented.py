"""A test client that holds every answer of a documented operation against its OpenAPI document.

Declared are: the status, each header and the schema of the body (also of a result of JSON-RPC), and what was
accepted: the parameters of the query and the body.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from blueprints.portal.openapi import document
from blueprints.portal.published import PUBLISHED

HERE = "http://127.0.0.1:8000"
# Headers of HTTP and of browsers, which any answer may have; the last three are of the dashboard's session.
OF_EVERY_ANSWER = {
    "content-type", "content-length", "content-encoding", "date", "vary", "cache-control", "connection",
    "x-content-type-options", "x-frame-options", "referrer-policy", "content-security-policy", "permissions-policy",
    "strict-transport-security", "cross-origin-opener-policy", "cross-origin-resource-policy", "set-cookie",
}


class DocumentedClient(FlaskClient):
    """A client whose answers have to be what the documents say."""

    def open(self, *args, **more):
        reply = super().open(*args, **more)
        hold(reply)
        return reply


@dataclass(frozen=True)
class Documented:
    """An operation of a document, with what answers are held against."""

    name: str
    contract: str
    operation: dict[str, Any]

    def resolved(self, status):
        """The response of a status, or None."""
        found = self.operation["responses"].get(status)
        if found is None or "$ref" not in found:
            return found
        return printed(self.contract)["components"]["responses"][found["$ref"].rpartition("/")[2]]

    @property
    def is_of_a_row(self):
        return any(one["in"] == "path" for one in self.operation["parameters"])

    @property
    def parameters(self):
        return {one["name"] for one in self.operation["parameters"] if one["in"] != "header"}


def parsed(text):
    """JSON with exact numbers; whole ones are integers, as in JSON Schema."""
    return json.loads(text, parse_float=number)


def number(text):
    found = Decimal(text)
    if found.is_zero():                              # whatever its exponent
        return 0
    return int(found) if found.adjusted() < 30 and found == found.to_integral_value() else found


@cache
def printed(contract):
    """The document as it is served."""
    return parsed(json.dumps(document(contract, HERE)))


@cache
def operations():
    """Every operation: its method, a pattern of its path, itself."""
    found = []
    for contract, published in PUBLISHED.items():
        for path, methods in printed(contract)["paths"].items():
            escaped = re.escape(published.description.prefix + path)
            pattern = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", escaped) + r"\Z")
            found += [(method.upper(), pattern, Documented(one["operationId"], contract, one))
                      for method, one in methods.items()]
    return sorted(found, key=lambda one: len(one[1].pattern), reverse=True)      # /invoices/{id}.pdf before {id}


@cache
def by_rpc():
    """Every operation that JSON-RPC calls, by the name of its method."""
    found = (one for _, _, one in operations())
    return {one.operation["x-json-rpc-method"]: one for one in found if "x-json-rpc-method" in one.operation}


def operation_of(method, path):
    """The operation that a request calls; what has a fixed path is no id."""
    found = [(verb, one) for verb, pattern, one in operations() if pattern.match(path)]
    fixed = [(verb, one) for verb, one in found if not one.is_of_a_row]
    return next((one for verb, one in fixed or found if verb == method), None)


# Schemas -------------------------------------------------------------------------------------------


def closed(schema):
    """The schema, which allows no property that it does not name, where it names those that are required."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {"additionalProperties": False} if "properties" in schema and "required" in schema else {}
    return shut | {name: closed(one) for name, one in schema.items()}


@cache
def validator(contract, text, *, answers):
    """A validator of a schema in a document; of answers, without properties that the document does not name."""
    components = {"components": {"schemas": printed(contract)["components"]["schemas"]}}
    whole = components | parsed(text)
    return Draft202012Validator(closed(whole) if answers else whole)


def problems(contract, schema, value, row=None):
    """What is wrong with an answer; or with a body, given the row that was answered."""
    text = json.dumps(schema, sort_keys=True, default=float)
    found = validator(contract, text, answers=row is None).iter_errors(value)
    return [f"{'/'.join(map(str, one.absolute_path))}: {one.message[:300]}" for one in found
            if row is None or not (is_lower_case(one) or is_as_it_was(one, row))]


def is_as_it_was(error, row):
    """Whether the value is in the row: what was read may be sent back, also where it would be refused as new."""
    name = error.absolute_path[-1] if error.absolute_path else None
    return name in row and row[name] == error.instance


def is_lower_case(error):
    """Whether the value is one of an enumeration but for its case: codes of countries are taken in both."""
    if error.validator == "enum":
        return str(error.instance).upper() in error.validator_value
    return any(map(is_lower_case, error.context or ()))


# Answers -------------------------------------------------------------------------------------------


def hold(reply):
    """An assertion: the answer, and what it accepted, is what the document of its operation says."""
    request = reply.request
    if request.method == "POST" and request.path == "/":
        hold_results(reply)
        return
    one = operation_of(request.method, request.path)
    if one is None:
        return
    declared = one.resolved(str(reply.status_code))
    place = f"{one.contract} {one.name} answers {reply.status_code}"
    assert declared is not None, f"{place}, which its document does not say: {reply.text[:300]}"
    named = {name.lower() for name in declared.get("headers", {})}
    more = {name.lower() for name in dict(reply.headers)} - named - OF_EVERY_ANSWER
    assert not more, f"{place} with headers that its document does not say: {sorted(more)}"
    content = declared.get("content", {})
    assert bool(content) == bool(reply.data), f"{place} with {reply.data[:300]}, its document has {list(content)}"
    if content:
        assert reply.mimetype in content, f"{place} as {reply.mimetype}, its document has {list(content)}"
        if not reply.content_encoding and reply.is_json:
            wrong = problems(one.contract, content[reply.mimetype]["schema"], parsed(reply.text))
            assert not wrong, f"{place} with another body than its document says: {wrong}"
    if reply.status_code < 400:
        ignored = reply.headers.get("X-Ignored-Parameters", "").split(", ")
        is_readable = reply.data and reply.is_json and not reply.content_encoding
        hold_accepted(one, request, place, ignored, rows_of(json.loads(reply.text) if is_readable else {}))


@cache
def credentials(contract):
    """The query parameters that may have the credential."""
    schemes = printed(contract)["components"]["securitySchemes"].values()
    return {one["name"] for one in schemes if one.get("in") == "query"}


def rows_of(answer):
    """The row of an answer, without its envelope."""
    found = answer.get("data", answer) if isinstance(answer, dict) else {}
    return found if isinstance(found, dict) else {}


def hold_accepted(one, request, place, ignored, row):
    """An assertion: what was accepted is what the document allows, or is as it was in the row."""
    known = one.parameters | set(ignored) | credentials(one.contract)
    unknown = {name.removesuffix("[]") for name in request.args} - known
    assert not unknown, f"{place} to parameters that its document does not have: {sorted(unknown)}"
    sent = sent_by(request)
    if isinstance(sent, dict):                      # the Core API merges both
        sent = {name: value for name, value in sent.items() if name not in one.parameters}
    if not sent or request.method == "GET":
        return
    body = one.operation.get("requestBody")
    assert body, f"{place} to a body, and its document has none: {sent}"
    wrong = problems(one.contract, body["content"]["application/json"]["schema"], sent, row)
    assert not wrong, f"{place} to a body that its document refuses: {wrong}"


def hold_results(reply):
    """An assertion: each result of a JSON-RPC document is what the document says of its method."""
    sent, answered = sent_by(reply.request), parsed(reply.text) if reply.data else None
    calls, answers = (one if isinstance(one, list) else [one] for one in (sent, answered or []))
    named = [(str(one.get("id")), str(one.get("method"))) for one in calls if isinstance(one, dict)]
    ids = Counter(key for key, _ in named)
    methods = {key: method for key, method in named if ids[key] == 1}
    for answer in answers:
        one = by_rpc().get(methods.get(str(answer.get("id"))))
        if one is None or "result" not in answer:
            continue
        statuses = [status for status in one.operation["responses"] if status.startswith("2")]
        schema = one.resolved(statuses[0])["content"]["application/json"]["schema"]
        wrong = problems(one.contract, schema, answer["result"])
        assert not wrong, f"{one.name} answers by RPC with another result than its document says: {wrong}"


def sent_by(request):
    """The body of a request, if it is JSON."""
    stream = request.environ["wsgi.input"]
    if not hasattr(stream, "seek") or stream.closed:
        return None
    stream.seek(0)
    try:
        return parsed(stream.read())
    except ValueError:
        return None
