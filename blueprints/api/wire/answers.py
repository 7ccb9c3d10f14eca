"""An API's answer: a text that is complete, and headers that are ours and known to be good."""

from collections.abc import Iterable, Mapping
from typing import Any

import orjson
from flask import Response

from blueprints.api.wire.row_cache import DUMPS

Headers = Iterable[tuple[str, str]]
WITHOUT_BODY = (204, 304)


class Answer(Response):
    """A response whose `plain` headers leave as they are.

    werkzeug examines each header for line breaks, several times over. What is in `plain` is of our own
    making, never a caller's text, and may not be in `headers` as well.
    """

    def __init__(self, body: bytes | None, status: int, headers: Mapping[str, str] | None = None):
        super().__init__(body, status, headers, content_type="application/json")
        if body is None:
            del self.headers["Content-Type"]
        self.plain: list[tuple[str, str]] = []

    def get_wsgi_response(self, environ: Any) -> tuple[Iterable[bytes], str, list[tuple[str, str]]]:
        """What the server is told."""
        if environ["REQUEST_METHOD"] == "HEAD" or self.status_code in WITHOUT_BODY:
            body, status, headers = super().get_wsgi_response(environ)
            return body, status, [*headers, *self.plain]
        return self.response, self.status, [*self.headers, *self.plain]  # type: ignore[return-value]


def json_answer(payload: Any, status: int, headers: Mapping[str, str] | None = None) -> Answer:
    """The payload as JSON."""
    return Answer(orjson.dumps(payload, option=DUMPS), status, headers)


def add(response: Response, headers: Headers) -> None:
    """Headers of our own making, to any response."""
    if isinstance(response, Answer):
        response.plain.extend(headers)
    else:
        response.headers.extend(headers)
