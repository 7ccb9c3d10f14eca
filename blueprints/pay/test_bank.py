"""The pages of the test bank: named buttons for what it answers, and the step that a customer confirms."""

from typing import Any

from flask import Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.pages.htmx import redirect_to
from blueprints.pay import guess_limits
from blueprints.pay.payments import path_of
from blueprints.services import services
from domain.errors import NotFound


def register(bp: Any) -> None:
    """Register the addresses, which the test bank gives out itself."""
    bp.add_url_rule("/pay/test/<token>", "test_checkout", show, methods=["GET"])
    bp.add_url_rule("/pay/test/<token>", "pay_test_checkout", pay, methods=["POST"])
    bp.add_url_rule("/pay/test/confirm/<token>", "test_step", show_step, methods=["GET"])
    bp.add_url_rule("/pay/test/confirm/<token>", "take_test_step", take_step, methods=["POST"])


def known(found: dict[str, Any] | str | None) -> Any:
    """What the bank knows of a token; raises NotFound, or LimitExceeded, for one that it does not know."""
    if found is None:
        guess_limits.count()
        raise NotFound("link", 0)
    return found


def show(token: str) -> Response:
    """The checkout with a button for each answer."""
    checkout = known(services().test_pages.checkout(token))
    return make_response(render_template(
        "pay/test_checkout.html", seller=None, test=True, checkout=checkout, token=token,
        back=path_of(checkout["return_url"]),
    ))


def pay(token: str) -> BaseResponse:
    """Pay with the method of the button."""
    address = known(services().test_pages.pay(token, request.form.get("method", "")))
    return redirect_to(path_of(address))


def show_step(token: str) -> Response:
    """The extra step."""
    step = known(services().test_pages.waiting(token))
    return make_response(render_template(
        "pay/test_step.html", seller=None, test=True, step=step, token=token,
        back=path_of(step["return_url"]) if step["return_url"] else "",
    ))


def take_step(token: str) -> BaseResponse:
    """Confirm or refuse."""
    address = known(services().test_pages.confirm(token, approve=request.form.get("answer") == "confirm"))
    return redirect_to(path_of(address) if address else url_for("pay.test_step", token=token))
