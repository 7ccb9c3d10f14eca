"""Shows errors on pages, with the reason and a link."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, current_app, make_response, render_template
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from blueprints.pages.htmx import is_partial, with_toast
from blueprints.pages.session import forget_caller, signed_in
from database import DatabaseBusy, DatabaseClash, is_unreachable
from database.faults import database_away
from database.reader import ResultTooLarge
from domain import errors

STATUS: tuple[tuple[type[Exception], int], ...] = (
    (errors.NotFound, 404),
    (errors.Forbidden, 403),
    (errors.Unauthenticated, 401),
    (errors.PreconditionFailed, 409),
    (errors.Conflict, 409),
    (errors.Invalid, 422),
    (errors.LimitExceeded, 429),
    (errors.TooLarge, 413),
    (errors.Unavailable, 503),
    (ResultTooLarge, 413),
    (DatabaseClash, 409),
)
TOO_LONG = "There is more here than a page can show. Narrow the list, or show fewer rows at once."
SENTENCES = {
    404: "This page does not exist, or you have no access to it.",
    405: "This address does not support this method.",
    413: "The request is too large for this page.",
    500: "An unexpected error occurred. It was logged.",
    409: "This conflicts with an existing row.",
}


def attach(blueprint: Blueprint) -> None:
    """Handle the domain's errors in the blueprint's views."""
    attach_as(blueprint, show)


def attach_as(blueprint: Blueprint, handler: Callable[[Exception], Response]) -> None:
    """The same with a page of the blueprint's own."""
    for kind in (errors.DomainError, DatabaseBusy, DatabaseClash, HTTPException, Exception):
        blueprint.register_error_handler(kind, handler)


def show(error: Exception) -> Response:
    """Any exception as a page, or as a toast when only a part of a page was requested."""
    if is_unreachable(error):
        forget_caller()                             # finding the user needs the database
    return answer(error, _shown)


def _shown(status: int, message: str) -> Response:
    if is_partial():
        response = with_toast(make_response("", status), message, kind="bad")
        response.headers["HX-Reswap"] = "none"
        return response
    template = "error.html" if signed_in() else "error_plain.html"
    page = render_template(template, status=status, title=HTTPStatus(status).phrase, message=message)
    return make_response(page, status)


def answer(error: Exception, show_as: Callable[[int, str], Response]) -> Response:
    """Any exception as `show_as` shows its status and message; faults of ours are logged."""
    status, message = explain(error)
    if is_unreachable(error):
        database_away(error)
    elif status >= 500 and not isinstance(error, DatabaseBusy | errors.Unavailable | HTTPException):
        current_app.logger.error("page failed", exc_info=error)
    response = show_as(status, message)
    if status in (429, 503):
        response.headers["Retry-After"] = str(getattr(error, "details", {}).get("retry_after", 1))
    return response


def explain(error: Exception) -> tuple[int, str]:
    """A status and a message for a person."""
    if isinstance(error, CSRFError):
        return 400, "This form has expired: the session changed since it was opened. Open it again."
    if isinstance(error, HTTPException):
        status = error.code or 500
        return status, SENTENCES.get(status, error.description or error.name)
    if isinstance(error, DatabaseBusy):
        return 503, "The database is busy. Try again in a moment."
    if is_unreachable(error):
        return 503, "The database does not answer. Try again in a moment."
    status = next((code for kind, code in STATUS if isinstance(error, kind)), 500)
    if isinstance(error, errors.NotFound):
        return status, SENTENCES[404]
    usual = TOO_LONG if isinstance(error, ResultTooLarge) else SENTENCES.get(status, "")
    return status, getattr(error, "message", None) or usual
