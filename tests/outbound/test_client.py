"""The HTTP client of webhooks: ends in time and connects to checked addresses only, whatever the receiver does."""

import datetime
import ipaddress
import os
import re
import socket
import ssl
import threading
import time
from http.client import BadStatusLine, RemoteDisconnected

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from urllib3.exceptions import ProtocolError

from outbound import client
from outbound.client import sentence
from tests.outbound.conftest import receiving

HERE = ("127.0.0.1",)
FAST = 0.6                           # seconds: the same machinery as with ten
SOON = FAST + 8                      # on a busy machine; who does not keep the deadline waits 30 s or more


def post(url, **more):
    return client.post(url, b"{}", {"Content-Type": "application/json"}, **{"allowed": HERE, "deadline": FAST} | more)


def open_files():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("path", ["/hang", "/drip", "/dripbody", "/continue"])
def test_a_receiver_that_takes_for_ever_is_left_in_time(receiver, path):
    began = time.monotonic()
    answer = post(receiver.url(path))
    assert time.monotonic() - began < SOON
    assert answer.error == "no complete response within 0.6 s"
    assert answer.status is None


def test_of_a_gigabyte_only_the_first_bytes_are_read(receiver):
    answer = post(receiver.url("/huge"), deadline=5)
    assert answer.status == 200
    assert len(answer.body) == client.KEPT
    assert answer.duration_ms < 3000


@pytest.mark.parametrize("path", ["/close", "/garbage", "/headers"])
def test_an_invalid_response_is_an_error_with_a_message(receiver, path):
    answer = post(receiver.url(path))
    assert answer.status is None
    assert answer.error
    assert answer.error.isprintable()


def test_a_packed_answer_is_not_unpacked(receiver):
    assert len(post(receiver.url("/bomb")).body) < client.KEPT


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(receiver, status):
    answer = post(receiver.url(f"/redirect/{status}"))
    assert answer.status == status
    assert [one["path"] for one in receiver.seen] == [f"/redirect/{status}"]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_in_the_environment_changes_nothing(receiver, monkeypatch, name):
    monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert post(receiver.url("/200")).status == 200


def test_a_closed_port_is_an_error(receiver):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        assert "refused" in post(f"http://127.0.0.1:{taken.getsockname()[1]}/").error


def test_nothing_stays_open(receiver):
    for path in ("/200", "/hang", "/close", "/drip"):
        post(receiver.url(path), deadline=0.2)
    before = open_files()
    for path in ("/200", "/hang", "/close", "/drip") * 3:
        post(receiver.url(path), deadline=0.2)
    assert open_files() <= before


# Names ---------------------------------------------------------------------------------------------


