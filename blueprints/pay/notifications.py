"""Receives the notifications of gateways. An unsigned one changes nothing, and its sender learns nothing."""

from typing import Any

from flask import Response, make_response, request

from blueprints.services import services

LARGEST = 256 * 1024


def register(bp: Any) -> None:
    """Register the addresses; they have no cookie, and so no token against CSRF."""
    bp.add_url_rule("/pay/test/notify", "notify_test", notify_test, methods=["POST"])
    bp.add_url_rule("/pay/stripe/<int(max=2147483647):merchant_id>", "notify_stripe", notify_stripe, methods=["POST"])


def notify_test() -> Response:
    """A notification of the test bank."""
    return take("test", None)


def notify_stripe(merchant_id: int) -> Response:
    """A notification of Stripe about a merchant's account, of either world."""
    return take("stripe", merchant_id)


def take(gateway: str, merchant_id: int | None) -> Response:
    """Obey a notification; 400 for one with a wrong signature, 503 where it has to be sent again."""
    request.max_content_length = LARGEST
    taken = services().take_notification(gateway, merchant_id, dict(request.headers), request.get_data())
    return make_response("", 400 if taken is None else 204)
