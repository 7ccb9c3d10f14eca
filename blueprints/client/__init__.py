"""Serves the client area: what a merchant's customers see and do after signing in by a link in a mail.

Each row is read by the listing of its noun with the customer as actor, which finds rows of that customer only.
"""

from importlib import import_module

from flask import Blueprint, Response, current_app, make_response, render_template
from werkzeug.exceptions import HTTPException

from blueprints.client import login
from blueprints.pages import csrf, errors
from database import DatabaseBusy, DatabaseClash, is_unreachable
from database.faults import database_away
from domain.errors import DomainError, Unavailable

bp = Blueprint("client_area", __name__, url_prefix="/client")
NAMES = ("signing_in", "overview", "invoices", "tickets", "services", "help", "profile", "cards")
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
    status, message = errors.explain(error)
    is_away = is_unreachable(error)
    if is_away:
        database_away(error)
    elif status >= 500 and not isinstance(error, DatabaseBusy | Unavailable | HTTPException):
        current_app.logger.error("page failed", exc_info=error)
    title, text = TITLES.get(status, "This did not work"), TEXTS.get(status, message)
    known = login.common() if status < 500 else {"seller": None, "customer": None}
    response = make_response(render_template("client/problem.html", title=title, text=text, here="", **known), status)
    if status in (429, 503):
        response.headers["Retry-After"] = str(getattr(error, "details", {}).get("retry_after", 1))
    return response


for kind in (DomainError, DatabaseBusy, DatabaseClash, HTTPException, Exception):
    bp.register_error_handler(kind, show_problem)
csrf.attach(bp)
login.guard(bp)
for module in MODULES:
    module.register(bp)
