"""Requests that the server itself refuses: JSON with a request id, a row in the log, a closed connection."""

import http.client
import json
import socket
import threading
from contextlib import contextmanager

import pytest

from server.connections import graceful_server
from server.listening import listen
from server.requests import LARGEST_BODY, LARGEST_HEADER

HOST = b"Host: x\r\n"
POST = b"POST /v1/api/public/customers HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /v1/api/public/customers HTTP/1.1\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
BEHIND = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"             # must never be answered as a request of its own


@pytest.fixture(scope="module")
def port(app):
    """The port of a server around the application, in a thread of this process."""
    with served(app) as port:
        yield port


@contextmanager
def served(app, **adjusted):
    with listen("127.0.0.1", 0) as listening:
        serving = graceful_server(app, listening, 2)
        vars(serving.adj).update(adjusted)
        thread = threading.Thread(target=serving.run)
        thread.start()
        yield listening.getsockname()[1]
        serving.stop()
        thread.join(30)
        serving.trigger.close()


@pytest.fixture
def send(port):
    """A function that sends bytes and returns the answers, read until the server closes the connection."""
    return sender(port)


def sender(port):
    def send(sent):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(sent)
            answered = b""
            while part := connection.recv(65536):
                answered += part
        return answered

    return send


def parts_of(answer):
    """Status, headers and body of the only answer."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return int(first.split()[1]), headers, body


@pytest.mark.parametrize("begun", [
    b"GET /v1/api/public/customers HT", GET + HOST + b"X: a", POST + b"Content-Length: 5\r\n\r\n{",
    CHUNKED + b"5\r\nab",
])
def test_a_request_that_stalls_is_answered_before_its_connection_is_closed(app, records, begun):
    with served(app, channel_timeout=0.2, cleanup_interval=0.1) as port:
        status, headers, body = parts_of(sender(port)(begun))
    assert (status, headers["Connection"]) == (408, "close")
    assert json.loads(body)["error"] == "request_timeout"
    assert [record["status"] for record in records] == [408]


def test_a_connection_without_a_request_is_closed_without_an_answer(app):
    with served(app, channel_timeout=0.2, cleanup_interval=0.1) as port:
        assert sender(port)(b"") == b""


REFUSED = {
    "no version": (b"GET /v1/x\r\n\r\n", 400),
    "another version": (b"GET /v1/x HTTP/1.2\r\n" + HOST + b"\r\n", 505),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01", 400),
    "no request": (b"hello\r\n\r\n", 400),
    "a method in small letters": (b"get /v1/x HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a tab in the address": (b"GET /v1/\tx HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a broken URL": (b"GET http://[/v1/x HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a person in a URL": (b"GET http://a:b@x/v1 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "CONNECT": (b"CONNECT x:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "no host": (GET + b"\r\n", 400),
    "two hosts": (GET + HOST + HOST + b"\r\n", 400),
    "two hosts, one of them hidden": (GET + HOST + b"hOST:\ty\r\n\r\n", 400),
    "a host with a path": (GET + b"Host: x/y\r\n\r\n", 400),
    "hosts in a list": (GET + b"Host: x, y\r\n\r\n", 400),
    "a space before the colon": (GET + HOST + b"X : a\r\n\r\n", 400),
    "a folded header": (GET + HOST + b"X: a\r\n b\r\n\r\n", 400),
    "a header without a colon": (GET + HOST + b"X\r\n\r\n", 400),
    "a control character": (GET + HOST + b"X: a\x00b\r\n\r\n", 400),
    "line feeds alone": (b"GET /v1/x HTTP/1.1\nHost: x\n\n", 400),
    "length and coding": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + BEHIND, 400),
    "coding and length": (POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + BEHIND, 400),
    "two lengths": (POST + b"Content-Length: 0\r\nContent-Length: 50\r\n\r\n" + BEHIND, 400),
    "a length with a sign": (POST + b"Content-Length: +5\r\n\r\n" + BEHIND, 400),
    "a length of 5,000 digits": (POST + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", 413),
    "chunked, identity": (POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + BEHIND, 501),
    "gzip, chunked": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + BEHIND, 501),
    "chunked twice": (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + BEHIND, 400),
    "chunked in HTTP/1.0": (
        b"POST /v1/x HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + BEHIND, 400,
    ),
    "no chunk size": (CHUNKED + b"zz\r\n" + BEHIND, 400),
    "a chunk without an end": (CHUNKED + b"2\r\n{}x0\r\n\r\n" + BEHIND, 400),
    "chunks by line feeds": (CHUNKED + b"2\n{}\n0\n\n" + BEHIND, 400),
    "an endless chunk extension": (CHUNKED + b"2;a=" + b"b" * 9000, 400),
    "an endless trailer": (CHUNKED + b"0\r\nX: " + b"y" * 20_000, 400),
    "a chunk larger than any body": (CHUNKED + b"FFFFFFFFFFFF\r\n", 413),
    "a body larger than any": (POST + b"Content-Length: 40000000\r\n\r\n", 413),
    "large headers": (GET + HOST + b"X: " + b"a" * LARGEST_HEADER + b"\r\n\r\n", 431),
    "many headers": (GET + HOST + b"X: a\r\n" * 20_000 + b"\r\n", 431),
    "a long address": (b"GET /v1/" + b"a" * LARGEST_HEADER + b" HTTP/1.1\r\n", 414),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_server_refuses_is_json_with_a_request_id_and_is_logged(send, records, name):
    sent, status = REFUSED[name]
    answer = send(sent)
    assert answer.count(b"HTTP/1.1 ") + answer.count(b"HTTP/1.0 ") == 1, answer
    got, headers, body = parts_of(answer)
    assert got == status
    assert headers["Content-Type"] == "application/json"
    assert headers["Connection"] == "close"
    failure = json.loads(body)
    (row,) = records
    assert failure["requestId"] == headers["X-Request-Id"] == row["request_id"]
    assert row["status"] == status
    assert row["error_code"] == failure["error"]


def test_a_refusal_repeats_nothing_that_was_sent(send):
    planted = GET + HOST + b"X <script>: a\r\n\r\n", b"<script> / HTTP/1.1\r\n\r\n", GET + b"Host: <script>\r\n\r\n"
    for sent in planted:
        assert b"script" not in send(sent)


def test_refusals_at_addresses_of_pages_are_json_too(send, records):
    status, headers, body = parts_of(send(b"GET /admin/customers HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n"))
    assert (status, headers["Content-Type"]) == (400, "application/json")
    assert json.loads(body)["requestId"] == records[0]["request_id"]
    assert records[0]["path"] == "/admin/customers"


def test_the_core_api_answers_a_refusal_as_it_answers_others(send, records):
    _, headers, body = parts_of(send(b"POST /api/customers HTTP/1.1\r\nHost: x\r\nContent-Length: x\r\n\r\n"))
    assert json.loads(body)["error"]["data"]["message"] == "This is not valid HTTP: Content-Length is invalid."
    assert headers["X-Request-Id"] == records[0]["request_id"]
    assert records[0]["contract"] == "core"


def test_what_is_valid_stays_valid(send):
    close = b"Connection: close\r\n\r\n"
    for sent in (
        b"GET /healthz HTTP/1.0\r\n\r\n",
        b"\r\nGET /healthz HTTP/1.1\r\nHost: my_host:8000\r\n" + close,
        b"GET /healthz HTTP/1.1\r\nHost: [::1]:8000\r\n" + close,
        b"GET http://other.example:1/healthz HTTP/1.1\r\nHost: x\r\n" + close,
    ):
        assert parts_of(send(sent))[0] == 200
    chunked = POST + b"Connection: close\r\nTransfer-Encoding: CHUNKED\r\n\r\n2;a=b\r\n{}\r\n0\r\nX: y\r\n\r\n"
    assert parts_of(send(chunked))[0] == 401


def test_a_caller_who_sends_a_whole_large_body_first_still_reads_the_refusal(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", "/v1/api/public/customers", body=b"x" * (LARGEST_BODY + 1))
    answer = connection.getresponse()
    assert answer.status == 413
    assert "1,048,576 bytes" in json.loads(answer.read())["message"]
    connection.close()


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/V1/customers", "/v2/api/public/customers", "/v1.1/x"])
def test_addresses_below_a_version_answer_as_an_api(app, records, path):
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        reply = app.test_client().open(path, method=method)
        assert (reply.status_code, reply.mimetype) == (404, "application/json")
        assert reply.json["requestId"] == reply.headers["X-Request-Id"] == records[-1]["request_id"]
        assert records[-1]["error_code"] == "not_found"


def test_programs_at_an_unknown_address_get_json_and_people_a_page(app, records):
    client = app.test_client()
    for more in ({"headers": {"Accept": "application/json"}}, {"json": {}, "method": "POST"}):
        reply = client.open("/rest/customers", **more)
        assert (reply.status_code, reply.json["error"]) == (404, "not_found")
        assert reply.json["requestId"] == records[-1]["request_id"]
    assert client.delete("/docs", headers={"Accept": "application/json"}).json["error"] == "method_not_allowed"
    assert client.get("/rest/customers", headers={"Accept": "text/html,*/*;q=0.8"}).mimetype == "text/html"
    assert client.get("/voucher").mimetype == "text/html"
