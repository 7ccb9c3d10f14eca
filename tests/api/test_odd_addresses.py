"""Errors at odd spellings of an API's address are in its shape, with a request id and a row in the log."""

import json
import re
import socket

import pytest

from tests.api.test_refused_requests import parts_of, served

PUBLIC = [
    "/v1%2Fapi%2Fpublic", "//v1/api/public/x", "/V1/api/public/budgets", "/v1/../v1/api/public/budgets",
    "/v1;x/api/public", "/v1;", "/v1%3Bx", "/%761/x", "/v1%00/x", "/v1%20/x", "/v1%5Capi", "/v1\\api", "/./v1/x",
    "/%2e%2e/v1/x", "/v1%252Fapi", "/v1%E2%81%84api", "/%EF%BD%96%EF%BC%91/x", "/admin/../v1/x", "/v1/%2e%2e/admin/x",
]
CLIENT = ["/API/v1/x", "/api;x/v1/x", "/api%20/v1/x", "/api%5Cv1%5Cx", "/%2f%2Fapi/v1/x", "/x/..%2Fapi/v1/x"]
CORE = ["/Clients/1", "/CLIENTS", "/clients;a", "/clients%3Bx/1", "/x/../clients/1", "/Api", "/iam%5Cusers"]
PAGES = ["/admin%2Fx", "/apix", "/clientsx", "/client;x/y", "/v1x/api", "/%C3%BF/v1", "/..", "/%2e"]


@pytest.fixture(scope="module")
def ask(app):
    """A function that asks a real server for an address, exactly as written, as a browser would."""
    with served(app) as port:
        def send(target):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(
                    f"GET {target} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\nConnection: close\r\n\r\n".encode())
                answered = b""
                while part := connection.recv(65536):
                    answered += part
            return parts_of(answered)

        yield send


@pytest.mark.parametrize(("target", "contract", "shape"), [
    *((one, "public", {"error", "message", "details", "timestamp", "requestId"}) for one in PUBLIC),
    *((one, "client", {"error", "code"}) for one in CLIENT),
    *((one, "core", {"error"}) for one in CORE),
])
def test_the_error_is_in_the_shape_of_the_api_that_was_meant(ask, records, target, contract, shape):
    status, headers, body = ask(target)
    assert status in (401, 403, 404)
    assert headers["Content-Type"] == "application/json"
    assert set(json.loads(body)) == shape
    (record,) = records
    assert (record["contract"], record["status"]) == (contract, status)
    assert headers["X-Request-Id"] == record["request_id"]


@pytest.mark.parametrize("target", PAGES)
def test_addresses_that_are_no_spelling_of_an_api_get_pages(ask, records, target):
    status, headers, body = ask(target)
    assert (status, headers["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert re.search(rb"<h1[^>]*>", body)
    assert headers["X-Request-Id"]
