"""Sends a POST to a receiver: to a checked address, within a total deadline, keeping only the first bytes.

The name is resolved once, all of its addresses are checked, and the connection goes to a checked
address: a DNS change between check and connect has no effect. TLS still verifies the name. No
redirects, no proxies, no cookies, no decompression.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException, LineTooLong, RemoteDisconnected
from urllib.parse import urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, ProtocolError

from domain.errors import Invalid
from domain.integrations import addresses
from outbound import resolver
from outbound.resolver import Resolve
from outbound.watchdog import Watch, watchdog

DEADLINE = 10.0                      # seconds for everything: name, connection, TLS, request, response
KEPT = 16 * 1024                     # bytes of a response; the rest is not read
SENTENCES: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "the connection was refused: nothing listens there"),
    (RemoteDisconnected, "the receiver closed the connection without a response"),
    (ConnectionResetError, "the receiver closed the connection early"),
    (BrokenPipeError, "the receiver closed the connection early"),
    (socket.gaierror, "the name of the receiver cannot be resolved"),
    (ssl.SSLError, "no secure connection (TLS) could be made"),
    (LineTooLong, "the response has a line that is too long"),
    (HTTPException, "the response is not HTTP"),
    (ProtocolError, "the response is not HTTP"),
    (UnicodeError, "the address cannot be used"),
)
_tls = ssl.create_default_context()


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a request: a status, or an error message."""

    status: int | None
    error: str | None
    headers: dict[str, str]
    body: bytes
    address: str | None
    duration_ms: int


@dataclass(slots=True)
class PendingRequest:
    """One request in progress."""

    deadline: float
    watch: Watch
    address: str | None = None

    @property
    def left(self) -> float:
        return max(0.05, self.deadline - time.monotonic())


class Refused(Exception):
    """The address may not be called."""


def post(
    url: str,
    body: bytes,
    headers: dict[str, str],
    *,
    allowed: tuple[str, ...] = (),
    resolve: Resolve = resolver.system,
    deadline: float = DEADLINE,
) -> Answer:
    """Send the body; never raises for anything that the receiver or the network does."""
    started = time.monotonic()
    watch = watchdog.watch(deadline)
    pending = PendingRequest(started + deadline, watch)
    status: int | None = None
    error: str | None = None
    got: dict[str, str] = {}
    text = b""
    try:
        target = _target(url, allowed, resolve, pending)
        status, got, text = _send(target, body, headers, pending)
    except (Refused, Invalid) as problem:
        error = f"refused: {problem}"
    except (OSError, HTTPError, HTTPException, UnicodeError, ValueError) as problem:
        error = _late(deadline) if isinstance(problem, TimeoutError) else _words(problem)
    finally:
        watch.finish()
    if watch.expired:                # the response may be incomplete, even in its headers
        status, error = None, _late(deadline)
    return Answer(status, error, got, text, pending.address, int((time.monotonic() - started) * 1000))


def _late(deadline: float) -> str:
    return f"no complete response within {deadline:g} s"


def _words(problem: Exception) -> str:
    """The message of a failure, without internals of libraries."""
    if isinstance(problem, ssl.SSLCertVerificationError):
        return _plain(f"the certificate was refused: {problem.verify_message}")
    reason = getattr(problem, "reason", None)
    cause = reason if isinstance(reason, Exception) else problem
    return _plain(sentence(cause))


def sentence(problem: BaseException) -> str:
    """The message of a network failure."""
    for kind, words in SENTENCES:
        if isinstance(problem, kind):
            return words
    text = getattr(problem, "strerror", None) or str(problem)
    return text[:1].lower() + text[1:] if text else "the connection failed"


def _plain(text: str) -> str:
    """One short line, because errors of libraries may contain the receiver's data."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text.strip())[:200]


@dataclass(frozen=True, slots=True)
class Target:
    """The target: the name for the receiver and TLS, the checked addresses for the socket."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: Sequence[str]


def _target(url: str, allowed: tuple[str, ...], resolve: Resolve, pending: PendingRequest) -> Target:
    addresses.check_url(url, allowed)
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    found = checked(host, port, allowed, resolve, pending.left)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, found)


def _send(
    target: Target, body: bytes, headers: dict[str, str], pending: PendingRequest
) -> tuple[int, dict[str, str], bytes]:
    connection = _connection(target, pending)
    try:
        connection.request("POST", target.path, body, headers, preload_content=False, decode_content=False)
        response = connection.getresponse()
        text = _first_bytes(response, pending)
        return response.status, dict(response.headers.items()), text
    finally:
        connection.close()


def checked(host: str, port: int, allowed: tuple[str, ...], resolve: Resolve, within: float) -> Sequence[str]:
    """The addresses to connect to; raises Refused unless every address of the name may be called."""
    if (known := addresses.literal(host)) is not None:
        found: Sequence[str] = [str(known)]
    else:
        found = resolver.within(within, resolve, host, port)
    if not found:
        raise Refused("the name has no address")
    if not addresses.is_allowed(host.lower(), port, allowed):
        for one in found:
            if not addresses.is_public(ipaddress.ip_address(one.partition("%")[0])):
                raise Refused(f"the host name has a private or reserved address, {addresses.ALLOWED_BY}")
    return found


def _connection(target: Target, pending: PendingRequest) -> "CheckedHttp | CheckedHttps":
    connection: CheckedHttp | CheckedHttps
    if target.scheme == "https":
        connection = CheckedHttps(target.host, target.port, timeout=pending.left, ssl_context=_tls)
    else:
        connection = CheckedHttp(target.host, target.port, timeout=pending.left)
    connection.pending, connection.target = pending, target
    return connection


def _connected(target: Target, pending: PendingRequest) -> socket.socket:
    """A connection to the first address that accepts it; each has its share of the time."""
    for place, address in enumerate(target.addresses):
        pending.address = address
        share = pending.left / (len(target.addresses) - place)
        try:
            sock = socket.create_connection((address, target.port), timeout=share)
            break
        except OSError:
            if place == len(target.addresses) - 1:
                raise
    sock.settimeout(pending.left)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    pending.watch.connected(sock)
    return sock


class CheckedHttp(HTTPConnection):
    """Connects to the checked address without resolving the name again."""

    pending: PendingRequest
    target: Target

    def _new_conn(self) -> socket.socket:
        return _connected(self.target, self.pending)


class CheckedHttps(HTTPSConnection):
    """Connects to the checked address with TLS, verified for the name."""

    pending: PendingRequest
    target: Target

    def _new_conn(self) -> socket.socket:
        return _connected(self.target, self.pending)


def _first_bytes(response: urllib3.BaseHTTPResponse, pending: PendingRequest) -> bytes:
    """The first bytes of the response's body; the rest is not read."""
    kept = b""
    while len(kept) < KEPT and not pending.watch.expired:
        part = response.read(min(4096, KEPT - len(kept)), decode_content=False)
        if not part:
            break
        kept += part
    return kept
