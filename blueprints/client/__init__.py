"""Serves the client area: what the users of a merchant's customers see and do after signing in.

Each row is read by the listing of its noun with the customer as actor, which finds rows of that customer only.
"""

from importlib import import_module

from flask import Blueprint, Response, make_response, render_template

from blueprints.client import login
from blueprints.pages import csrf, errors

bp = Blueprint("client_area", __name__, url_prefix="/client")
NAMES = ("signing_in", "entering", "overview", "invoices", "tickets", "services", "plans", "help", "profile",
         "security", "users", "cards")
MODULES = [import_module(f"{__name__}.{name}") for name in NAMES]

TITLES = {
    400: "This form has expired",
    403: "This is not possible",
    404: "This page does not exist",
    405: "This address does not work that way",
    409: "This was not done",
    413: "That is too large",
    422: "This did not work",
    429: "Too many attempts",
    500: "Something went wrong",
    503: "Please try again in a moment",
}
TEXTS = {
    404: "It may have been removed, or the address is incomplete.",
    500: "The error is on our side, and it was logged. Nothing was changed.",
    503: "The server is busy. Nothing was changed.",
}


@bp.after_request
def keep_private(response: Response) -> Response:
    """No search engine keeps a page."""
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def show_problem(error: Exception) -> Response:
    """Any error as a page for a customer."""
    return errors.answer(error, _problem)


def _problem(status: int, message: str) -> Response:
    title, text = TITLES.get(status, "This did not work"), TEXTS.get(status, message)
    known = login.common() if status < 500 else {"seller": None, "customer": None, "user": None}
    return make_response(render_template("client/problem.html", title=title, text=text, here="", **known), status)


errors.attach_as(bp, show_problem)
csrf.attach(bp)
login.guard(bp)
for module in MODULES:
    module.register(bp)
