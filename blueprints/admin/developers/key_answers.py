"""Answers to changes of a key by one click: a toast, with undo, on the page where the click was."""

from flask import flash, request
from werkzeug.wrappers import Response as BaseResponse

from blueprints.admin.developers.keys import PAGE
from blueprints.pages.htmx import is_htmx, redirect_to, refreshed

CHECK_UP = "check-up"                   # the value of the field `back` of its forms


def done(key: int, message: str, undo: str = "ok") -> BaseResponse:
    """Show the page again that the key was changed from, with a toast; `undo` is an address, or ok or bad."""
    flash(message, undo)
    if is_htmx():
        return refreshed()
    is_check_up = request.form.get("back") == CHECK_UP
    return redirect_to(PAGE.url("check_up") if is_check_up else PAGE.url("show", key=key))
