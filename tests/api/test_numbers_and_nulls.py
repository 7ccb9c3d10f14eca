"""Numeric fields of every input take any spelling of a number, or say what is wrong; null is nothing required."""

import json
from decimal import Decimal

import pytest

from blueprints.portal.entries import entries
from blueprints.portal.published import PUBLISHED
from database import db
from models.order import ScheduledPayment
from tests.api.test_every_operation import World, named

pytestmark = pytest.mark.slow

UNIQUE = {"sku", "email", "c_email_billing"}
NAMES_ONCE = {            # required, and taken once
    "discount_codes.create": "code", "price_rules.create": "name", "domains.create": "domain",
}
WRITES = [one for name in PUBLISHED for one in entries(name) if one.body is not None and one.example]
SPELLINGS = ("1e2", "1E2", "100.0", "1.0e+2", "10000e-2", "0.0001e6")
ODD = ("1E+400", "1E-400", "-0.0", "0e999999999", "1e999999999", "-1E+400", "9" * 400, "0." + "0" * 400 + "1", "1e-7")


@pytest.fixture
def world(app, made_once, monkeypatch):
    monkeypatch.setattr("domain.integrations.webhooks.policy.allowed_hosts", ("hooks.example.com",))
    return made_once(World, app)


def numeric(schema, path=()):
    """The paths of numbers in a body's schema."""
    for name, part in schema.get("properties", {}).items():
        here = (*path, name)
        kinds = part.get("type", ())
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if {"number", "integer"} & set(kinds):
            yield here
        yield from numeric(part, here)
        if "items" in part:
            yield from numeric(part["items"], (*here, 0))


def spelled(body, path, number):
    """The body as JSON, with the number spelled like this in one place."""
    whole = {name: value for name, value in json.loads(json.dumps(body)).items() if name not in UNIQUE}
    inner = whole
    for step in path[:-1]:
        inner = inner[step] if isinstance(inner, list) else inner.setdefault(step, [{}] if step == "items" else {})
    inner[path[-1]] = "@@"
    return json.dumps(whole).replace('"@@"', number)


def send(world, one, key, text):
    own = {"public": world.public, "merchant": world.shop, "client": world.client}
    caller = own.get(one.contract.name) or world.core_for(one)
    path = one.operation.path.replace("{key}", str(key)) if key else one.operation.path
    if "{order_id}" in path:
        path = path.replace("{order_id}", str(db.session.get(ScheduledPayment, key).order_id))
    return caller(one.operation.method, path, data=text, content_type="application/json")


def repeatable(one, body, number):
    """The body changed so that the call may be sent once for each number."""
    if one.name in NAMES_ONCE:
        name = f"AGAIN{number}"
        return body | {NAMES_ONCE[one.name]: f"{name}.example" if one.name == "domains.create" else name}
    return body | {"preview": True} if one.name == "orders.change" else body       # a plan is not changed to itself


def value_at(answer, path):
    for step in path:
        answer = answer[step]
    return answer


@pytest.mark.once("is about how a number is spelled; what is stored is the same number")
@pytest.mark.parametrize("one", WRITES, ids=named)
def test_a_number_may_be_spelled_with_an_exponent_in_every_numeric_field(world, one):
    paths = list(numeric(one.body))
    key = world.row(one) if "{key}" in one.operation.path and paths else None
    for path in paths:
        plain = send(world, one, key, spelled(repeatable(one, world.body(one), 0), path, "100"))
        for place, number in enumerate(SPELLINGS, 1):
            reply = send(world, one, key, spelled(repeatable(one, world.body(one), place), path, number))
            assert reply.status_code == plain.status_code, (path, number, reply.json)
            if reply.status_code >= 400:
                continue
            shown = reply.json.get("data", reply.json) if isinstance(reply.json, dict) else {}
            if isinstance(shown, dict) and path[0] in shown and "id" in shown:
                first = plain.json.get("data", plain.json)
                assert value_at(shown, path) == value_at(first, path), (path, number)
        for number in ODD:
            reply = send(world, one, key, spelled(world.body(one), path, number))
            assert reply.status_code < 500, (path, number, reply.json)
            json.loads(reply.data, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
            if reply.status_code >= 400 and one.contract.name != "merchant":     # which has a map of messages
                assert "error" in reply.json


@pytest.mark.once("is refused for its form, before it reaches SQL")
@pytest.mark.parametrize("one", WRITES, ids=named)
def test_null_for_a_required_field_is_refused_and_named(world, one):
    key = world.row(one) if "{key}" in one.operation.path else None
    nullable = {name for name, part in one.body["properties"].items()
                if "null" in part.get("type", ()) or "type" not in part}
    required = set(one.body.get("required", ()))
    assert not required & nullable, f"{named(one)}: required, and null"
    for name in set(one.body["properties"]) - nullable:
        reply = send(world, one, key, spelled(world.body(one), (name,), "null"))
        assert reply.status_code in (400, 422), (name, reply.json)
        said = {
            "public": lambda answer: answer["details"], "merchant": lambda answer: answer,
            "core": lambda answer: answer["error"]["data"], "client": lambda answer: answer["error"],
        }[one.contract.name](reply.json)
        assert name in said, (name, said)


def test_amounts_in_queries_may_have_exponents_and_more_decimals_than_a_currency(world):
    (budget,) = world.public.get("/budgets").json["data"]
    total = Decimal(str(budget["total"]))
    for least, most in ((f"{total:.3e}", f"{total:E}"), (f"{total}0000001", "9e14"), ("0e999", f"{total - 1}9")):
        both = {"minTotal": least, "maxTotal": most}
        expected = [budget["id"]] if Decimal(least) <= total <= Decimal(most) else []
        assert [one["id"] for one in world.public.get("/budgets", query_string=both).json["data"]] == expected, both
    for number, code in (("1E+400", "range"), ("9.1e14", "range"), ("-0.0", "type"), ("NaN", "type"), ("1e", "type")):
        reply = world.public.get("/budgets", query_string={"minTotal": number})
        (wrong,) = reply.json["details"]["fields"]
        assert (reply.status_code, wrong["field"], wrong["code"]) == (400, "minTotal", code), number


def test_whole_numbers_of_a_search_may_have_an_exponent_in_json(world):
    assert len(world.core.result("accounting.currencies.search", {"limit": 3})) == 3
    for number in (Decimal("3.0"), Decimal("3e0"), Decimal("0.3e1")):
        raw = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "accounting.currencies.search",
                          "params": {"limit": "@@"}}).replace('"@@"', str(number))
        assert len(world.core("POST", "/", data=raw).json["result"]) == 3
    for number in ("1E+400", "1e-400", "1001", "-0.0"):
        raw = '{"jsonrpc":"2.0","id":1,"method":"accounting.currencies.search","params":{"limit":' + number + "}}"
        error = world.core("POST", "/", data=raw).json["error"]
        assert error["data"] == {"limit": "Must be an integer from 1 to 1000"}, number
