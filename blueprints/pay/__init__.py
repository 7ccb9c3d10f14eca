"""Serves the pages for customers: quotes, orders and payments, each under a secret address.

There is no sign-in and no cookie: the address has a token, which is the permission. So a form needs no token
against CSRF either, since another site that knew its address could open it itself. Who is signed in to the client area
is offered the stored cards of that customer, by forms of the client area.
"""

from importlib import import_module

from flask import Blueprint, Response, make_response, render_template

from blueprints.pages import errors
from blueprints.pay import amounts, brand

bp = Blueprint("pay", __name__)
NAMES = ("quotes", "pay_links", "codes", "orders", "managing", "cards", "test_bank", "notifications")
MODULES = [import_module(f"{__name__}.{name}") for name in NAMES]

TITLES = {
    404: "This link does not work",
    405: "This address does not work that way",
    413: "The request is too large",
    429: "Too many attempts",
    500: "Something went wrong",
    503: "Please try again in a moment",
}
TEXTS = {
    404: "It may be incomplete, or it was replaced by a new one. Open it from the message again, or ask for a new one.",
    429: "Wait 15 minutes and open the link again.",
    500: "The error is on our side, and it was logged. Nothing was changed.",
    503: "The server is busy. Nothing was changed.",
}


@bp.after_request
def keep_private(response: Response) -> Response:
    """Keep the address private: no referrer, no cache, no search engine."""
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def show_problem(error: Exception) -> Response:
    """Any error as a page for a customer."""
    return errors.answer(error, _problem)


def _problem(status: int, message: str) -> Response:
    title, text = TITLES.get(status, "This did not work"), TEXTS.get(status, message)
    return make_response(render_template("pay/problem.html", title=title, text=text, seller=None), status)


errors.attach_as(bp, show_problem)
amounts.register(bp)
brand.register(bp)
for module in MODULES:
    module.register(bp)
