"""Requests whose body is not sent to its end: refused or closed, logged, nothing written, no thread held."""

import socket
from contextlib import closing

import pytest

from database import db
from models.customer import Customer
from models.logo import Logo
from models.statement_row import StatementRow
from models.ticket import Ticket
from tests import cast
from tests.admin.conftest import TOKEN, Visitor
from tests.api.client.conftest import token_of as client_token
from tests.api.merchant.conftest import token_of
from tests.api.test_refused_requests import parts_of, served
from tests.pictures import png

pytestmark = pytest.mark.once("is about what the server reads of a request")

BOUNDARY = "----cut"
CSV = b"date,amount,currency,payer,reference\n2026-01-31,10.00,EUR,Ada,none\n"


def multipart(fields, files):
    """A multipart body."""
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ] + [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n'.encode()
        + b"Content-Type: application/octet-stream\r\n\r\n" + raw + b"\r\n"
        for name, (file, raw) in files.items()
    ]
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


@pytest.fixture
def logged():
    return []


@pytest.fixture
def own(install, logged):
    """An application that threads can use at once, which tells what it logs."""
    made = install(sink=logged.append)
    with made.app_context():
        yield made
        db.session.remove()


@pytest.fixture
def uploads(own):
    """What can be uploaded: address, headers, body and the table that it would fill."""
    alder = cast.make_merchant()
    cast.make_user("ada@alder.example", "admin_user", [alder])
    visitor = Visitor(own)
    visitor.sign_in("ada@alder.example")
    csrf = TOKEN.search(visitor.get("/admin/account").text)[1]
    cookie = visitor.client.get_cookie("session")
    signed = {"Cookie": f"session={cookie.value}"}
    form = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    user = cast.make_user("shop@alder.example", "admin_user", merchant_ids=[alder], api_access=True)
    shop = {"Authorization": f"Bearer {token_of(user)}"}
    person = cast.make_customer(alder, "Cleo", email="cleo@example.org")
    client = {"Authorization": f"Bearer {client_token(person)}", "Content-Type": "application/json"}
    customer = {"customer[first_name]": "Ada", "customer[last_name]": "Hopper", "customer[email]": "h@example.org"}
    return {
        "logo": (f"/admin/merchants/{alder}/logo", signed | form,
                 multipart({"csrf_token": csrf}, {"image": ("logo.png", png())}), Logo),
        "statement": ("/admin/statement_upload", signed | form,
                      multipart({"csrf_token": csrf}, {"file": ("bank.csv", CSV)}), StatementRow),
        "ticket": ("/admin/tickets", signed | form, multipart(
            {"csrf_token": csrf, "subject": "Help", "message": "x", "customer_id": person},
            {"files": ("a.txt", b"x" * 5000)}), Ticket),
        "merchant": ("/api/v1/customers", shop | form, multipart(customer, {}), Customer),
        "client": ("/api/v1/tickets", client, b'{"subject": "Help", "message": "It is broken"}', Ticket),
    }


def rows(model):
    db.session.rollback()
    return db.session.query(model).count()


def head(path, headers, *more):
    lines = [f"POST {path} HTTP/1.1", "Host: x", *(f"{name}: {value}" for name, value in headers.items()), *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def answer_to(port, raw, *, end):
    """What is answered to these bytes; `end` says that nothing more will come."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as connection:
        connection.sendall(raw)
        if end:
            connection.shutdown(socket.SHUT_WR)
        answered = b""
        while part := connection.recv(65536):
            answered += part
    return answered


def cut(path, headers, body, how):
    """The first part of a request whose body ends in the middle."""
    if how == "length":
        return head(path, headers, f"Content-Length: {len(body)}") + body[:len(body) * 2 // 3]
    return head(path, headers, "Transfer-Encoding: chunked") + f"{len(body):x}\r\n".encode() + body[:-len(body) // 3]


@pytest.mark.parametrize("how", ["length", "chunked"])
@pytest.mark.parametrize(("end", "expected"), [(True, 400), (False, 408)], ids=["ended", "silent"])
def test_a_body_that_stops_in_the_middle_is_refused_and_logged(own, logged, uploads, how, end, expected):
    with served(own, channel_timeout=0.3, cleanup_interval=0.1) as port:
        for path, headers, body, model in uploads.values():
            before = rows(model)
            logged.clear()
            status, said, _ = parts_of(answer_to(port, cut(path, headers, body, how), end=end))
            assert (status, said["Connection"]) == (expected, "close")
            assert rows(model) == before
            (record,) = logged
            assert (record["status"], record["path"]) == (status, path)
            assert record["request_id"] == said["X-Request-Id"]


# werkzeug leaves the file of a form that it cannot read to the collector.
@pytest.mark.filterwarnings("ignore:.*SpooledTemporaryFile.__del__:pytest.PytestUnraisableExceptionWarning")
def test_a_body_that_is_shorter_than_its_parts_writes_nothing(own, uploads):
    with served(own) as port:
        for path, headers, body, model in uploads.values():
            for length in (len(body) // 3, len(body) * 2 // 3, len(body) - len(BOUNDARY) - 4):
                before, half = rows(model), body[:length]
                raw = head(path, headers, f"Content-Length: {length}", "Connection: close") + half
                status = parts_of(answer_to(port, raw, end=False))[0]
                assert status in (400, 422), (path, length, status)
                assert rows(model) == before


def test_the_whole_body_is_taken(own, uploads):
    """So that the others fail by their length alone."""
    with served(own) as port:
        for path, headers, body, model in uploads.values():
            before = rows(model)
            raw = head(path, headers, f"Content-Length: {len(body)}", "Connection: close") + body
            answered = answer_to(port, raw, end=False)
            assert parts_of(answered)[0] in (200, 201, 303), answered
            assert rows(model) == before + 1, answered


def test_half_sent_bodies_hold_no_thread(own, uploads):
    path, headers, body, _ = uploads["logo"]
    with served(own) as port:                       # with two threads
        waiting = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(20)]
        for one in waiting:
            one.sendall(cut(path, headers, body, "length"))
        asked = head("/v1/api/public/customers", {}, "Content-Length: 0", "Connection: close")
        assert parts_of(answer_to(port, asked, end=False))[0] == 401
        for one in waiting:
            one.close()
