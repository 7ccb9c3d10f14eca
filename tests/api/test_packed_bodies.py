"""Bodies packed by gzip are read by every contract, bounded; other codings are refused with what is read."""

import gzip
import json
import zlib

import brotli
import pytest

from tests import cast
from tests.api.core.conftest import Program, token_of

CUSTOMER = {"name": "Ada Packed", "email": "ada@packed.example"}
LIMIT = 1_048_576


def packed(value):
    return gzip.compress(json.dumps(value).encode())


@pytest.fixture
def core(app, alder):
    user = cast.make_user("packed@alder.example", "admin_user", all_merchants=True)
    return Program(app, token_of(user))


@pytest.mark.parametrize("coding", ["gzip", "GZIP", " x-gzip "])
def test_a_packed_body_is_read(api, coding):
    headers = {"Content-Encoding": coding}
    reply = api.post("/customers", data=packed(CUSTOMER), content_type="application/json", headers=headers)
    assert reply.status_code == 201
    assert reply.json["data"]["name"] == "Ada Packed"


@pytest.mark.parametrize("coding", ["", "identity"])
def test_a_plain_body_may_say_so(api, coding):
    assert api.post("/customers", json=CUSTOMER, headers={"Content-Encoding": coding}).status_code == 201


@pytest.mark.parametrize(("coding", "body"), [
    ("deflate", zlib.compress(b"{}")), ("br", brotli.compress(b"{}")), ("zstd", b"{}"), ("gzip, gzip", b"{}"),
    ("gzip, identity", b"{}"), ("*", b"{}"), ("gz", b"{}"),
])
def test_another_coding_is_refused_with_what_is_read(api, coding, body):
    reply = api.post("/customers", data=body, content_type="application/json", headers={"Content-Encoding": coding})
    assert (reply.status_code, reply.json["error"]) == (415, "unsupported_content_encoding")
    assert reply.headers["Accept-Encoding"] == "gzip"
    assert "gzip" in reply.json["message"]


@pytest.mark.parametrize("body", [
    b"{}", packed(CUSTOMER)[:-6], packed(CUSTOMER)[:20], packed(CUSTOMER) + b"x", packed(CUSTOMER) * 2, b"\x1f\x8b",
    packed(CUSTOMER)[:-8] + b"12345678",
])
def test_a_broken_stream_is_refused(api, body):
    reply = api.post("/customers", data=body, content_type="application/json", headers={"Content-Encoding": "gzip"})
    assert (reply.status_code, reply.json["error"]) == (400, "invalid_json")
    assert "not valid gzip" in reply.json["message"]


def test_what_unpacks_to_more_than_the_limit_is_refused_by_every_contract(api, core):
    bomb = gzip.compress(b" " * (20 * LIMIT))
    assert len(bomb) < LIMIT
    headers = {"Content-Encoding": "gzip"}
    reply = api.post("/customers", data=bomb, content_type="application/json", headers=headers)
    assert (reply.status_code, reply.json["error"]) == (413, "payload_too_large")
    for path in ("/clients", "/"):
        reply = core("POST", path, data=bomb, headers=headers)
        assert reply.status_code == 413
        assert "1,048,576 bytes" in json.dumps(reply.json)


def test_the_core_api_reads_compressed_bodies_by_both_protocols(core):
    headers = {"Content-Encoding": "gzip"}
    call = {"jsonrpc": "2.0", "id": 7, "method": "currencies.search", "params": {}}
    assert core("POST", "/", data=packed(call), headers=headers).json["id"] == 7
    reply = core("POST", "/", data=packed(call)[:-3], headers=headers).json
    assert reply["error"]["code"] == -32700
    for path in ("/", "/clients"):
        refused = core("POST", path, data=packed(call), headers={"Content-Encoding": "br"})
        assert refused.status_code == 415
        assert refused.headers["Accept-Encoding"] == "gzip"