@pytest.fixture
def listening():
    """A socket that nobody may reach, and how many tried."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        sock.settimeout(0.2)
        yield sock


def reached(sock):
    try:
        sock.accept()[0].close()
    except TimeoutError:
        return False
    return True


@pytest.mark.parametrize("found", [
    ["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"],
    ["2002:7f00:1::"], ["fe80::1%lo"], ["224.0.0.1"], ["93.184.216.34", "127.0.0.1"], ["127.0.0.1", "93.184.216.34"],
    ["fd00::1", "2606:4700:4700::1111"], [],
])
def test_a_name_with_a_private_address_is_refused_and_nothing_is_opened(listening, found):
    url = f"http://hooks.example.com:{listening.getsockname()[1]}/"
    answer = post(url, allowed=(), resolve=lambda host, port: found)
    assert answer.error.startswith("refused: ")
    assert not reached(listening)


def test_an_answer_that_changes_after_the_check_changes_nothing(listening):
    """DNS rebinding: the name is asked once, and the connection goes to what was checked."""
    asked = []

    def rebinding(host, port):
        asked.append(host)
        return ["192.0.2.1"] if len(asked) > 1 else ["93.184.216.34"]

    connected = []
    real = socket.create_connection

    def noting(address, *rest, **more):
        connected.append(address)
        raise OSError("not from here")

    socket.create_connection = noting
    try:
        post(f"http://hooks.example.com:{listening.getsockname()[1]}/", allowed=(), resolve=rebinding)
    finally:
        socket.create_connection = real
    assert asked == ["hooks.example.com"]
    assert connected == [("93.184.216.34", listening.getsockname()[1])]


def test_a_name_that_the_operator_allowed_may_have_a_private_address(receiver):
    answer = post(
        f"http://billing.internal:{receiver.port}/200", allowed=("billing.internal",), resolve=lambda *_: ["127.0.0.1"]
    )
    assert answer.status == 200
    assert receiver.seen[0]["headers"]["Host"] == f"billing.internal:{receiver.port}"


def test_the_next_address_is_tried_when_one_does_not_answer(receiver):
    answer = post(
        f"http://billing:{receiver.port}/200", allowed=("billing",), resolve=lambda *_: ["127.0.0.9", "127.0.0.1"]
    )
    assert answer.status == 200
    assert answer.address == "127.0.0.1"


def test_a_resolver_that_hangs_is_left_in_time():
    release = threading.Event()
    began = time.monotonic()
    answer = post("http://hooks.example.com/", resolve=lambda *_: release.wait(30) and [])
    release.set()
    assert time.monotonic() - began < SOON
    assert answer.error == "no complete response within 0.6 s"


def test_a_name_that_does_not_exist_is_an_error_with_a_message():
    def nobody(host, port):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    assert post("http://nobody.example.com/", resolve=nobody).error == "the name of the receiver cannot be resolved"


# TLS -----------------------------------------------------------------------------------------------


def certificate(folder, name):
    """A self-signed certificate for a name, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(datetime.datetime(2000, 1, 1))
        .not_valid_after(datetime.datetime(2100, 1, 1))
        .add_extension(x509.SubjectAlternativeName([
            x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.9")),
        ]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ))
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """A receiver that speaks TLS as hooks.example.com, and its certificate."""
    folder = tmp_path_factory.mktemp("secure")
    cert, key = certificate(folder, "hooks.example.com")
    with receiving(folder, cert, key) as made:
        yield made, cert


def secure_post(made, name, path="/200", **more):
    return post(
        f"https://{name}:{made.port}{path}", allowed=(name,), resolve=lambda *_: ["127.0.0.1"], **{"deadline": 3} | more
    )


def test_a_self_signed_certificate_is_refused(secure):
    answer = secure_post(secure[0], "hooks.example.com")
    assert answer.status is None
    assert answer.error == "the certificate was refused: self-signed certificate"


@pytest.fixture
def trusting(secure, monkeypatch):
    monkeypatch.setattr(client, "_tls", ssl.create_default_context(cafile=secure[1]))
    return secure[0]


def test_a_certificate_for_the_name_is_taken_though_we_connect_to_an_address(trusting):
    assert secure_post(trusting, "hooks.example.com").status == 200


def test_a_certificate_for_another_name_is_refused(trusting):
    answer = secure_post(trusting, "other.example.com")
    assert answer.status is None
    assert answer.error.startswith("the certificate was refused: Hostname mismatch")


@pytest.mark.parametrize("path", ["/hang", "/drip", "/dripbody"])
def test_a_deadline_holds_under_tls_too(trusting, path):
    began = time.monotonic()
    answer = secure_post(trusting, "hooks.example.com", path, deadline=FAST)
    assert time.monotonic() - began < SOON
    assert answer.error == "no complete response within 0.6 s"


def test_a_handshake_that_never_comes_is_left_in_time(listening):
    began = time.monotonic()
    answer = post(f"https://127.0.0.1:{listening.getsockname()[1]}/")
    assert time.monotonic() - began < SOON
    assert answer.error == "no complete response within 0.6 s"


@pytest.mark.parametrize("problem", [
    ConnectionRefusedError(111, "Connection refused"), ConnectionResetError(), RemoteDisconnected("x"),
    BadStatusLine("x"),
    ssl.SSLError(1, "[SSL] wrong version"), OSError(101, "Network is unreachable"), ProtocolError("Connection broken"),
    OSError(), ValueError("odd"), UnicodeError("label empty"),
], ids=lambda one: type(one).__name__)
def test_a_failure_has_a_message_without_names_of_python(problem):
    words = sentence(problem)
    assert words
    assert words[0].islower()
    assert not re.search(r"[a-z][A-Z]|Error|Exception|gaierror|\[", words)
