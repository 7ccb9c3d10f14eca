"""Hostile JSON: a parsing suite, unusual strings, every field with every wrong type."""

import json
import tarfile

import pytest

from blueprints.api import public
from blueprints.api.field_map import Amount, Ident, Moment, Price, Words
from blueprints.api.field_parts import Many, One
from config import from_environment
from models import Customer
from tests import cast
from tests.api.public.test_envelope import assert_error

pytestmark = pytest.mark.slow

SHARED = from_environment({}).shared_data
WRONG = {
    "integer": 7, "fraction": 7.5, "huge": 10**30, "true": True, "false": False, "null": None, "text": "\u2603 1",
    "empty text": "", "list": [], "list of text": ["x"], "object": {}, "object of text": {"x": "y"}, "nested": [[[{}]]],
}


def strict(reply):
    """The body, read by a parser that takes JSON only."""
    return json.loads(reply.data, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


@pytest.fixture(scope="module")
def suite():
    archive = SHARED / "bad_json" / "tests.tar.gz"
    if not archive.exists():
        pytest.skip(f"needs the JSON parsing suite: {archive} is not here")
    with tarfile.open(archive) as files:
        return {member.name.split("/")[-1]: files.extractfile(member).read()
                for member in files.getmembers() if "test_parsing" in member.name and member.isfile()}


def test_the_parsing_suite_breaks_nothing_and_gets_nothing_past(api, suite):
    """318 files, each as a whole body and, where it is a value, as a field."""
    assert len(suite) == 318
    for name, content in suite.items():
        whole = api.post("/customers", data=content, content_type="application/json")
        assert whole.status_code < 500, name
        strict(whole)
        if name.startswith("n_"):
            assert_error(whole, 400, "invalid_json")
        inside = b'{"name":"Ada","metadata":' + content + b"}"
        field = api.post("/customers", data=inside, content_type="application/json")
        assert field.status_code < 500, name
        strict(field)
    assert cast.count(Customer) > 0


def test_what_the_suite_says_is_json_is_read_as_such(api, suite):
    for name, content in suite.items():
        if name.startswith("y_") and "duplicated_key" not in name:
            reply = api.post("/customers", data=content, content_type="application/json")
            is_object = content.strip().startswith(b"{")
            assert_error(reply, 422 if is_object else 400, "validation_error" if is_object else "invalid_json")


@pytest.fixture(scope="module")
def naughty():
    path = SHARED / "bad_blns" / "blns.json"
    if not path.exists():
        pytest.skip(f"needs the list of naughty strings: {path} is not here")
    return json.loads(path.read_text())


def test_naughty_strings_are_returned_as_they_were_sent(api, alder, naughty):
    """515 strings as notes of a budget, in chunks as metadata, and as names without the space around them."""
    assert len(naughty) == 515
    customer = f"customer_{cast.make_customer(alder)}"
    work = [{"description": "x", "quantity": 1, "unitPrice": 1}]
    budget = api.post("/budgets", {"customerId": customer, "items": work}).json["data"]["id"]
    for words in naughty:
        reply = api.put(f"/budgets/{budget}", {"notes": words})
        if "\x00" in words or any("\ud800" <= char <= "\udfff" for char in words):
            assert_error(reply, 422, "validation_error")
            continue
        assert reply.status_code == 200, words
        assert strict(reply)["data"]["notes"] == (words if words.strip() else None)
    assert strict(api.get(f"/budgets/{budget}"))["data"]["notes"] == words


def test_naughty_strings_as_names_are_searched_and_found(api, alder, naughty):
    customer = cast.make_customer(alder)
    for words in naughty[::3]:
        if not 1 <= len(words.strip()) <= 200:
            continue
        reply = api.put(f"/customers/customer_{customer}", {"name": words, "metadata": {"x": words[:500]}})
        if reply.status_code == 422:
            assert_error(reply, 422, "validation_error")
            continue
        data = strict(reply)["data"]
        assert (data["name"], data["metadata"]["x"]) == (words.strip(), words[:500])
        found = api.get("/customers", query_string={"search": words})
        assert found.status_code in (200, 400), words


@pytest.mark.parametrize("words", [
    "\x00", "a\x00", "\ud800", "x\ud83d", "\udc00\ud800", "\x00" * 100,
])
@pytest.mark.parametrize(("path", "field"), [
    ("/customers", "name"), ("/customers", "phone"), ("/customers", "email"), ("/customers", "company"),
    ("/products", "name"), ("/products", "sku"), ("/products", "description"), ("/products", "category"),
])
def test_what_a_database_cannot_hold_is_422_on_every_database(api, path, field, words):
    body = json.dumps({"name": "x"} | ({"price": 1} if path == "/products" else {}) | {field: words})
    reply = api.post(path, data=body, content_type="application/json")
    assert assert_error(reply, 422, "validation_error")["details"].keys() == {field}


@pytest.mark.parametrize("words", ["\x00", "\ud800", "k\udfff"])
def test_metadata_holds_neither_names_nor_values_that_cannot_be_stored(api, words):
    for metadata in ({"a": words}, {words: "a"}):
        body = json.dumps({"name": "x", "metadata": metadata})
        assert_error(api.post("/customers", data=body, content_type="application/json"), 422, "validation_error")
    body = json.dumps({"name": "x", "address": {"city": words}})
    assert_error(api.post("/customers", data=body, content_type="application/json"), 422, "validation_error")


@pytest.mark.parametrize("raw", [
    b'{"name": "\xc0\x80"}', b'{"name": "\xed\xa0\x80"}', b'{"name": "\xff"}', b'{"name": "\xf4\x90\x80\x80"}',
    b'\xef\xbb\xbf{"name": "Ada"}', '{"name": "Ada"}'.encode("utf-16"), '{"name": "Ada"}'.encode("utf-32"),
])
def test_bytes_that_are_no_utf_8_are_400(api, raw):
    assert_error(api.post("/customers", data=raw, content_type="application/json"), 400, "invalid_json")


REQUIRED = ("name", "price", "details", "kind", "items", "customer_id", "quantity")


def fits(field, value):
    """May this value stand in this field? Said from the kind of field, as the contract's tables tell it."""
    if value is None:
        return field.name not in REQUIRED and not isinstance(field, Words)
    if isinstance(field, Amount | Price):
        return isinstance(value, int | float) and not isinstance(value, bool) and value <= 1000
    if isinstance(field, One):
        return value == {}
    if field.name == "details":
        return value in ({}, {"x": "y"})
    if isinstance(field, Words):
        return any(value is one for one in field.words.values() if isinstance(one, bool)) and field.name == "active"
    if isinstance(field, Ident | Many | Moment) or field.name in ("email", "currency", "country", "kind", "status"):
        return False
    if field.name == "quantity":
        return value in (7, 7.5)
    return isinstance(value, str) and (value != "" or field.name != "name")


def body_for(path):
    """The least that a creation takes."""
    return {
        "/customers": {"name": "Ada"}, "/products": {"name": "Lamp", "price": 1},
        "/budgets": {"customerId": "customer_1", "items": [
            {"productId": "product_1", "description": "x", "quantity": 1, "unitPrice": 10}]},
    }[path]


def settable(exposure, field):
    """May a creation carry it?"""
    return field.writable and field.name not in exposure.resource.input.only_in_changes


def writable():
    for exposure in (public.CUSTOMERS, public.PRODUCTS, public.BUDGETS):
        for wire, field in exposure.fields.items():
            if settable(exposure, field):
                yield exposure.path, (), wire, field
        for nested, into in (("address", ()), ("items", (0,))):
            for wire, field in getattr(exposure.fields.get(nested), "fields", {}).items():
                if field.writable:
                    yield exposure.path, (nested, *into), wire, field


@pytest.mark.parametrize(("path", "into", "wire", "field"), [
    pytest.param(*one, id=one[0][1:] + "." + ".".join([*map(str, one[1]), one[2]])) for one in writable()
])
def test_each_field_with_each_wrong_type_is_422_and_named(api, alder, path, into, wire, field):
    cast.make_customer(alder)
    cast.make_product(alder)
    for words, value in WRONG.items():
        body = json.loads(json.dumps(body_for(path)))
        place = body
        if into == ("address",):
            place = body["address"] = {}
        elif into:
            place = body["items"][0]
        place[wire] = value
        reply = api.post(path, body)
        if fits(field, value):
            assert reply.status_code == 201, (wire, words, reply.json)
        else:
            details = assert_error(reply, 422, "validation_error")["details"]
            assert any(wire in name for name in details), (wire, words, details)
