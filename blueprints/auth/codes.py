"""Asks users who have a second factor for it, after the password, and signs them in."""

from typing import Any

from flask import Response, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth.attempts import code_attempts as attempts
from blueprints.auth.destination import own_address
from blueprints.auth.device import known_device, remember
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import private, start, wait, waiting
from database import transaction
from domain.errors import LimitExceeded
from domain.people.logins import user_passwords
from domain.people.logins.user_passwords import Browser
from models.user import UserSession

WRONG = "This code is wrong, or was used already."


def register(bp: Any) -> None:
    """Register the addresses."""
    bp.add_url_rule("/login/code", "code", show, methods=["GET"])
    bp.add_url_rule("/login/code", "enter_code", enter, methods=["POST"])


def onward(opened: UserSession, token: str) -> BaseResponse:
    """Sign the browser in and open the wanted page; or ask for the second factor."""
    wanted = own_address(request.form.get("next"))
    if opened.needs_code:
        wait(token)
        return redirect_to(url_for("auth.code", next=wanted))
    start(token, opened)
    response = redirect_to(wanted or url_for("admin.overview"))
    remember(response, opened.user.email)
    return response


def browser_of(email: str) -> Browser:
    """The browser of this request, and whether this account has signed in with it before."""
    return Browser(request.remote_addr, request.headers.get("User-Agent"), is_known=known_device(email) is not None)


def show() -> BaseResponse:
    """The form for the code; whoever has not begun to sign in begins."""
    waits = waiting()
    return _form(waits) if waits is not None else redirect_to(url_for("auth.login"))


def enter() -> BaseResponse:
    """Check the code of the app, or a recovery code."""
    waits, address = waiting(), request.remote_addr or ""
    if waits is None:
        return redirect_to(url_for("auth.login"))
    account, browser = str(waits.user_id), browser_of(waits.user.email)
    try:
        attempts.begin(account, address)
    except LimitExceeded as error:
        response = _form(waits, error.message, 429)
        response.headers["Retry-After"] = str(error.details["retry_after"])
        return response
    with transaction():
        opened = user_passwords.enter_code(waits, request.form.get("code", ""), browser)
    if opened is None:
        attempts.failed(address)
        return _form(waits, WRONG, 422)
    attempts.succeeded(account)
    return onward(*opened)


def _form(waits: UserSession, wrong: str | None = None, status: int = 200) -> Response:
    page = render_template(
        "auth/code.html", email=waits.user.email, wrong=wrong, next=own_address(request.values.get("next")))
    return private(make_response(page, status))
