"""Reads the bytes of a request's body, decompressed if they are compressed by gzip, and never more than the limit."""

import zlib

from flask import current_app
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request

from blueprints.api.wire.json_reader import NotJson
from domain.errors import DomainError

UNSUPPORTED = "unsupported_content_encoding"
GZIP = ("gzip", "x-gzip")
PLAIN = ("", "identity")
WITH_HEADER = 16 + zlib.MAX_WBITS           # a gzip stream, for zlib


def body_of(request: Request) -> bytes:
    """The body; raises DomainError for another coding, RequestEntityTooLarge, NotJson for a broken stream."""
    raw = request.get_data(cache=True)
    coding = request.environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if not raw or coding in PLAIN:
        return raw
    if coding not in GZIP:
        raise DomainError(
            "Send the body uncompressed or compressed by gzip; other encodings are not supported.", code=UNSUPPORTED,
        )
    return unpacked(raw, current_app.config["MAX_CONTENT_LENGTH"])


def unpacked(packed: bytes, most: int) -> bytes:
    """The contents of a gzip stream; memory is bounded by `most`."""
    stream = zlib.decompressobj(WITH_HEADER)
    try:
        found = stream.decompress(packed, most + 1)
    except zlib.error:
        raise NotJson("The body is not valid gzip.") from None
    if len(found) > most:
        raise RequestEntityTooLarge
    if not stream.eof or stream.unused_data:
        raise NotJson("The body is not valid gzip: it ends too early, or something follows it.")
    return found
