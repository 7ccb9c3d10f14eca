"""Reads HTTP requests, more strictly than waitress.

What two programs could read differently is refused: otherwise a proxy in front and this server may disagree
about where a request ends. A refusal has a status and a sentence that never repeats what was sent.
"""

import re
from typing import Any

from waitress.parser import HTTPRequestParser, ParsingError, split_uri
from waitress.receiver import ChunkedReceiver
from waitress.utilities import BadRequest, Error

LARGEST_BODY = 32 * 1024 * 1024     # bytes; above the application's own limits, whose errors explain them
LARGEST_HEADER = 64 * 1024          # bytes of the request line and all headers together
LONGEST_LINE = 4096                 # bytes of a chunk's size with its extensions
LONGEST_TRAILER = 8192
LONGEST_PATH = 500                  # characters of a refused request's address that the application is told
UNREADABLE = "-"                    # the method, for the application, if the first line could not be read

BARE_LF = re.compile(rb"(?<!\r)\n")
METHOD_LIKE = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z\r\n]")
TARGET = re.compile(rb"(?:/|\*\Z|https?://(?P<host>[^/?#]*))[\x21-\x7e]*", re.IGNORECASE)
HOST = re.compile(rb"(?:[A-Za-z0-9._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")
REQUEST_LINE = re.compile(rb"(?P<method>[A-Z]{1,16}) (?P<target>/[\x21-\x7e]*)(?=[ ]|\Z)")
LENGTH = re.compile(rb"[0-9]{19,}")             # more than any body has, and more than Python turns into a number
VERSIONS = (b"HTTP/1.0", b"HTTP/1.1")
CUT_OFF = "The connection ended before the body did"
UNKNOWN_VERSION, TOO_LARGE = "Unknown version", "Too large"
CODES = {UNKNOWN_VERSION: 505, TOO_LARGE: 413}
NAMES = ("Host", "Content-Length", "Transfer-Encoding")
SENTENCES = {
    408: "The rest of this request did not arrive in time.",
    413: f"The request is larger than this server takes: {LARGEST_BODY:,} bytes.",
    414: f"The address of this request is too long: with all headers it may have {LARGEST_HEADER:,} bytes.",
    431: f"The headers of this request are too large: together they may have {LARGEST_HEADER:,} bytes.",
    501: "This transfer coding is not supported: send `Transfer-Encoding: chunked`, or a Content-Length.",
    505: "This version of HTTP is not supported: send HTTP/1.1.",
}


class RequestTimeout(Error):  # type: ignore[misc]
    code = 408
    reason = "Request Timeout"


