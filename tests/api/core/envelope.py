"""Checks whether a response has the shape that JSON-RPC 2.0 prescribes."""

import json


def check_answers(raw, reply):
    """Check the envelope of every answer; the error objects in it."""
    if reply.status_code == 204:
        assert reply.data == b""
        return []
    assert reply.mimetype == "application/json", reply.data
    answer = json.loads(reply.data, parse_constant=refuse)
    many = answer if isinstance(answer, list) else [answer]
    assert many
    return [one["error"] for one in many if "error" in checked(one, raw)]


def checked(one, raw):
    assert isinstance(one, dict), raw
    assert one["jsonrpc"] == "2.0"
    assert set(one) in ({"jsonrpc", "result", "id"}, {"jsonrpc", "error", "id"}), one
    assert one["id"] is None or (isinstance(one["id"], str | int | float) and not isinstance(one["id"], bool))
    if "error" in one:
        error = one["error"]
        assert set(error) <= {"code", "message", "data"}
        assert type(error["code"]) is int
        assert isinstance(error["message"], str)
    return one


def refuse(name):
    raise AssertionError(f"{name} is not JSON")
