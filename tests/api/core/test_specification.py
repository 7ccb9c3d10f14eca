"""JSON-RPC 2.0: published test vectors and the specification's examples."""

import json
from decimal import Decimal

import pytest

from config import from_environment
from tests.api.core import specification

VECTORS = from_environment({}).shared_data / "vectors_jsonrpc2" / "vectors.json"
INVALID = {"jsonrpc": "2.0", "error": {"code": -32600, "message": "Invalid Request"}, "id": None}
PARSE_ERROR = {"jsonrpc": "2.0", "error": {"code": -32700, "message": "Parse error"}, "id": None}


def vectors():
    return json.loads(VECTORS.read_text()) if VECTORS.exists() else []


def by_id(answers):
    return sorted(answers, key=lambda one: str(one["id"])) if isinstance(answers, list) else answers


def asked(app, document):
    """The answer to a document, parsed; None for no answer."""
    status, body = specification.answer(app, document if isinstance(document, str) else json.dumps(document))
    assert status == (200 if body else 204)
    return json.loads(body) if body else None


def test_no_published_vector_is_missing():
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS} is not there")
    assert len(vectors()) == 15


@pytest.mark.parametrize("vector", vectors(), ids=lambda one: one["case"])
def test_a_published_vector_gets_its_answer(app, vector):
    expected = vector["response"]
    if vector["request"] == "[1]":
        # The vector comes from a library that answers an object here; the specification says an array.
        assert expected == INVALID
        expected = [INVALID]
    assert by_id(asked(app, vector["request"])) == by_id(expected)


@pytest.mark.parametrize(("request_", "response"), [
    ('{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
     {"jsonrpc": "2.0", "result": 19, "id": 1}),
    ('{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
     {"jsonrpc": "2.0", "result": 19, "id": 3}),
    ('{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', None),
    ('{"jsonrpc": "2.0", "method": "foobar"}', None),
    ('{"jsonrpc": "2.0", "method": "foobar", "id": "1"}',
     {"jsonrpc": "2.0", "error": {"code": -32601, "message": "Method not found"}, "id": "1"}),
    ('{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', PARSE_ERROR),
    ('{"jsonrpc": "2.0", "method": 1, "params": "bar"}', INVALID),
    ("[]", INVALID),
    ("[1]", [INVALID]),
    ("[1,2,3]", [INVALID, INVALID, INVALID]),
    ('[{"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},'
     ' {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}]', None),
])
def test_an_example_of_the_specification_gets_its_answer(app, request_, response):
    assert asked(app, request_) == response


def test_notifications_are_run_and_not_answered(app):
    specification.heard.clear()
    assert asked(app, {"jsonrpc": "2.0", "method": "update", "params": [1, 2]}) is None
    assert asked(app, {"jsonrpc": "2.0", "method": "fail"}) is None
    assert specification.heard == [("update", 1, 2)]


def test_a_batch_answers_its_calls_and_only_those(app):
    specification.heard.clear()
    answers = asked(app, [
        {"jsonrpc": "2.0", "method": "sum", "params": [1, 2, 4], "id": "1"},
        {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
        {"jsonrpc": "2.0", "method": "fail"},
        {"foo": "boo"},
        {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
        {"jsonrpc": "2.0", "method": "fail", "id": 6},
        {"jsonrpc": "2.0", "method": "get_data", "id": "9"},
    ])
    assert [one["id"] for one in answers] == ["1", None, "5", 6, "9"]
    assert answers[0]["result"] == 7
    assert [one["error"]["code"] for one in answers[1:4]] == [-32600, -32601, -32603]
    assert answers[4]["result"] == ["hello", 5]
    assert specification.heard == [("notify_hello", 7)]


@pytest.mark.parametrize("written", [
    "1", "-7", "0", '""', '"a"', '"\\u0000"', '"😀"', "null", "1.5", "1000000000000000000000000000000", "-1.25",
])
def test_an_id_is_echoed_as_it_came(app, written):
    status, body = specification.answer(app, f'{{"jsonrpc": "2.0", "method": "get_data", "id": {written}}}')
    assert status == 200
    assert body.endswith(b'"id":' + written.encode() + b"}")


@pytest.mark.parametrize("written", ["1e400", "1E+2", "-0.0", "1e-400"])
def test_an_id_with_an_exponent_keeps_its_value(app, written):
    _, body = specification.answer(app, f'{{"jsonrpc": "2.0", "method": "get_data", "id": {written}}}')
    assert json.loads(body, parse_float=Decimal)["id"] == Decimal(written)


@pytest.mark.parametrize("written", ["true", "false", "[]", "{}", "[1]", '"\\ud800"'])
def test_an_id_of_another_type_makes_the_request_invalid(app, written):
    assert asked(app, f'{{"jsonrpc": "2.0", "method": "get_data", "id": {written}}}') == INVALID


@pytest.mark.parametrize("member", [
    '"jsonrpc": "1.0"', '"jsonrpc": 2.0', '"jsonrpc": null', '"method": null', '"method": 5', '"params": null',
    '"params": 5', '"params": "x"', '"params": true',
])
def test_a_wrong_member_makes_the_request_invalid_and_keeps_its_id(app, member):
    right = {"jsonrpc": '"jsonrpc": "2.0"', "method": '"method": "get_data"', "params": '"params": []'}
    right[member.split('"')[1]] = member
    assert asked(app, "{" + ", ".join(right.values()) + ', "id": 4}') == INVALID | {"id": 4}


@pytest.mark.parametrize("document", [
    "", " ", "{", "nul", "NaN", '{"a": NaN}', '{"a": Infinity}', '{"jsonrpc": "2.0", "jsonrpc": "2.0"}',
    "[" * 100_000, '{"a":' * 5000, "1" * 5000, '{"id": 1e99999999999999999999}', b"\xff", b'"\xed\xa0\x80"',
    '{"jsonrpc": "2.0", "method": "get_data", "id": 1}}', "[1,]", "\ufeff{}",
], ids=range(17))
def test_what_is_not_json_is_a_parse_error(app, document):
    _, body = specification.answer(app, document)
    assert json.loads(body) == PARSE_ERROR


@pytest.mark.parametrize("document", ["null", "5", '"x"', "true", "1.5", "{}"])
def test_json_that_is_no_call_is_an_invalid_request(app, document):
    assert asked(app, document) == INVALID


def test_other_members_of_a_request_are_ignored(app):
    assert asked(app, {"jsonrpc": "2.0", "method": "get_data", "id": 1, "auth": "x"})["result"] == ["hello", 5]


def test_fifty_calls_are_a_batch_and_fifty_one_are_none(app):
    call = {"jsonrpc": "2.0", "method": "get_data", "id": 1}
    assert len(asked(app, [call] * 50)) == 50
    refused = asked(app, [call] * 51)
    assert refused["error"]["code"] == -32600
    assert refused["id"] is None
    assert refused["error"]["data"] == {"batch": "May have at most 50 calls"}


def test_more_positions_than_parameters_are_invalid_params(app):
    error = asked(app, {"jsonrpc": "2.0", "method": "subtract", "params": [1, 2, 3], "id": 1})["error"]
    assert (error["code"], error["message"]) == (-32602, "Invalid params")
    assert error["data"] == {"params": "Takes at most 2 by position"}


def test_a_crash_reveals_nothing(app):
    error = asked(app, {"jsonrpc": "2.0", "method": "fail", "id": 1})["error"]
    assert error == {"code": -32603, "message": "Internal error"}
