"""Serves the pages to sign in and out."""

from contextlib import suppress

from flask import Blueprint, Response, flash, make_response, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from blueprints.auth import codes, links
from blueprints.auth.attempts import attempts
from blueprints.auth.codes import onward
from blueprints.auth.destination import own_address
from blueprints.auth.device import known_device
from blueprints.pages import csrf, errors
from blueprints.pages.htmx import redirect_to
from blueprints.pages.session import end, private, signed_in, waiting
from database import DatabaseBusy, transaction
from domain.access import sessions
from domain.errors import LimitExceeded, Unauthenticated
from domain.people import users
from domain.people.logins import user_passwords

bp = Blueprint("auth", __name__)
csrf.attach(bp)
errors.attach(bp)
links.register(bp)
codes.register(bp)


@bp.get("/login")
def login() -> BaseResponse:
    """The form; on an installation without users, how to create the first one."""
    if signed_in():
        return redirect_to(own_address(request.args.get("next")) or url_for("admin.overview"))
    if users.is_empty():
        return private(make_response(render_template("auth/empty.html")))
    return form(email=request.args.get("email", ""))


@bp.post("/login")
def enter() -> BaseResponse:
    """Check the password and open a session, or ask for the second factor; every refusal looks the same."""
    email, password = request.form.get("email", ""), request.form.get("password", "")
    address, device, browser = request.remote_addr or "", known_device(email), codes.browser_of(email)
    try:
        attempts.begin(email, address, device)
        found = user_passwords.verified(email, password)
        with transaction():
            opened, token = user_passwords.enter(found, browser)
    except Unauthenticated as error:
        attempts.failed(address)
        with suppress(DatabaseBusy), transaction():
            user_passwords.note_attempt(email, browser)
        return form(email=email, wrong=error.message, status=401)
    except LimitExceeded as error:
        response = form(email=email, wrong=error.message, status=429)
        response.headers["Retry-After"] = str(error.details["retry_after"])
        return response
    attempts.succeeded(email, device)
    return onward(opened, token)


@bp.post("/logout")
def logout() -> BaseResponse:
    """End the session on the server: copies of the cookie are refused."""
    who, waits = signed_in(), waiting()
    for one in (who.session if who is not None else None, waits):
        if one is not None:
            with transaction():
                sessions.end(one.id)
    end()
    flash("You are signed out.", "ok")
    return redirect_to(url_for("auth.login"))


def form(*, email: str = "", wrong: str | None = None, status: int = 200) -> Response:
    """The sign-in page with what was typed, except the password."""
    wanted = own_address(request.values.get("next"))
    page = render_template("auth/login.html", email=email[:254], wrong=wrong, next=wanted)
    return private(make_response(page, status))
