"""Takes the notifications of gateways. What is not signed changes nothing, and learns nothing."""

from typing import Any

from flask import Response, make_response, request

from blueprints.services import services

LARGEST = 64 * 1024


def register(bp: Any) -> None:
    """Register the addresses; they have no cookie, and so no token against CSRF."""
    bp.add_url_rule("/pay/test/notify", "notify_test", notify_test, methods=["POST"])


def notify_test() -> Response:
    """A notification of the test bank."""
    request.max_content_length = LARGEST
    taken = services().take_notification("test", None, dict(request.headers), request.get_data())
    return make_response("", 400 if taken is None else 204)
