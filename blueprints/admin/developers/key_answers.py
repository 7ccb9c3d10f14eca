"""Answers to changes of a key by one click: a toast, with undo, on the page where the click was."""

from flask import Response, flash, make_response, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.developers.keys import PAGE
from blueprints.pages.htmx import is_htmx, redirect_to

CHECK_UP = "check-up"                   # the value of the field `back` of its forms


def done(key: int, message: str, undo: str = "ok") -> BaseResponse:
    """Show the page again that the key was changed from, with a toast; `undo` is an address, or ok or bad."""
    flash(message, undo)
    if is_htmx():
        response: Response = make_response("", 204)
        response.headers["HX-Refresh"] = "true"
        return response
    is_check_up = request.form.get("back") == CHECK_UP
    return redirect_to(PAGE.url("check_up") if is_check_up else PAGE.url("show", key=key))