class BoundedChunks(ChunkedReceiver):  # type: ignore[misc]
    """Receives a chunked body; lines between the chunks are short."""

    def received(self, data: bytes) -> int:
        used: int = super().received(data)
        if len(self.control_line) > LONGEST_LINE or len(self.trailer) > LONGEST_TRAILER:
            self.error = BadRequest("Chunk size or trailer too long")
        elif b"\n" in self.control_line:
            self.error = BadRequest("Bare line feed in a chunk")
        elif self.chunk_remainder > LARGEST_BODY:
            self.error = BadRequest(TOO_LARGE)
        return used


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """Parses one request; a refused one has a `refusal` and as much of its first line as could be read."""

    refusal: tuple[int, str] | None = None
    error: Error | None
    completed: bool
    path: str
    body_rcv: Any

    def received(self, data: bytes) -> int:
        if self.completed:
            return 0
        in_header = self.body_rcv is None
        head = self.header_plus + data if in_header else b""
        if in_header and b"\r\n\r\n" not in head and _is_no_http(head):
            self.error, self.completed, used = BadRequest("Bare line feed, or no request line"), True, len(data)
        else:
            used = super().received(data)
        if self.error is not None:
            self._refuse(self.error, head)
        return used

    @property
    def is_in_body(self) -> bool:
        """Whether a part of the body is missing."""
        return self.body_rcv is not None and not self.completed

    def give_up(self, *, ended: bool = False) -> None:
        """Refuse the request, whose rest does not arrive; `ended` says that the caller ended the connection."""
        self.error, self.completed = BadRequest(CUT_OFF) if ended else RequestTimeout("Stalled"), True
        self._refuse(self.error, self.header_plus if self.body_rcv is None else b"")

    def parse_header(self, header_plus: bytes) -> None:
        lines = header_plus.split(b"\r\n")
        host = check_first_line(lines[0])
        codings = check_lines(lines[1:])
        super().parse_header(header_plus)
        if codings and self.version == "1.0":
            raise ParsingError("Transfer-Encoding in HTTP/1.0")
        if host is not None:                            # of an absolute address, which has precedence
            self.headers["HOST"] = host
            self.path = self.path or "/"
        if self.version == "1.1" and "HOST" not in self.headers:
            raise ParsingError("No Host header")
        if self.chunked:
            self.body_rcv = BoundedChunks(self.body_rcv.getbuf())

    def _refuse(self, error: Error, head: bytes) -> None:
        """Say why, and keep of the request what can be told and logged."""
        first, _, rest = head.lstrip().partition(b"\r\n")
        code = CODES.get(error.body, error.code)
        if code == 431 and not rest:
            code = 414
        self.refusal = code, SENTENCES.get(code) or f"This is not valid HTTP: {_sentence(error.body)}."
        if head:                                        # known already, once a body arrives
            self._keep(first)
        for name in ("CONTENT_LENGTH", "CONNECTION"):       # there is no body any more, nor another request
            self.headers.pop(name, None)

    def _keep(self, first: bytes) -> None:
        known = REQUEST_LINE.match(first)
        self.command = known["method"].decode() if known else UNREADABLE
        target = known["target"][:LONGEST_PATH] if known else b"/"
        self.url_scheme = self.adj.url_scheme
        self.request_uri = target.decode()
        _, _, self.path, self.query, _ = split_uri(target)


def check_lines(lines: list[bytes]) -> list[bytes]:
    """Raises ParsingError for headers that are read in several ways; returns the transfer codings."""
    if any(line.startswith((b" ", b"\t")) for line in lines):
        raise ParsingError("Folded header line")
    pairs = [(name.lower(), value.strip(b" \t")) for name, _, value in (line.partition(b":") for line in lines)]
    names = [name for name, _ in pairs]
    if any(name == b"content-length" and LENGTH.fullmatch(value) for name, value in pairs):
        raise ParsingError(TOO_LARGE)
    hosts = [value for name, value in pairs if name == b"host"]
    if len(hosts) > 1:
        raise ParsingError("More than one Host header")
    if hosts and not HOST.fullmatch(hosts[0]):
        raise ParsingError("Host header is invalid")
    codings = [value.lower() for name, value in pairs if name == b"transfer-encoding"]
    if codings and b"content-length" in names:
        raise ParsingError("Both Content-Length and Transfer-Encoding")
    if b",".join(codings).count(b"chunked") > 1:
        raise ParsingError("Chunked more than once")
    return codings


def check_first_line(line: bytes) -> str | None:
    """Raises ParsingError for a version or an address that is not served; returns host and port of a URL."""
    method, _, rest = line.partition(b" ")
    target, _, version = rest.partition(b" ")
    if version not in VERSIONS:
        raise ParsingError(UNKNOWN_VERSION if version.startswith(b"HTTP/") else "Start line is invalid")
    found = TARGET.fullmatch(target)
    if found is None or (target == b"*" and method != b"OPTIONS"):
        raise ParsingError("Address is invalid")
    host: bytes | None = found["host"]
    if host is not None and not HOST.fullmatch(host):
        raise ParsingError("Host in the address is invalid")
    return None if host is None else host.decode()


def _is_no_http(head: bytes) -> bool:
    """Whether an unfinished head can no longer become a request: line feeds alone, or TLS on a plain port."""
    return BARE_LF.search(head) is not None or METHOD_LIKE.match(head) is None


def _sentence(text: Any) -> str:
    """A reason of waitress or of ours, without what was sent."""
    plain = str(text).split(' "')[0].strip()
    return plain if plain.startswith(NAMES) else plain[:1].lower() + plain[1:]
