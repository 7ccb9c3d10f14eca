"""Defines the response of an API: a complete text, and headers that need no validation."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from flask import Response

from blueprints.api.wire.row_cache import DUMPS

Headers = Iterable[tuple[str, str]]
WITHOUT_BODY = (204, 304)


class Answer(Response):
    """A response whose `plain` headers are sent without validation.

    werkzeug checks each header for line breaks, several times. Headers in `plain` are our own, never a
    caller's text, and must not be in `headers` as well.
    """

    def __init__(self, body: bytes | None, status: int, headers: Mapping[str, str] | None = None):
        super().__init__(body, status, headers, content_type="application/json")
        if body is None:
            del self.headers["Content-Type"]
        self.plain: list[tuple[str, str]] = []

    def get_wsgi_response(self, environ: Any) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """The body, status and headers for the server."""
        if environ["REQUEST_METHOD"] == "HEAD" or self.status_code in WITHOUT_BODY:
            body, status, headers = super().get_wsgi_response(environ)
            return body, status, [*headers, *self.plain]
        return self.response, self.status, [*self.headers, *self.plain]  # type: ignore[return-value]


def json_answer(payload: Any, status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """A response with the payload as JSON."""
    return Answer(orjson.dumps(payload, option=DUMPS), status, headers)


def add(response: Response, headers: Headers) -> None:
    """Add our own headers to any response."""
    if isinstance(response, Answer):
        response.plain.extend(headers)
    else:
        response.headers.extend(headers)
